import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';
import { PageLists } from './structures/page-list.js';
import { NOWHERE } from './structures/tracked-lists.js';

const ListPolicy = await ownListPolicy('lirs');

/** Resident HIR pages, the oldest goes next (the paper's list Q). */
const QUEUE = FIRST_LIST;
/** HIR pages that went while they were in the stack, in the order in which they went. */
const GONE = FIRST_LIST + 1;
/** An HIR page that has been given up at a hit. */
const GIVEN_UP = FIRST_LIST + 2;
/** No page. */
const NONE = -1;
/** The stack is the only list of its own links: a page may be in it and on a list above. */
const STACK = 0;

/**
 * LIRS: pages whose last two uses lie close together (LIR) stay; the others (HIR) go through a small queue. A stack
 * orders pages by their last use, down to the oldest LIR page; an HIR page used while it is in the stack has a shorter
 * distance than that page has by now, and they change places. Pages that went stay in the stack as ghosts.
 *
 * A page is LIR when it is in the stack and on no list. The stack has pages for twice the capacity at most; the ghosts
 * that went first are dropped.
 *
 * As in libCacheSim, and not in the paper, a hit on a page that is only in the queue makes the oldest LIR page an HIR
 * page, though the page hit stays one; the queue is above its size then and gives up its oldest page at once. Where the
 * queue has a size of one page (below 200 pages with the default), libCacheSim gives up the page hit and still counts it
 * as cached; here both stay. And it keeps nothing in a cache of one page, where this has one LIR page.
 */
class Lirs extends ListPolicy {
  excess = 0;
  protected readonly stack: PageLists;
  protected lirPages = 0;
  protected mostLir = 0;
  private stackPages = 0;
  private mostQueued = 0;

  /** @param leastQueued pages that the queue has at least */
  constructor(
    pages: Pages,
    private readonly hir: number,
    private readonly leastQueued = 1,
  ) {
    super(pages, GIVEN_UP);
    this.stack = new PageLists(1, pages.count);
    this.resize(pages.capacity);
  }

  override get bytes(): number {
    return super.bytes + this.stack.bytes;
  }

  touch(id: number): void {
    const list = this.lists.on(id);
    if (list === NOWHERE) {
      this.stack.moveToHead(STACK, id);
      this.prune();
    } else if (list === QUEUE) {
      if (this.stack.has(id)) this.promote(id);
      else this.hitInQueue(id);
      this.limitStack();
    } else if (list === GIVEN_UP && this.stack.has(id)) {
      this.promote(id);
    } else this.reinsert(id);
  }

  miss(id: number): void {
    if (this.lists.on(id) !== GONE) return;
    this.lists.recall(GONE, id);
    this.pull(id);
    while (this.lirPages >= this.mostLir) this.demoteOldest();
  }

  override evict(victims: Int32Array, wanted: number): number {
    const found = super.evict(victims, wanted);
    this.excess = this.lists.size[GIVEN_UP]!;
    return found;
  }

  resize(capacity: number): void {
    this.mostQueued = Math.max(this.leastQueued, Math.floor(capacity * this.hir));
    this.mostLir = Math.max(1, capacity - this.mostQueued);
    while (this.lirPages > this.mostLir) this.demoteOldest();
  }

  override grow(count: number): void {
    super.grow(count);
    this.stack.grow(count);
  }

  protected admit(id: number): void {
    if (this.lists.on(id) === GONE) this.miss(id);
    const known = this.lists.isReturning(id);
    this.lists.forget(id);
    this.push(id);
    if (known || this.lirPages < this.mostLir) this.lirPages++;
    else this.lists.addHead(QUEUE, id);
    this.limitStack();
  }

  /** Without HIR pages, the oldest LIR page goes. */
  protected victim(): number {
    const { lists } = this;
    let id = lists.popTail(GIVEN_UP);
    if (id < 0) {
      if (lists.size[QUEUE] === 0 && this.lirPages > 0) this.demoteOldest();
      id = lists.popTail(QUEUE);
    }
    if (id >= 0 && this.stack.has(id)) lists.addHead(GONE, id);
    return id;
  }

  protected override leave(id: number): void {
    const { lists, stack } = this;
    if (stack.has(id)) {
      const lir = lists.on(id) === NOWHERE;
      this.pull(id);
      if (lir) {
        this.lirPages--;
        this.prune();
      }
    }
    lists.forget(id);
  }

  /** A resident HIR page used while in the stack becomes LIR; the oldest LIR page takes its place. */
  private promote(id: number): void {
    this.lists.unlink(id);
    this.stack.moveToHead(STACK, id);
    this.lirPages++;
    while (this.lirPages > this.mostLir) this.demoteOldest();
  }

  /** A hit on a page that is in the queue, and not in the stack any more. */
  protected hitInQueue(id: number): void {
    const { lists } = this;
    lists.refresh(QUEUE, id);
    if (this.lirPages >= this.mostLir) {
      this.demoteOldest();
      const oldest = lists.tail(QUEUE);
      if (lists.size[QUEUE]! > this.mostQueued && oldest !== id) {
        lists.move(QUEUE, GIVEN_UP, oldest);
        this.excess++;
      }
    }
    this.push(id);
  }

  /** The oldest LIR page, which is at the bottom of the stack, becomes the newest of the queue. */
  private demoteOldest(): void {
    this.prune();
    const id = this.stack.tail(STACK);
    this.pull(id);
    this.lirPages--;
    this.lists.addHead(QUEUE, id);
    this.prune();
  }

  /** Takes pages off the bottom of the stack that are not LIR. Amortised O(1): each was put in once. */
  private prune(): void {
    const { lists, stack } = this;
    for (let id = stack.tail(STACK); id >= 0; id = stack.tail(STACK)) {
      const list = lists.on(id);
      if (list === NOWHERE) return;
      this.pull(id);
      if (list === GONE) lists.unlink(id);
    }
  }

  protected limitStack(): void {
    const { lists } = this;
    while (this.stackPages > 2 * this.pages.capacity && lists.size[GONE]! > 0) {
      this.pull(lists.popTail(GONE));
    }
  }

  protected push(id: number): void {
    this.stack.addHead(STACK, id);
    this.stackPages++;
  }

  private pull(id: number): void {
    this.stack.unlink(id);
    this.stackPages--;
  }
}

/** What each variant is, by its name. */
const VARIANTS = ['libcachesim', 'authors'] as const;

/**
 * LIRS as the authors' own program plays it (lirs.c, Song Jiang 2002): a hit on a page that is only in the queue moves it
 * to the new ends of both and displaces none, the queue has at least two pages, a page used twice in a row is one use,
 * and the stack keeps all ghosts down to the oldest LIR page (the program's limit is 2500 times the capacity).
 */
class AuthorsLirs extends Lirs {
  private last = NONE;

  constructor(pages: Pages, hir: number) {
    super(pages, hir, 2);
  }

  override touch(id: number): void {
    if (id === this.last) return;
    this.last = id;
    super.touch(id);
  }

  protected override admit(id: number): void {
    this.last = id;
    super.admit(id);
  }

  protected override leave(id: number): void {
    if (id === this.last) this.last = NONE;
    super.leave(id);
  }

  protected override hitInQueue(id: number): void {
    this.lists.refresh(QUEUE, id);
    this.push(id);
  }

  protected override limitStack(): void {}
}

export const lirs: ReclaimPolicyInfo = {
  name: 'lirs',
  summary: 'keeps pages whose last two uses lie close together; the others pass through a small queue',
  source:
    'Jiang and Zhang 2002, "LIRS: an efficient low inter-reference recency set replacement policy to improve buffer cache performance"; by default as libCacheSim plays it, which differs from the authors\' program',
  complexity: 'O(1) amortised: a page pruned from the stack was put in once',
  parameters: {
    hir: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 1,
      meaning:
        "share of the capacity for pages with long distances (HIR), at least one page; the paper's default",
    },
    variant: {
      kind: 'choice',
      default: 'libcachesim',
      choices: VARIANTS,
      meaning:
        "whose LIRS: libCacheSim's, with a stack of twice the capacity, or that of the authors' own program (lirs.c), which keeps all ghosts and at least two HIR pages",
    },
  },
  create: (pages, { values }) =>
    values.variant === 'authors'
      ? new AuthorsLirs(pages, values.hir as number)
      : new Lirs(pages, values.hir as number),
};
