import type { BuddyAllocator } from './buddy.js';
import { type FreeBlocks, MAX_PAGE_ORDER, STATE } from './free-blocks.js';

function must(holds: boolean, message: () => string): void {
  if (!holds) throw new Error(`invariant broken: ${message()}`);
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
export function checkBuddy(buddy: BuddyAllocator, areas: FreeBlocks, pcp: Int32Array): void {
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
