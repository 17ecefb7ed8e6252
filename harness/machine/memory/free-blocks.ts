/** Largest order of a block: 2^10 frames, 4 MiB (include/linux/mmzone.h). */
export const MAX_PAGE_ORDER = 10;
export const ORDERS = MAX_PAGE_ORDER + 1;

/** @throws RangeError for an order that no block has */
export function mustBeOrder(order: number): void {
  if (!(Number.isInteger(order) && order >= 0 && order <= MAX_PAGE_ORDER))
    throw new RangeError(`there is no block of order ${order}`);
}

/** Bits of a frame's state; a frame whose IN_USE is clear is free, wherever it is. */
export const STATE = {
  /** Mask: order of the free block that the frame begins. */
  order: 15,
  /** The frame begins a free block (the kernel's PageBuddy). */
  buddy: 16,
  /** The block that the frame begins has been reported to the hypervisor as it is (PageReported). */
  reported: 32,
  /** The frame is handed out. */
  inUse: 64,
  /** The host has no memory behind the frame, until it is handed out. */
  absent: 128,
} as const;
/** The bits that only the first frame of a free block has. */
const HEAD = STATE.order | STATE.buddy | STATE.reported;

/**
 * The free blocks of the buddy system (mm/page_alloc.c), by order. A block of order n is 2^n frames, aligned to its
 * size; its buddy is the other half of the block of order n + 1 that both lie in.
 *
 * Invariant: of two buddies of the same order at most one is a free block. `put` merges the pair otherwise, and
 * `take` only makes a block of a half whose other half it takes or splits. So the free frames fall into the largest
 * aligned blocks there are, and in one way.
 */
export class FreeBlocks {
  /** Bits of `STATE`, a byte a frame. */
  readonly state: Uint8Array;
  /** Blocks on the list of each order (nr_free). */
  readonly nrFree = new Int32Array(ORDERS);
  /** Frames in blocks. */
  free = 0;

  /**
   * Circular lists: of node n the next is at 2n, the previous at 2n + 1. A node below `pages` is the first frame of a
   * block; node `pages` + order is the head of a list. Frames inside a block have no node, so a frame is on one list.
   */
  private readonly links: Int32Array;

  /** Cuts memory into the largest aligned blocks. They are handed out from the lowest up. */
  constructor(private readonly pages: number) {
    this.state = new Uint8Array(pages);
    this.links = new Int32Array(2 * (pages + ORDERS));
    for (let head = pages; head < pages + ORDERS; head++) {
      this.links[2 * head] = head;
      this.links[2 * head + 1] = head;
    }
    for (let frame = 0, order = MAX_PAGE_ORDER; frame < pages; frame += 1 << order) {
      // What is left is less than a block of the last order, or all blocks so far were of the largest.
      while (frame + (1 << order) > pages) order--;
      this.addToTail(frame, order);
    }
  }

  get bytes(): number {
    return this.state.byteLength + this.links.byteLength + this.nrFree.byteLength;
  }

  /** First block on the list of an order: the next to be taken; -1 when there is none. */
  first(order: number): number {
    return this.next(this.pages + order);
  }

  /** The block after a block on its list; -1 after the last. */
  next(block: number): number {
    const next = this.links[2 * block]!;
    return next < this.pages ? next : -1;
  }

  /** The node before a node on its list: a block, or the list's head. */
  previous(node: number): number {
    return this.links[2 * node + 1]!;
  }

  /** Whether a free block of just this order begins at the frame, which may lie beyond memory. */
  isBlock(frame: number, order: number): boolean {
    if (frame >= this.pages) return false;
    return (this.state[frame]! & (STATE.buddy | STATE.order)) === (STATE.buddy | order);
  }

  /**
   * Takes a block: the first of the smallest order that suffices, split down to its lowest part (__rmqueue_smallest,
   * expand). Its frames' states stay as they are, not in use.
   *
   * @returns its first frame; -1 when no block is large enough
   */
  take(order: number): number {
    for (let from = order; from <= MAX_PAGE_ORDER; from++) {
      if (this.nrFree[from] === 0) continue;
      const block = this.first(from);
      this.remove(block, from);
      for (let half = from - 1; half >= order; half--) this.addToHead(block + (1 << half), half);
      return block;
    }
    return -1;
  }

  /**
   * Makes a block free and merges it with its buddy as long as that is free too (__free_one_page). It becomes the first
   * of its list; but where the pair one order up would at once merge with its own buddy, the last, so that the part
   * that is still in use may come back before this one is taken again (buddy_merge_likely).
   *
   * @returns the order of the block that it has become
   */
  put(frame: number, order: number): number {
    let block = frame;
    let at = order;
    for (; at < MAX_PAGE_ORDER; at++) {
      const buddy = block ^ (1 << at);
      if (!this.isBlock(buddy, at)) break;
      this.remove(buddy, at);
      block &= ~(1 << at);
    }
    const pair = block & ~(1 << at);
    if (at < MAX_PAGE_ORDER - 1 && this.isBlock(pair ^ (2 << at), at + 1)) this.addToTail(block, at);
    else this.addToHead(block, at);
    return at;
  }

  /** Takes one frame out of the block that it lies in, which is split around it. False where it lies in no free block. */
  takeFrame(frame: number): boolean {
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      let block = frame & ~((1 << order) - 1);
      if (!this.isBlock(block, order)) continue;
      this.remove(block, order);
      for (let half = order - 1; half >= 0; half--) {
        const upper = block + (1 << half);
        this.addToHead(frame < upper ? upper : block, half);
        if (frame >= upper) block = upper;
      }
      return true;
    }
    return false;
  }

  /** The block becomes the last of its list to be taken. */
  moveToTail(block: number, order: number): void {
    this.unlink(block);
    this.linkAfter(this.previous(this.pages + order), block);
  }

  /** Turns a list until the block is its first. */
  rotateToFront(block: number, order: number): void {
    const head = this.pages + order;
    if (this.links[2 * head] === block) return;
    this.unlink(head);
    this.linkAfter(this.previous(block), head);
  }

  private addToHead(block: number, order: number): void {
    this.add(block, order);
    this.linkAfter(this.pages + order, block);
  }

  private addToTail(block: number, order: number): void {
    this.add(block, order);
    this.linkAfter(this.previous(this.pages + order), block);
  }

  private add(block: number, order: number): void {
    this.state[block] = this.state[block]! | STATE.buddy | order;
    this.nrFree[order] = this.nrFree[order]! + 1;
    this.free += 1 << order;
  }

  /** A block that leaves its list, to be handed out, merged or split, is no longer reported (del_page_from_free_list). */
  private remove(block: number, order: number): void {
    this.unlink(block);
    this.state[block] = this.state[block]! & ~HEAD;
    this.nrFree[order] = this.nrFree[order]! - 1;
    this.free -= 1 << order;
  }

  private linkAfter(node: number, block: number): void {
    const { links } = this;
    const next = links[2 * node]!;
    links[2 * node] = block;
    links[2 * block] = next;
    links[2 * block + 1] = node;
    links[2 * next + 1] = block;
  }

  private unlink(node: number): void {
    const { links } = this;
    const next = links[2 * node]!;
    const previous = links[2 * node + 1]!;
    links[2 * previous] = next;
    links[2 * next + 1] = previous;
  }
}
