import { grown } from '../../base/arrays.js';
import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { PlacedPages } from './structures/placed-pages.js';

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
class Opt extends PlacedPages {
  private heapIds: Int32Array;
  private heapKeys: Float64Array;
  /** Key of the next page that is rejected: below all next uses, and below the pages rejected before. */
  private rejectedKey = -1;

  constructor(private readonly pages: Pages) {
    super(pages);
    if (!pages.nextUse) throw new Error('reclaim policy opt needs the next use of every page');
    this.heapIds = new Int32Array(pages.count);
    this.heapKeys = new Float64Array(pages.count);
  }

  override get bytes(): number {
    return super.bytes + this.heapIds.byteLength + this.heapKeys.byteLength;
  }

  touch(id: number): void {
    const key = this.nextUse(id);
    if (this.takeDemoted(id)) {
      this.push(id, key);
      return;
    }
    const at = this.place[id]!;
    if (key >= this.heapKeys[at]!) this.siftUp(at, id, key);
    else this.siftDown(at, id, key);
  }

  insert(id: number): void {
    this.push(id, this.nextUse(id));
  }

  /** As if it were used at once: last to go until it is used. */
  reject(id: number): void {
    this.push(id, this.rejectedKey--);
  }

  protected choose(): number {
    return this.heapIds[0]!;
  }

  protected close(at: number): void {
    // The last page of the heap fills the hole.
    const last = --this.size;
    if (at === last) return;
    const moved = this.heapIds[last]!;
    const key = this.heapKeys[last]!;
    if (at > 0 && key > this.heapKeys[(at - 1) >> 1]!) this.siftUp(at, moved, key);
    else this.siftDown(at, moved, key);
  }

  override grow(count: number): void {
    super.grow(count);
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
