import { frameOf } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { PTE } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import type { StateAction } from './call.js';

/** can_madv_lru_vma: whether COLD and PAGEOUT may work on a mapping. */
export function hasLruPages(vma: Vma): boolean {
  return !vma.has(VM.locked | VM.pfnMap | VM.hugetlb);
}

/** The page of an entry if only this entry maps it: COLD and PAGEOUT leave pages alone that others use; -1 otherwise. */
export function solelyMapped(m: State, at: number): number {
  const frame = frameOf(m, m.tables.get(at));
  return frame >= 0 && m.frames.mapcount[frame] === 1 ? m.frames.page[frame]! : -1;
}

/**
 * MADV_COLD: the pages look unused, and the active ones go to the head of the inactive list.
 * Source: madvise_cold_or_pageout_pte_range in mm/madvise.c.
 */
export const cold: StateAction = (m, vma, start, end, call) => {
  if (!hasLruPages(vma)) return 'EINVAL';
  const others = m.huge?.splitPartial(vma, start, end);
  eachUsedEntry(m, vma, start, end, (at) => {
    const page = solelyMapped(m, at);
    if (page < 0 || others?.(at)) return;
    m.tables.change(at, m.tables.get(at) & ~PTE.young);
    m.shootdowns?.changed(vma.space);
    m.reclaim.demote(page);
    call.present++;
  });
  return 0;
};
