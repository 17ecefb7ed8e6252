import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';
import { OWN_BIT } from './structures/tracked-lists.js';

const ListPolicy = await ownListPolicy('car');

/** Resident pages used once, and used again; then the ghosts of each. Names are the paper's. */
const T1 = FIRST_LIST;
const T2 = FIRST_LIST + 1;
const B1 = FIRST_LIST + 2;
const B2 = FIRST_LIST + 3;
/** Bit of a resident page's state: used since the hand passed. */
const USED = OWN_BIT;

/**
 * CAR: ARC with clocks for its LRU lists. A hit sets a mark and moves nothing; a hand that meets a mark takes it away
 * and moves the page to the end of T2, which is how pages get there.
 *
 * The mark is set by a touch and not read from the accessed bit: the fault that brings a page in sets that bit as well,
 * and every page would move to T2.
 */
class Car extends ListPolicy {
  /** Pages that T1 should have (p). */
  private target = 0;

  constructor(pages: Pages) {
    super(pages, B2);
  }

  touch(id: number): void {
    const { state } = this.lists;
    state[id] = state[id]! | USED;
  }

  resize(capacity: number): void {
    this.target = Math.min(this.target, capacity);
  }

  protected admit(id: number): void {
    const { lists } = this;
    const list = lists.on(id);
    if (list !== B1 && list !== B2) {
      this.trimGhosts();
      lists.addHead(T1, id);
      return;
    }
    const b1 = lists.size[B1]!;
    const b2 = lists.size[B2]!;
    const target = list === B1 ? this.target + Math.max(1, b2 / b1) : this.target - Math.max(1, b1 / b2);
    this.target = Math.max(0, Math.min(target, this.pages.capacity));
    lists.move(list, T2, id);
  }

  /** The paper's replace(). Ends: each step but the last takes a mark away, and no uses happen in between. */
  protected victim(): number {
    const { lists } = this;
    const { size } = lists;
    for (;;) {
      const fromT1 = size[T1]! >= Math.max(1, this.target) || size[T2] === 0;
      const id = lists.tail(fromT1 ? T1 : T2);
      if (id < 0) return -1;
      const used = lists.state[id]! & USED;
      if (fromT1) lists.move(T1, used ? T2 : B1, id);
      else if (used) lists.refresh(T2, id);
      else lists.move(T2, B2, id);
      if (!used) return id;
      this.counters.pgscan++;
    }
  }

  protected override usedSince(id: number): boolean {
    return (this.lists.state[id]! & USED) !== 0;
  }

  /** A page that is not known makes room for itself in T1 with B1, and among all lists. */
  private trimGhosts(): void {
    const { lists } = this;
    const { capacity } = this.pages;
    const t1 = lists.size[T1]!;
    lists.trim(B1, Math.max(0, capacity - 1 - t1));
    const others = t1 + lists.size[T2]! + lists.size[B1]!;
    lists.trim(B2, Math.max(0, 2 * capacity - 1 - others));
  }
}

export const car: ReclaimPolicyInfo = {
  name: 'car',
  summary:
    'clock with adaptive replacement: ARC, but a hit only sets a mark and the hands of two clocks move pages',
  source: 'Bansal and Modha 2004, "CAR: clock with adaptive replacement"',
  complexity: 'O(1) amortised: a page passed was used since',
  parameters: {},
  create: (pages) => new Car(pages),
};
