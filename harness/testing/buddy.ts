import { BuddyAllocator } from '../machine/memory/buddy.js';
import { type FreeBlocks, MAX_PAGE_ORDER, mustBeOrder, STATE } from '../machine/memory/free-blocks.js';
import { must } from '../machine/memory/invariant.js';

/** A run of 2^order free frames. */
export interface FreeBlock {
  readonly frame: number;
  readonly order: number;
}

/**
 * The buddy allocator with what only tests do: hand out blocks of an order (the machine takes single frames), empty the
 * fast path, list what is free, and check itself.
 */
export class BuddyLab extends BuddyAllocator {
  /**
   * Hands out 2^order frames in a row. They need not be freed together.
   *
   * @returns the first, a multiple of 2^order; -1 when no free block is large enough, though one may be after `drain`
   * @throws RangeError for an order that does not exist
   */
  allocateOrder(order: number): number {
    mustBeOrder(order);
    if (order === 0) return this.allocate();
    const first = this.areas.take(order);
    if (first < 0) return -1;
    const end = first + (1 << order);
    for (let frame = first; frame < end; frame++) {
      if (this.state[frame] !== 0) this.bringBack();
      this.state[frame] = STATE.inUse;
    }
    if (end > this.next) this.next = end;
    return first;
  }

  /**
   * Takes back 2^order frames in a row, however they were handed out.
   *
   * @throws RangeError when the first is not a multiple of 2^order, or one is not in use
   */
  freeOrder(first: number, order: number): void {
    mustBeOrder(order);
    if (order === 0) {
      this.free(first);
      return;
    }
    if (first & ((1 << order) - 1)) throw new RangeError(`frame ${first} begins no block of order ${order}`);
    const end = first + (1 << order);
    for (let frame = first; frame < end; frame++) this.mustBeInUse(frame);
    this.state.fill(0, first, end);
    this.put(first, order);
  }

  /** Gives all frames of the fast path back to the blocks (drain_all_pages). */
  drain(): void {
    this.drainOldest(this.pcpCount);
  }

  /** The free blocks of an order and above, by order, those next to be taken first. Memory must not change meanwhile. */
  *freeBlocks(order = 0): Generator<FreeBlock> {
    mustBeOrder(order);
    for (let at = order; at <= MAX_PAGE_ORDER; at++) {
      for (let frame = this.areas.first(at); frame >= 0; frame = this.areas.next(frame))
        yield { frame, order: at };
    }
  }

  /** Checks all invariants from scratch. @throws Error naming the first that does not hold */
  check(): void {
    checkBuddy(this, this.areas, this.pcp.subarray(this.bottom, this.top));
  }
}

/**
 * Checks the invariants of the buddy allocator from scratch; costs a walk over all memory.
 *
 * - A frame is either in use, in one free block, or on the fast path.
 * - A block is aligned to its size and inside memory; its first frame knows its order, and no other frame claims one.
 * - No two buddies of the same order are both free blocks.
 * - Lists are linked the same both ways, and the counts are those of what is there.
 *
 * @param pcp frames on the fast path
 * @throws Error naming the first that does not hold
 */
function checkBuddy(buddy: BuddyAllocator, areas: FreeBlocks, pcp: Int32Array): void {
  /** Frames found to be free, each once. */
  const free = new Uint8Array(buddy.pages);
  const claim = (frame: number) => {
    must(frame >= 0 && frame < buddy.pages, () => `free frame ${frame} is not memory`);
    must(free[frame] === 0, () => `frame ${frame} is free twice`);
    free[frame] = 1;
    must((areas.state[frame]! & STATE.inUse) === 0, () => `frame ${frame} is free and in use`);
  };
  let inBlocks = 0;
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) inBlocks += checkList(buddy, areas, order, claim);
  must(inBlocks === areas.free, () => `${areas.free} frames count as in blocks and ${inBlocks} are`);
  for (const frame of pcp) claim(frame);
  checkFrames(buddy, areas, free);
}

/** @returns frames in the blocks of the order */
function checkList(
  buddy: BuddyAllocator,
  areas: FreeBlocks,
  order: number,
  claim: (frame: number) => void,
): number {
  const size = 1 << order;
  let blocks = 0;
  let previous = buddy.pages + order;
  for (let block = areas.first(order); block >= 0; block = areas.next(block)) {
    must(areas.previous(block) === previous, () => `block ${block} is not linked back to ${previous}`);
    must(block % size === 0, () => `block ${block} of order ${order} is not aligned`);
    must(areas.isBlock(block, order), () => `block ${block} does not know its order ${order}`);
    must(
      order === MAX_PAGE_ORDER || !areas.isBlock(block ^ size, order),
      () => `blocks ${block} and ${block ^ size} are buddies of order ${order} and both free`,
    );
    for (let frame = block; frame < block + size; frame++) claim(frame);
    previous = block;
    blocks++;
  }
  must(areas.previous(buddy.pages + order) === previous, () => `the list of order ${order} has another end`);
  must(
    blocks === areas.nrFree[order],
    () => `order ${order} counts ${areas.nrFree[order]} blocks and has ${blocks}`,
  );
  return blocks * size;
}

function checkFrames(buddy: BuddyAllocator, areas: FreeBlocks, free: Uint8Array): void {
  let heads = 0;
  let used = 0;
  let absent = 0;
  for (let frame = 0; frame < buddy.pages; frame++) {
    const state = areas.state[frame]!;
    if (free[frame] === 0) {
      used++;
      must(state === STATE.inUse, () => `frame ${frame} is neither free nor in use: state ${state}`);
      must(frame < buddy.high, () => `frame ${frame} is in use and not below ${buddy.high}`);
      continue;
    }
    if (state & STATE.buddy) heads++;
    else must((state & ~STATE.absent) === 0, () => `frame ${frame} begins no block and has state ${state}`);
    if (state & STATE.absent) absent++;
  }
  const blocks = areas.nrFree.reduce((sum, count) => sum + count, 0);
  must(heads === blocks, () => `${heads} frames begin a block and there are ${blocks} blocks`);
  must(used === buddy.inUse, () => `${buddy.inUse} frames count as in use and ${used} are`);
  must(absent === buddy.absent, () => `${buddy.absent} frames count as absent and ${absent} are`);
}
