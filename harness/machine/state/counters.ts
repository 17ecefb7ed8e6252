/** Counters of the machine, by the names of the metric schema. */
export class Counters {
  pgfault = 0;
  pgmajfault = 0;
  cow_breaks = 0;
  cow_reuse = 0;
  cow_ksm = 0;
  sigbus = 0;
  pgscan_direct = 0;
  pgsteal_direct = 0;
  pgscan_kswapd = 0;
  pgsteal_kswapd = 0;
  pgscan_proactive = 0;
  pgsteal_proactive = 0;
  /** Pages that memory.reclaim was asked for. */
  reclaim_asked_pages = 0;
  pswpin = 0;
  pswpout = 0;
  /** Pages that reading ahead took into the page cache, those that were waited for included. */
  readahead_pages = 0;
  swap_ra = 0;
  swap_ra_hit = 0;
  pglazyfree = 0;
  pglazyfreed = 0;
  /** Searches of reclaim while no swap slot was free. */
  swap_full = 0;
  oom_events = 0;
  oom_kills = 0;
  purge_faults = 0;
  purged_pages = 0;
  purged_ranges = 0;
  /** Pages read from and written to files; part of pgpgin and pgpgout. */
  file_pages_in = 0;
  file_pages_out = 0;
  /** Of huge pages, by the kernel's names in /proc/vmstat. */
  thp_fault_alloc = 0;
  thp_fault_fallback = 0;
  thp_fault_fallback_charge = 0;
  thp_collapse_alloc = 0;
  thp_collapse_alloc_failed = 0;
  thp_split_page = 0;
  thp_deferred_split_page = 0;
  thp_underused_split_page = 0;
  thp_split_pmd = 0;
  thp_swpout = 0;
  thp_swpout_fallback = 0;
  thp_zero_page_alloc = 0;
  thp_file_alloc = 0;
  thp_file_fallback = 0;
  thp_file_fallback_charge = 0;
  thp_file_mapped = 0;
}
