import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';
import { NOWHERE } from './structures/tracked-lists.js';

const ListPolicy = await ownListPolicy('arc');

/** Resident pages used once, and used again; then the ghosts of each. Names are the paper's. */
const T1 = FIRST_LIST;
const T2 = FIRST_LIST + 1;
const B1 = FIRST_LIST + 2;
const B2 = FIRST_LIST + 3;

/**
 * ARC: an LRU list of pages used once (T1) and one of pages used again (T2), with ghosts of both. A page that comes back
 * while its ghost is there moves the target of T1's size (p) towards the list it was missed in.
 *
 * The target is a real number, as in libCacheSim and as the paper writes it. The paper trims ghosts where it replaces;
 * here a miss does it first, which is the same while the cache is full, and ghosts exist only after it was.
 */
class Arc extends ListPolicy {
  /** Pages that T1 should have (p). */
  private target = 0;
  /** What the miss under way found: no ghost. */
  protected fresh = false;
  /** What the miss under way found: a ghost of T2. */
  private missedInT2 = false;

  constructor(pages: Pages) {
    super(pages, B2);
  }

  touch(id: number): void {
    const list = this.lists.on(id);
    if (list === T2) this.lists.refresh(T2, id);
    else if (list === T1) this.lists.move(T1, T2, id);
    else this.reinsert(id);
  }

  miss(id: number): void {
    const { lists } = this;
    const list = lists.on(id);
    this.fresh = list !== B1 && list !== B2;
    this.missedInT2 = list === B2;
    if (this.fresh) this.trimGhosts();
    else {
      const b1 = lists.size[B1]!;
      const b2 = lists.size[B2]!;
      const target = list === B1 ? this.target + Math.max(b2 / b1, 1) : this.target - Math.max(b1 / b2, 1);
      this.target = Math.max(0, Math.min(target, this.pages.capacity));
      lists.recall(list === B1 ? B1 : B2, id);
    }
  }

  resize(capacity: number): void {
    this.target = Math.min(this.target, capacity);
  }

  protected admit(id: number): void {
    const { lists } = this;
    const known = lists.on(id) !== NOWHERE;
    lists.forget(id);
    lists.addHead(known ? T2 : T1, id);
    this.fresh = false;
    this.missedInT2 = false;
  }

  /**
   * The paper's REPLACE. One case leaves no ghost: T1 fills the cache and a page comes in that is not known; B1 would be
   * above its size.
   */
  protected victim(): number {
    return this.replace(!(this.fresh && this.lists.size[T1]! >= this.pages.capacity));
  }

  /** @param ghost whether the victim leaves one */
  protected replace(ghost: boolean): number {
    const { lists, target } = this;
    const t1 = lists.size[T1]!;
    const fromT1 = t1 > 0 && (t1 > target || (t1 === target && this.missedInT2) || lists.size[T2] === 0);
    const id = lists.popTail(fromT1 ? T1 : T2);
    if (id >= 0 && ghost) lists.addHead(fromT1 ? B1 : B2, id);
    return id;
  }

  /** Case IV: a page that is not known makes room for itself, next to T1 or among all lists. */
  protected trimGhosts(): void {
    const { lists } = this;
    const { capacity } = this.pages;
    const t1 = lists.size[T1]!;
    const l1 = t1 + lists.size[B1]!;
    if (l1 >= capacity) lists.trim(B1, Math.max(0, capacity - 1 - t1));
    else lists.trim(B2, Math.max(0, 2 * capacity - 1 - l1 - lists.size[T2]!));
  }
}

/**
 * ARC with pages of different sizes, as in libCacheSim: all lengths and the target are bytes, though the target moves by
 * the quotient of the ghosts' bytes, at least one, as in the paper. A page that comes in may need the room of several, so
 * ghosts go one by one with the victims instead of at the miss.
 */
class SizedArc extends Arc {
  /** The page that is coming in. */
  private coming = 0;

  override miss(id: number): void {
    this.coming = id;
    super.miss(id);
  }

  protected override victim(): number {
    const { lists, pages } = this;
    const { size } = lists;
    const l1 = size[T1]! + size[B1]!;
    if (this.fresh && l1 + pages.sizes![this.coming]! > pages.capacity) {
      if (size[B1] === 0) return lists.popTail(T1);
      lists.popTail(B1);
    } else if (this.fresh && l1 + size[T2]! + size[B2]! >= 2 * pages.capacity) lists.popTail(B2);
    return this.replace(true);
  }

  protected override trimGhosts(): void {}
}

export const arc: ReclaimPolicyInfo = {
  name: 'arc',
  summary:
    'adaptive replacement: an LRU list of pages used once and one of pages used again; ghosts set the balance',
  source: 'Megiddo and Modha 2003, "ARC: a self-tuning, low overhead replacement cache"',
  complexity: 'O(1) an operation',
  sized: true,
  parameters: {},
  create: (pages) => (pages.sizes ? new SizedArc(pages) : new Arc(pages)),
};
