import { grown } from '../../base/arrays.js';
import type { Pages, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { PageLists } from './structures/page-list.js';

const DEMOTED = 0;
/** Values of `place` other than positions in the heap. */
const ABSENT = -1;
const IS_DEMOTED = -2;

/**
 * Belady's optimum: the page whose next use is farthest away goes. No policy that must take every page in misses less.
 * Each page is brought in, even one that is never used again: equal to `belady` of libCacheSim, miss for miss. Which of two
 * pages that are never used again goes first makes no difference to the misses.
 *
 * A binary heap with the farthest next use at the root. A touched page had the nearest next use of all, so it stands
 * at or near a leaf; its new one lifts it a few steps on average. Keys are kept in heap order, next to the ids, so that
 * comparisons read neighbours.
 *
 * In the machine the next uses come from a first replay. There it is a bound of the pages that come back, where every
 * use could be foreseen: pages of files that are dirty when they are chosen go later, when they are written.
 */
class Opt implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly demoted: PageLists;
  /** By id: position in the heap, or ABSENT, or IS_DEMOTED. */
  private place: Int32Array;
  private heapIds: Int32Array;
  private heapKeys: Float64Array;
  private size = 0;
  /** Key of the next page that is rejected: below all next uses, and below the pages rejected before. */
  private rejectedKey = -1;

  constructor(private readonly pages: Pages) {
    if (!pages.nextUse) throw new Error('reclaim policy opt needs the next use of every page');
    this.demoted = new PageLists(1, pages.count);
    this.place = new Int32Array(pages.count).fill(ABSENT);
    this.heapIds = new Int32Array(pages.count);
    this.heapKeys = new Float64Array(pages.count);
  }

  get bytes(): number {
    const { demoted, place, heapIds, heapKeys } = this;
    return demoted.bytes + place.byteLength + heapIds.byteLength + heapKeys.byteLength;
  }

  touch(id: number): void {
    const at = this.place[id]!;
    const key = this.nextUse(id);
    if (at === IS_DEMOTED) {
      this.demoted.unlink(id);
      this.push(id, key);
      return;
    }
    if (key >= this.heapKeys[at]!) this.siftUp(at, id, key);
    else this.siftDown(at, id, key);
  }

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    for (; found < most; found++) {
      let id = this.demoted.tail(DEMOTED);
      if (id < 0) {
        if (this.size === 0) break;
        id = this.heapIds[0]!;
      }
      this.remove(id);
      victims[found] = id;
    }
    this.counters.pgscan += found;
    return found;
  }

  insert(id: number): void {
    this.push(id, this.nextUse(id));
  }

  /** As if it were used at once: last to go until it is used. */
  reject(id: number): void {
    this.push(id, this.rejectedKey--);
  }

  remove(id: number): void {
    if (id >= this.place.length) return;
    const at = this.place[id]!;
    if (at === ABSENT) return;
    this.place[id] = ABSENT;
    if (at === IS_DEMOTED) {
      this.demoted.unlink(id);
      return;
    }
    // The last page of the heap fills the hole.
    const last = --this.size;
    if (at === last) return;
    const moved = this.heapIds[last]!;
    const key = this.heapKeys[last]!;
    if (at > 0 && key > this.heapKeys[(at - 1) >> 1]!) this.siftUp(at, moved, key);
    else this.siftDown(at, moved, key);
  }

  demote(id: number): void {
    this.remove(id);
    this.demoted.addHead(DEMOTED, id);
    this.place[id] = IS_DEMOTED;
  }

  rotate(id: number): void {
    this.remove(id);
    this.demoted.addTail(DEMOTED, id);
    this.place[id] = IS_DEMOTED;
  }

  resize(): void {}

  grow(count: number): void {
    this.demoted.grow(count);
    this.place = grown(this.place, count, ABSENT);
    this.heapIds = grown(this.heapIds, count);
    this.heapKeys = grown(this.heapKeys, count);
  }

  private nextUse(id: number): number {
    return this.pages.nextUse![id]!;
  }

  private push(id: number, key: number): void {
    this.siftUp(this.size++, id, key);
  }

  /** Puts a page at a hole or, past parents with nearer next uses, above it. */
  private siftUp(hole: number, id: number, key: number): void {
    const { heapIds, heapKeys, place } = this;
    let at = hole;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentKey = heapKeys[parent]!;
      if (parentKey >= key) break;
      const parentId = heapIds[parent]!;
      heapIds[at] = parentId;
      heapKeys[at] = parentKey;
      place[parentId] = at;
      at = parent;
    }
    heapIds[at] = id;
    heapKeys[at] = key;
    place[id] = at;
  }

  /** Puts a page at a hole or, past children with farther next uses, below it. */
  private siftDown(hole: number, id: number, key: number): void {
    const { heapIds, heapKeys, place, size } = this;
    let at = hole;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      if (right < size && heapKeys[right]! > heapKeys[child]!) child = right;
      const childKey = heapKeys[child]!;
      if (childKey <= key) break;
      const childId = heapIds[child]!;
      heapIds[at] = childId;
      heapKeys[at] = childKey;
      place[childId] = at;
      at = child;
    }
    heapIds[at] = id;
    heapKeys[at] = key;
    place[id] = at;
  }
}

export const opt: ReclaimPolicyInfo = {
  name: 'opt',
  summary: 'the optimum: the page used farthest in the future goes; a bound that needs the future',
  source: 'Belady 1966, "A study of replacement algorithms for a virtual-storage computer"',
  complexity: 'O(log n) an operation',
  needsFuture: true,
  parameters: {},
  create: (pages) => new Opt(pages),
};
