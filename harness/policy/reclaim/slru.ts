import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';

const ListPolicy = await ownListPolicy('slru');

/** The lowest segment; the others have the numbers above. */
const LOWEST = FIRST_LIST;
const MOST_SEGMENTS = 11;

/**
 * Segmented LRU: equal segments, each an LRU list. A page comes in at the lowest one and moves up one at each hit; a
 * segment above its size passes its oldest page down. The lowest one evicts. The paper has two segments, libCacheSim
 * four.
 *
 * As in libCacheSim a new page goes to the lowest segment with room, so that all fill at first; what is left when the
 * capacity is divided is room for new pages of the lowest segment, which a page passed down to it takes away again: the
 * lowest segment gives pages up then, at a hit. libCacheSim keeps nothing when there are fewer pages than segments; here
 * there are as many segments of one page.
 */
class Slru extends ListPolicy {
  excess = 0;
  /** Pages of each segment. */
  private share = 0;
  private top = LOWEST;

  constructor(
    pages: Pages,
    private readonly segments: number,
  ) {
    super(pages, LOWEST + segments - 1);
    this.resize(pages.capacity);
  }

  touch(id: number): void {
    const { lists } = this;
    const from = lists.on(id);
    if (from === this.top) {
      lists.refresh(from, id);
    } else if (this.isAside(id)) {
      this.reinsert(id);
    } else {
      lists.move(from, from + 1, id);
      if (lists.size[from + 1]! > this.share) this.passDown(from + 1);
    }
  }

  override evict(victims: Int32Array, wanted: number): number {
    const found = super.evict(victims, wanted);
    this.excess = Math.max(0, this.excess - found);
    return found;
  }

  resize(capacity: number): void {
    const count = Math.min(this.segments, capacity);
    this.share = Math.floor(capacity / count);
    this.top = LOWEST + count - 1;
    for (let list = LOWEST + this.segments - 1; list > LOWEST; list--) {
      const room = list > this.top ? 0 : this.share;
      while (this.lists.size[list]! > room) this.lists.move(list, list - 1, this.lists.tail(list));
    }
  }

  protected admit(id: number): void {
    const { size } = this.lists;
    let list = LOWEST;
    while (list <= this.top && size[list]! >= this.share) list++;
    this.lists.addHead(list > this.top ? LOWEST : list, id);
  }

  protected victim(): number {
    for (let list = LOWEST; list <= this.top; list++) {
      const id = this.lists.popTail(list);
      if (id >= 0) return id;
    }
    return -1;
  }

  /** From a segment downwards, each one above its size passes its oldest page on; the lowest gives pages up. */
  private passDown(from: number): void {
    const { lists } = this;
    let list = from;
    for (; list > LOWEST; list--) {
      if (lists.size[list]! <= this.share) return;
      lists.move(list, list - 1, lists.tail(list));
    }
    while (lists.size[LOWEST]! > this.share) {
      this.giveUp(lists.popTail(LOWEST));
      this.excess++;
    }
  }
}

export const slru: ReclaimPolicyInfo = {
  name: 'slru',
  summary: 'segmented LRU: each hit moves a page up one segment, full segments pass their oldest page down',
  source: 'Karedla, Love and Wherry 1994, "Caching strategies to improve disk system performance"',
  complexity: 'O(segments) an operation',
  parameters: {
    segments: {
      kind: 'integer',
      default: 4,
      min: 1,
      max: MOST_SEGMENTS,
      meaning: "LRU lists of equal size, one above the other; the default is libCacheSim's, the paper has 2",
    },
  },
  create: (pages, { values }) => new Slru(pages, values.segments as number),
};
