/** Counters of transparent huge pages, as /proc/vmstat names them. `schema.ts` takes them in. */
export const hugePages = {
  thp_fault_alloc: ['count', 'neither', 'huge pages that faults brought'],
  thp_fault_fallback: [
    'count',
    'lower',
    'faults that found no room for a huge page, and took a page of 4 KiB',
  ],
  thp_collapse_alloc: [
    'count',
    'neither',
    'huge pages that khugepaged or MADV_COLLAPSE made of pages of 4 KiB',
  ],
  thp_zero_page_alloc: ['count', 'neither', 'huge pages of zeros that reads of untouched memory share'],
  thp_split_pmd: ['count', 'neither', 'huge mappings that became mappings of 4 KiB; the page may stay huge'],
  thp_split_page: ['count', 'neither', 'huge pages that were split into pages of 4 KiB'],
  thp_deferred_split_page: [
    'count',
    'lower',
    'huge pages queued for a split: parts are not mapped any more, and stay charged until memory is short',
  ],
  thp_underused_split_page: [
    'count',
    'neither',
    'huge pages split where memory was short since they were mostly zeros',
  ],
  thp_file_alloc: [
    'count',
    'neither',
    'huge pages that came into shared memory by faults, writes and fallocate',
  ],
  thp_file_fallback: [
    'count',
    'lower',
    'times that there was no room for a huge page of shared memory, and a page of 4 KiB came',
  ],
  thp_file_mapped: ['count', 'neither', 'huge pages of shared memory that were mapped as a whole'],
  shmem_huge_pages_end: [
    'pages',
    'neither',
    'pages of shared memory in huge pages after the last event, 512 each, mapped or not (ShmemHugePages)',
  ],
  shmem_pmd_mapped_end: [
    'pages',
    'neither',
    'of these, pages that are mapped as a whole, summed over spaces (ShmemPmdMapped)',
  ],
  thp_swpout: ['count', 'neither', 'huge pages swapped out as a whole'],
} as const;
