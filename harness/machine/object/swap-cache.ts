import { freeSwapCache } from '../entries/entry.js';
import { SWAPFILE_CLUSTER } from '../memory/swap.js';
import type { State } from '../state/state.js';

/** A page of shared memory is used again: the object holds it, and its slot is free (shmem_swapin_folio). */
export function leaveSwapCache(m: State, page: number): void {
  const slot = m.frames.slotOf(m.pages.location[page]!);
  if (slot < 0) return;
  m.swap.dropReference(slot);
  freeSwapCache(m, page);
}

/**
 * A free slot for a page. Where no whole cluster of slots is free, those of a cluster that only the swap cache has are given up
 * first: of pages that were read back and are in memory. Source: swap_reclaim_full_clusters in mm/swapfile.c.
 */
export function newSlot(m: State, page: number): number {
  const { swap } = m;
  if (swap.free < SWAPFILE_CLUSTER && swap.scarce) swap.visitCachedOnly((other) => freeSwapCache(m, other));
  return swap.allocate(page);
}
