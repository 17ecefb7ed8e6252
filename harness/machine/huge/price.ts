import { PMD_PAGES } from '../memory/folios.js';
import type { State } from '../state/state.js';

/** How much longer the first touch of memory takes with pages of 4 KiB. Measured on Linux 6.18: 2.8 to 2.9. */
const FASTER = 2.8;

/** What the fault of a huge page costs, most of which is to clear it: the same memory in pages of 4 KiB, by the ratio measured. */
export function hugeFaultNs({ costs }: State): number {
  return (costs.faults.anon_write.ns * PMD_PAGES) / FASTER;
}
