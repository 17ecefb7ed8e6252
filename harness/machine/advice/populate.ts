import { FAULTED, fault } from '../mapping/fault.js';
import { LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM } from '../state/vma.js';
import type { StateAction } from './call.js';

/**
 * MADV_POPULATE_READ and MADV_POPULATE_WRITE: faults every page in, as an access would, and leaves contents as they
 * are. A mapping that forbids the access is EINVAL, a page that an access would not survive EFAULT.
 * Source: madvise_populate in mm/madvise.c.
 */
export function populate(write: boolean): StateAction {
  const need = write ? PTE.present | PTE.write : PTE.present;
  return (m, vma, start, end) => {
    if (vma.has(VM.pfnMap) || !vma.has(write ? VM.write : VM.read)) return 'EINVAL';
    for (let vpn = start; vpn < end; vpn++) {
      const at = vma.space.directory.entry(vpn);
      if (at >= 0 && (m.tables.get(at) & need) === need) {
        if (write) markWritten(m, at);
        continue;
      }
      if (fault(m, vma, vpn, write) !== FAULTED.ok) return 'EFAULT';
    }
    return 0;
  };
}

/**
 * Present and writable already: the page counts as written, whatever its entry says (follow_page_pte with FOLL_WRITE); where
 * the page directory maps it, that is written in the entry, of all of the huge page (touch_pmd).
 */
function markWritten(m: State, at: number): void {
  const entry = m.tables.get(at);
  if (m.huge?.isPmd(Math.floor(at / LEAF_ENTRIES))) m.tables.change(at, entry | PTE.young | PTE.dirty);
  else m.pages.markDirty(entry >>> PTE_SHIFT);
}
