import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';
import { NOWHERE } from './structures/tracked-lists.js';

const ListPolicy = await ownListPolicy('twoq');

/** Resident pages that came in once. */
const A1IN = FIRST_LIST;
/** Resident pages that came back. */
const AM = FIRST_LIST + 1;
/** Ghosts of A1in. */
const A1OUT = FIRST_LIST + 2;

/**
 * 2Q, the full version: a page comes into a FIFO queue (A1in), which its hits do not change, and leaves a ghost (A1out).
 * A page that comes back while its ghost is there goes to an LRU list (Am).
 *
 * A1in gives up pages only while it is above its size, as in libCacheSim; the paper says so too, and leaves open what
 * happens when the list it prefers is empty: here the page is taken from the other one. libCacheSim keeps nothing where A1in or
 * A1out would have no room; here each has a page at least.
 */
class TwoQ extends ListPolicy {
  private inPages = 0;
  private outPages = 0;

  constructor(
    pages: Pages,
    private readonly kin: number,
    private readonly kout: number,
  ) {
    super(pages, A1OUT);
    this.resize(pages.capacity);
  }

  touch(id: number): void {
    const list = this.lists.on(id);
    if (list === AM) this.lists.refresh(AM, id);
    else if (list !== A1IN) this.reinsert(id);
  }

  miss(id: number): void {
    if (this.lists.on(id) === A1OUT) this.lists.recall(A1OUT, id);
  }

  resize(capacity: number): void {
    this.inPages = Math.max(1, Math.floor(capacity * this.kin));
    this.outPages = this.kout > 0 ? Math.max(1, Math.floor(capacity * this.kout)) : 0;
    this.lists.trim(A1OUT, this.outPages);
  }

  protected admit(id: number): void {
    const known = this.lists.on(id) !== NOWHERE;
    this.lists.forget(id);
    this.lists.addHead(known ? AM : A1IN, id);
  }

  protected victim(): number {
    const { lists } = this;
    const { size } = lists;
    if (size[A1IN]! <= this.inPages && size[AM]! > 0) return lists.popTail(AM);
    const id = lists.popTail(A1IN);
    if (id >= 0) {
      lists.addHead(A1OUT, id);
      lists.trim(A1OUT, this.outPages);
    }
    return id;
  }
}

export const twoq: ReclaimPolicyInfo = {
  name: 'twoq',
  summary: 'new pages queue first in, first out; those that come back soon after they went join an LRU list',
  source:
    'Johnson and Shasha 1994, "2Q: a low overhead high performance buffer management replacement algorithm"',
  complexity: 'O(1) an operation',
  parameters: {
    kin: {
      kind: 'number',
      default: 0.25,
      min: 0,
      max: 1,
      meaning:
        'share of the capacity that the queue of new pages (A1in) keeps; the paper tunes it to a quarter',
    },
    kout: {
      kind: 'number',
      default: 0.5,
      min: 0,
      max: 16,
      meaning: 'ghosts of new pages (A1out), as a share of the capacity; the paper tunes it to a half',
    },
  },
  create: (pages, { values }) => new TwoQ(pages, values.kin as number, values.kout as number),
};
