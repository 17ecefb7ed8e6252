import { FAULTED, fault } from '../mapping/fault.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
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
        // follow_page_pte with FOLL_WRITE: the page counts as written, whatever its entry says.
        if (write) m.pages.markDirty(m.tables.get(at) >>> PTE_SHIFT);
        continue;
      }
      if (fault(m, vma, vpn, write) !== FAULTED.ok) return 'EFAULT';
    }
    return 0;
  };
}
