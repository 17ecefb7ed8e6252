import { PMD_PAGES } from '../memory/folios.js';
import { INT_MAX, type NumberSetting, type Setting, type Settings } from '../state/settings.js';
import type { ShmemEnabled, ThpDefrag, ThpEnabled, ThpSettings } from '../state/thp-settings.js';

/** What settings of huge pages change of a machine. */
export interface ThpTarget {
  readonly settings: Settings;
  /** Undefined until huge pages are possible. */
  readonly khugepaged?: { wake(): void } | undefined;
  /** Huge pages are possible from now on. @throws Refusal where pages of a sample are replayed */
  hugeBegins(): void;
}

type NumericField = Exclude<keyof ThpSettings, 'enabled' | 'defrag' | 'shmemEnabled'>;

/** A setting that is one number; a change of khugepaged's sleep ends the current one. */
function number(
  name: string,
  field: NumericField,
  max: number,
  meaning: string,
  source: string,
  defaultValue: number,
  min = 0,
): NumberSetting<ThpTarget> {
  return {
    name,
    default: `${defaultValue}`,
    meaning,
    source,
    min,
    max,
    apply: ({ settings, khugepaged }, value) => {
      settings.thp[field] = value;
      if (field === 'scanSleepMs' || field === 'allocSleepMs') khugepaged?.wake();
    },
  };
}

/** Settings of huge pages, of /sys/kernel/mm/transparent_hugepage. */
export const THP_SETTINGS: readonly Setting<ThpTarget>[] = [
  {
    name: 'thp.enabled',
    default: 'never',
    meaning:
      'huge pages of private memory: `always`, or `madvise`, where the program asks for them (MADV_HUGEPAGE); until it is one of these once, MADV_HUGEPAGE and MADV_COLLAPSE are without effect, and counted',
    source: 'enabled_store in mm/huge_memory.c',
    choices: ['always', 'madvise', 'never'],
    apply: (target: ThpTarget, value: string) => {
      if (value !== 'never') target.hugeBegins();
      target.settings.thp.enabled = value as ThpEnabled;
      target.khugepaged?.wake();
    },
  },
  {
    name: 'thp.shmem_enabled',
    default: 'never',
    meaning:
      'huge pages of shared memory that is on no mount of its own (memfd_create, shared anonymous mappings), as `huge=` of a tmpfs: `always`; `within_size`, where the huge page lies within the size of the file, or the program asks for it; `advise`, where it asks; `never`; `deny` and `force` are for all shared memory, whatever its mount says',
    source: 'shmem_enabled_store in mm/shmem.c',
    choices: ['always', 'within_size', 'advise', 'never', 'deny', 'force'],
    apply: (target: ThpTarget, value: string) => {
      if (value !== 'never' && value !== 'deny') target.hugeBegins();
      target.settings.thp.shmemEnabled = value as ShmemEnabled;
      target.khugepaged?.wake();
    },
  },
  {
    name: 'thp.defrag',
    default: 'madvise',
    meaning:
      'whether a fault reclaims to have room for a huge page under the limit: `always`, `madvise` and `defer+madvise` where the program asks, or else falls back to a page of 4 KiB at once',
    source: 'vma_thp_gfp_mask in mm/huge_memory.c',
    choices: ['always', 'defer', 'defer+madvise', 'madvise', 'never'],
    apply: ({ settings }: ThpTarget, value: string) => {
      settings.thp.defrag = value as ThpDefrag;
    },
  },
  number(
    'thp.use_zero_page',
    'useZeroPage',
    1,
    '1: a read of untouched memory maps a huge page of zeros, which is charged to none',
    'use_zero_page_store in mm/huge_memory.c',
    1,
  ),
  number(
    'thp.shrink_underused',
    'shrinkUnderused',
    1,
    '1: where memory is short, huge pages with more zero-filled pages than `khugepaged.max_ptes_none`, if that is below 511, are split',
    'split_underused_thp in mm/huge_memory.c, from Linux 6.12 on',
    1,
  ),
  number(
    'khugepaged.max_ptes_none',
    'maxPtesNone',
    PMD_PAGES - 1,
    'empty pages that khugepaged fills with zeros at most to make a huge page',
    'max_ptes_none_store in mm/khugepaged.c',
    PMD_PAGES - 1,
  ),
  number(
    'khugepaged.max_ptes_swap',
    'maxPtesSwap',
    PMD_PAGES - 1,
    'swapped-out pages that it reads in at most',
    'max_ptes_swap_store in mm/khugepaged.c',
    PMD_PAGES / 8,
  ),
  number(
    'khugepaged.max_ptes_shared',
    'maxPtesShared',
    PMD_PAGES - 1,
    'shared pages that it copies at most',
    'max_ptes_shared_store in mm/khugepaged.c',
    PMD_PAGES / 2,
  ),
  number(
    'khugepaged.pages_to_scan',
    'pagesToScan',
    INT_MAX,
    'pages that it looks at before it sleeps',
    'pages_to_scan_store in mm/khugepaged.c',
    8 * PMD_PAGES,
    1,
  ),
  number(
    'khugepaged.scan_sleep_millisecs',
    'scanSleepMs',
    INT_MAX,
    'how long it sleeps, in ms of trace time; a change wakes it',
    'scan_sleep_millisecs_store in mm/khugepaged.c',
    10_000,
  ),
  number(
    'khugepaged.alloc_sleep_millisecs',
    'allocSleepMs',
    INT_MAX,
    'how long it sleeps when there was no room for a huge page',
    'alloc_sleep_millisecs_store in mm/khugepaged.c',
    60_000,
  ),
  number(
    'khugepaged.defrag',
    'khugepagedDefrag',
    1,
    '1: it reclaims to have room for a huge page under the limit',
    'alloc_hugepage_khugepaged_gfpmask in mm/khugepaged.c',
    1,
  ),
];
