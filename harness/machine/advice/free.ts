import type { Errno } from '../../policy/discard/contract.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { clearEntry, frameOf, isExclusive, isSwapEntry } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import type { StateAction } from './call.js';

/**
 * MADV_FREE: private anonymous memory only. Swapped-out entries go at once; pages in memory become clean and unused,
 * and reclaim may drop them until they are written again. Pages that others share are left alone.
 * Source: madvise_free_pte_range in mm/madvise.c, lru_lazyfree in mm/swap.c.
 */
export const free: StateAction = (m, vma, start, end, call) => {
  const refused = refusesFree(vma);
  if (refused !== 0) return refused;
  const others = m.huge?.splitPartial(vma, start, end);
  eachUsedEntry(m, vma, start, end, (at) => {
    if (!others?.(at) && freeEntry(m, vma, at)) call.present++;
  });
  return 0;
};

/** Why MADV_FREE does nothing to a VMA. */
export function refusesFree(vma: Vma): Errno {
  return vma.has(VM.locked) || !vma.isAnonymous ? 'EINVAL' : 0;
}

/** Whether there was a page to free. */
function freeEntry(m: State, vma: Vma, at: number): boolean {
  if (!isSwapEntry(m.tables.get(at))) {
    if (!freePresent(m, at)) return false;
    m.shootdowns?.changed(vma.space);
    return true;
  }
  clearEntry(m, vma, at);
  return true;
}

/** Makes the page of an entry clean and unused, and marks it; false where there is none, or others share it. */
export function freePresent(m: State, at: number): boolean {
  const entry = m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  if (frameOf(m, entry) < 0 || !isExclusive(m, page)) return false;
  const frame = m.pages.location[page]!;
  const slot = m.frames.slotOf(frame);
  if (slot >= 0) {
    m.frames.setSlot(frame, -1);
    m.swap.release(slot);
  }
  m.tables.change(at, entry & ~(PTE.young | PTE.dirty));
  m.pages.clearDirty(page);
  // lru_lazyfree: a page is marked, and takes its place, once; until it meets reclaim it stays marked when written again.
  if (m.pages.traits[page]! & TRAIT.lazyfree) return true;
  m.pages.markLazyfree(page);
  m.counters.pglazyfree++;
  m.reclaim.demote(page);
  return true;
}
