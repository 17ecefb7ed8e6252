import { PART, type StallIndex } from '../../cost/ledger.js';
import type { State } from '../state/state.js';

/**
 * Brings a page in from swap, and waits for it. Its slot stays: the page is in the swap cache.
 *
 * @param part what the wait stalls: a fault, or a call
 */
export function readSwap(
  m: State,
  page: number,
  object: number,
  index: number,
  part: StallIndex = PART.major,
): void {
  m.reclaim.bringIn(page, object, index);
  m.counters.pswpin++;
  m.readDevice(m.swapDevice!, part, page);
}

/** A page of shared memory is used again: the object holds it, and its slot is free (shmem_swapin_folio). */
export function leaveSwapCache(m: State, page: number): void {
  const slot = m.frames.slot[m.pages.location[page]!]!;
  if (slot < 0) return;
  m.swap.dropReference(slot);
  freeSwapCache(m, page);
}

/** Frees the slot of a page in the swap cache unless something else refers to it: its contents are about to differ. */
export function freeSwapCache(m: State, page: number): void {
  const frame = m.pages.location[page]!;
  const slot = m.frames.slot[frame]!;
  if (slot < 0 || m.swap.references(slot) > 0) return;
  m.frames.setSlot(frame, -1);
  m.swap.free(slot);
  m.pages.markDirty(page);
}
