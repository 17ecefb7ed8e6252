import { PMD_PAGES } from '../memory/folios.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';

/** What is not modelled with huge pages: volatile ranges and MAP_DROPPABLE have pages of 4 KiB. */
const NEVER = VM.noHugePage | VM.volatile | VM.droppable;

/** The first page of the huge page around an address, whether it is in the VMA or not. */
export function hugeStart(vpn: number): number {
  return vpn - (vpn % PMD_PAGES);
}

/** thp_vma_suitable_order: whether all of the huge page around an address lies in the VMA. */
export function fits(vma: Vma, vpn: number): boolean {
  const first = hugeStart(vpn);
  return first >= vma.start && first + PMD_PAGES <= vma.end;
}

/** Whether the program lets huge pages into a VMA, whatever the setting is: enough for MADV_COLLAPSE (vma_thp_disabled). */
export function mayBeHuge(vma: Vma): boolean {
  return !vma.has(NEVER) && !vma.space.noHugePages;
}

/** thp_vma_allowable_order: whether faults and khugepaged may make huge pages in a VMA of private memory. */
export function wantsHuge(m: State, vma: Vma): boolean {
  const { enabled } = m.settings.thp;
  if (enabled === 'never' || !vma.isAnonymous || !mayBeHuge(vma)) return false;
  return enabled === 'always' || vma.has(VM.hugePage);
}
