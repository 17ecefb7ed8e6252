/** Updates of one CPU before they count as pending. Source: MEMCG_CHARGE_BATCH in include/linux/memcontrol.h. */
const MEMCG_CHARGE_BATCH = 64;

/** mm/vmscan.c: reclaim itself flushes what is pending before this kernel, and from it on only when the worker is late. */
const RATE_LIMITED = 612;

/** Updates of statistics that changes of a page come to, counted in the source: see `updated`. */
export const UPDATES = { newPage: 4, refault: 4, evicted: 6, kept: 3, deactivated: 4 } as const;

/** The largest whole number whose square is not above `value`. */
function integerSquareRoot(value: number): number {
  let root = Math.floor(Math.sqrt(value));
  while (root * root > value) root--;
  while ((root + 1) * (root + 1) <= value) root++;
  return root;
}

/**
 * A cgroup's statistics, as reclaim reads them. Lists know their own sizes; what is compared with other lists, or with an
 * earlier moment, is read from statistics that have an age: the sizes and the activated refaults below, all 0 at the start.
 * Source: lruvec_page_state in include/linux/memcontrol.h; mem_cgroup_flush_stats in mm/memcontrol.c.
 */
export class MemcgStats {
  /** Pages on each list, as of the last flush. */
  readonly pages: [number, number, number, number] = [0, 0, 0, 0];
  /** Refaults activated so far, of anonymous pages and of files, as of the last flush. */
  readonly activated: [number, number] = [0, 0];
  /** Updates since the last flush. */
  private pending = 0;
  /** Updates that may be pending. Source: memcg_vmstats_needs_flush. The default is that of two CPUs. */
  private threshold = 2 * MEMCG_CHARGE_BATCH;
  private kernel = 618;

  /** @param exact whether they are up to date whenever they are read: for reference strings, which have no time */
  constructor(
    private readonly exact: boolean,
    private readonly size: readonly number[],
    private readonly counters: {
      readonly workingset_activate_anon: number;
      readonly workingset_activate_file: number;
    },
  ) {}

  /** Settings `memcg.stats_threshold` and `kernel.version`. */
  tune(parameter: string, value: number): void {
    if (parameter === 'memcg.stats_threshold') this.threshold = value;
    else if (parameter === 'kernel.version') this.kernel = value;
  }

  /** memcg_rstat_updated: this number of updates more. */
  updated(count: number): void {
    this.pending += count;
  }

  /** Reclaim begins, or a page has refaulted. */
  beforeUse(): void {
    if (this.exact) this.flush();
  }

  /** prepare_scan_control: reclaim is about to compare lists. */
  beforeScan(): void {
    if (this.kernel < RATE_LIMITED) this.flushPending();
  }

  /** Pages on all lists. */
  get allPages(): number {
    const { pages } = this;
    return pages[0] + pages[1] + pages[2] + pages[3];
  }

  /** inactive_is_low, for the inactive list of the kind of an active one. */
  inactiveIsLow(active: 1 | 3): boolean {
    const inactive = this.pages[(active - 1) as 0 | 2];
    const gigabytes = Math.floor((inactive + this.pages[active]) / 2 ** 18);
    const ratio = gigabytes > 0 ? integerSquareRoot(10 * gigabytes) : 1;
    return inactive * ratio < this.pages[active];
  }

  /** workingset_test_recent: the pages that a page which has come back competes with. @param swap whether there is any */
  workingsetSize(file: boolean, swap: boolean): number {
    const [inactiveAnon, activeAnon, inactiveFile, activeFile] = this.pages;
    const anon = swap ? activeAnon + (file ? inactiveAnon : 0) : 0;
    return activeFile + (file ? 0 : inactiveFile) + anon;
  }

  /** __mem_cgroup_flush_stats: what was counted so far can be read. Returns whether anything was pending. */
  flush(): boolean {
    const changed = this.pending > 0;
    const { pages, activated, size, counters } = this;
    for (let list = 0; list < 4; list++) pages[list] = size[list]!;
    activated[0] = counters.workingset_activate_anon;
    activated[1] = counters.workingset_activate_file;
    this.pending = 0;
    return changed;
  }

  /** mem_cgroup_flush_stats: what was counted can be read if enough of it is pending. Returns whether it can be. */
  flushPending(): boolean {
    return this.pending > this.threshold && this.flush();
  }
}
