import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';
import { NOWHERE, OWN_BIT } from './structures/tracked-lists.js';

const ListPolicy = await ownListPolicy('s3fifo');

/** Resident pages that came in once; those that came back or were used again; ghosts of the small queue. */
const SMALL = FIRST_LIST;
const MAIN = FIRST_LIST + 1;
const GHOST = FIRST_LIST + 2;

/** A page's uses since it came to its queue are kept from this bit of its state on, up to `MOST_USES`. */
const USE = OWN_BIT;
const MOST_USES = 3;

/**
 * S3-FIFO: three queues. A page comes into a small one; used at least `threshold` times there it moves to the main one,
 * else it goes and leaves a ghost. A page that comes back while its ghost is there goes to the main queue, where each use
 * is worth another round, up to three.
 *
 * A search that has begun in the small queue goes on there until a page goes, as in libCacheSim, also when the main one
 * gets above its size on the way. libCacheSim's later versions fill the main queue too before the cache is full for the
 * first time; this follows the paper. libCacheSim keeps nothing below 20 pages with its defaults, where the small queue
 * has one page; here it works with one.
 */
class S3Fifo extends ListPolicy {
  private smallPages = 0;
  private mainPages = 0;
  private ghostPages = 0;

  constructor(
    pages: Pages,
    private readonly small: number,
    private readonly ghost: number,
    private readonly threshold: number,
  ) {
    super(pages, GHOST);
    this.resize(pages.capacity);
  }

  /** Pages of the size of the small queue would empty it. */
  get largest(): number {
    return this.smallPages;
  }

  touch(id: number): void {
    const { state } = this.lists;
    const known = state[id]!;
    if (known < MOST_USES * USE) state[id] = known + USE;
  }

  miss(id: number): void {
    if (this.lists.on(id) === GHOST) this.lists.recall(GHOST, id);
  }

  resize(capacity: number): void {
    this.smallPages = Math.max(1, Math.floor(capacity * this.small));
    this.mainPages = capacity - this.smallPages;
    this.ghostPages = this.ghost > 0 ? Math.max(1, Math.floor(capacity * this.ghost)) : 0;
    this.lists.trim(GHOST, this.ghostPages);
  }

  protected admit(id: number): void {
    const known = this.lists.on(id) !== NOWHERE;
    this.lists.forget(id);
    this.lists.addHead(known ? MAIN : SMALL, id);
  }

  protected victim(): number {
    if (this.lists.size[MAIN]! <= this.mainPages) {
      const id = this.fromSmall();
      if (id >= 0) return id;
    }
    const id = this.fromMain();
    return id >= 0 ? id : this.fromSmall();
  }

  protected override usedSince(id: number): boolean {
    return this.lists.state[id]! >= USE;
  }

  /** -1 when all pages of the small queue have moved to the main one. */
  private fromSmall(): number {
    const { lists } = this;
    for (let id = lists.tail(SMALL); id >= 0; id = lists.tail(SMALL)) {
      if (lists.state[id]! >= this.threshold * USE) {
        lists.move(SMALL, MAIN, id);
        this.counters.pgscan++;
        continue;
      }
      lists.move(SMALL, GHOST, id);
      lists.trim(GHOST, this.ghostPages);
      return id;
    }
    return -1;
  }

  /** Ends: each page passed has one use less, and no uses happen in between. */
  private fromMain(): number {
    const { lists } = this;
    for (let id = lists.tail(MAIN); id >= 0; id = lists.tail(MAIN)) {
      const uses = lists.state[id]! & ~(USE - 1);
      if (uses === 0) break;
      lists.refresh(MAIN, id);
      lists.state[id] = MAIN + uses - USE;
      this.counters.pgscan++;
    }
    return lists.popTail(MAIN);
  }
}

export const s3fifo: ReclaimPolicyInfo = {
  name: 's3fifo',
  summary: 'a small queue filters pages that are used once, used pages get another round in the main queue',
  source:
    'Yang, Zhang, Qiu, Yue and Rashmi 2023, "FIFO queues are all you need for cache eviction" (S3-FIFO)',
  complexity: 'O(1) amortised: a page passed was used since; at most three rounds a search',
  sized: true,
  parameters: {
    small: {
      kind: 'number',
      default: 0.1,
      min: 0,
      max: 1,
      meaning: "share of the capacity that the small queue has; the paper's default",
    },
    ghost: {
      kind: 'number',
      default: 0.9,
      min: 0,
      max: 16,
      meaning: "ghosts of the small queue, as a share of the capacity; libCacheSim's default",
    },
    threshold: {
      kind: 'integer',
      default: 2,
      min: 1,
      max: MOST_USES,
      meaning: 'uses in the small queue after which a page moves to the main one instead of going',
    },
  },
  create: (pages, { values }) =>
    new S3Fifo(pages, values.small as number, values.ghost as number, values.threshold as number),
};
