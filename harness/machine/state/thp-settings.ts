import type { ShmemHuge } from '../../trace/args.js';
import { PMD_PAGES } from '../memory/folios.js';

/** Whether private memory gets huge pages: all of it, where it asks (MADV_HUGEPAGE), or none. */
export type ThpEnabled = 'always' | 'madvise' | 'never';
/** For whom a fault waits until there is room for a huge page: for all, for who asks, for none. */
export type ThpDefrag = 'always' | 'defer' | 'defer+madvise' | 'madvise' | 'never';

/** Which shared memory without a mount of its own has huge pages; `deny` and `force` are for all shared memory. */
export type ShmemEnabled = ShmemHuge | 'deny' | 'force';

/** What `set` events change of huge pages (/sys/kernel/mm/transparent_hugepage); values are the kernel's defaults, but for `enabled`. */
export class ThpSettings {
  /** A kernel is built with `always` or `madvise`; here a trace, or a run, has to ask. */
  enabled: ThpEnabled = 'never';
  defrag: ThpDefrag = 'madvise';
  shmemEnabled: ShmemEnabled = 'never';
  /** Whether reads of untouched memory map a huge page of zeros. */
  useZeroPage = 1;
  /** Whether huge pages that are mostly zeros are split where memory is short. */
  shrinkUnderused = 1;
  /** Empty entries that khugepaged fills with zeros at most, and zero-filled pages of a huge page that is not underused. */
  maxPtesNone: number = PMD_PAGES - 1;
  /** Swapped-out pages that it reads in at most. */
  maxPtesSwap: number = PMD_PAGES / 8;
  /** Shared pages that it copies at most. */
  maxPtesShared: number = PMD_PAGES / 2;
  /** Pages that it looks at before it sleeps. */
  pagesToScan: number = 8 * PMD_PAGES;
  scanSleepMs = 10_000;
  /** How long it sleeps when there was no room for a huge page. */
  allocSleepMs = 60_000;
  /** Whether it waits for room. */
  khugepagedDefrag = 1;
}
