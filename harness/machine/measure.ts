import { PAGE_BYTES, PAGE_KIB } from '../base/page.js';
import type { CallOutcomes } from '../contract/calls.js';
import type { CountedMetrics, MemoryGauges } from '../contract/target.js';
import type { PressureAccount } from '../cost/pressure/account.js';
import type { Tab } from '../cost/tabs.js';
import type { DrawTimes, GroupCount, Moment, Paid } from '../metrics/files.js';
import { type MetricGroup, type MetricOf, type StallColumn, stallColumns } from '../metrics/schema.js';
import { NOT_COUNTED } from '../policy/reclaim/contract.js';
import type { Machine } from './machine.js';
import { PMD_PAGES } from './memory/folios.js';
import type { PolicyCalls } from './policy-calls.js';
import type { SimulatedProgram } from './program.js';
import type { Group } from './reclaim/cgroup/group.js';
import type { Space } from './state/space.js';

const NS_PER_US = 1000;

/** The metrics of a group that the machine counts. */
type Counted<G extends MetricGroup> = Pick<CountedMetrics, Extract<MetricOf<G>, keyof CountedMetrics>>;

/** Frames, hugetlb pages, swap slots that are not also in the swap cache, and compressed pages by their size. */
function footprint({ frames, swap, hugetlb }: Machine): number {
  return (
    frames.inUse +
    hugetlb.pages +
    (swap.synchronous ? swap.compressedBytes / PAGE_BYTES : swap.inUse - frames.inSwapCache)
  );
}

/** Pages that page directories map in huge pages, once for each mapping (AnonHugePages of smaps, of all spaces). */
function anonHugePages({ huge }: Machine): number {
  return (huge?.pmds.folios.size ?? 0) * PMD_PAGES;
}

function hugeMetrics({ counters, huge }: Machine): Counted<'huge'> {
  return {
    thp_fault_alloc: counters.thp_fault_alloc,
    thp_fault_fallback: counters.thp_fault_fallback,
    thp_collapse_alloc: counters.thp_collapse_alloc,
    thp_zero_page_alloc: counters.thp_zero_page_alloc,
    thp_split_pmd: counters.thp_split_pmd,
    thp_split_page: counters.thp_split_page,
    thp_deferred_split_page: counters.thp_deferred_split_page,
    thp_underused_split_page: counters.thp_underused_split_page,
    thp_file_alloc: counters.thp_file_alloc,
    thp_file_fallback: counters.thp_file_fallback,
    thp_file_mapped: counters.thp_file_mapped,
    shmem_huge_pages_end: huge?.shmemHugePages ?? 0,
    shmem_pmd_mapped_end: huge?.shmemPmdMapped ?? 0,
    thp_swpout: counters.thp_swpout,
  };
}

/** Adds memory at this moment, times a weight. */
export function addMemory(m: Machine, sums: MemoryGauges, weight: number): void {
  const { pages, tables, settings, ksm, zone, hugetlb } = m;
  const overheadBytes = m.structPagesMapped * settings.structPageBytes + ksm.strategy.metadataBytes;
  sums.resident += weight * m.frames.inUse;
  sums.swap += weight * m.swap.inUse;
  sums.overhead += weight * (tables.pages + overheadBytes / PAGE_BYTES);
  sums.footprint += weight * footprint(m);
  if (m.huge) sums.anonHuge += weight * anonHugePages(m);
  sums.hugetlb += weight * hugetlb.pages;
  sums.volatile += weight * pages.volatileCount;
  if (zone?.reporting) sums.reported += weight * zone.reporting.reportedPages;
}

/** What `memory.pressure` of a group, or of the machine, says now, in µs and percent. */
function pressureCounts({ ledger }: Machine, account: PressureAccount): Counted<'pressure'> {
  const { someNs, fullNs, some, full } = account.at(ledger.pressure.nowNs);
  return {
    psi_some_us: Math.floor(someNs / NS_PER_US),
    psi_some_avg10: some.avg10,
    psi_some_avg60: some.avg60,
    psi_some_avg300: some.avg300,
    psi_full_us: Math.floor(fullNs / NS_PER_US),
    psi_full_avg10: full.avg10,
    psi_full_avg60: full.avg60,
    psi_full_avg300: full.avg300,
  };
}

/** The columns of timeline.csv about pressure. */
function timelinePressure(m: Machine): Pick<Moment, `psi_${string}` & keyof Moment> {
  const { pressure } = m.ledger;
  pressure.settle(m.nowUs * NS_PER_US);
  const { psi_some_us, psi_some_avg10, psi_full_us, psi_full_avg10 } = pressureCounts(m, pressure.machine);
  return { psi_some_us, psi_some_avg10, psi_full_us, psi_full_avg10 };
}

/** The columns of timeline.csv at this moment. */
export function timelineValues(m: Machine): Omit<Moment, 'time_us' | 'label'> {
  return {
    limit_pages: m.reclaim.limited ? m.reclaim.limit : null,
    resident_pages: m.frames.inUse,
    rss_pages: m.rss,
    swap_pages: m.swap.inUse,
    swapcache_pages: m.frames.inSwapCache,
    footprint_pages: footprint(m),
    lazyfree_pages: m.pages.lazyfreeCount,
    volatile_pages: m.pages.volatileCount,
    page_table_pages: m.tables.pages,
    pages_shared: m.ksm.strategy.pagesShared,
    pages_sharing: m.ksm.strategy.pagesSharing,
    ksm_zero_pages: m.ksm.zeroPages,
    vmas: m.vmas,
    ...timelinePressure(m),
  };
}

function memoryMetrics(m: Machine): Counted<'memory'> {
  return {
    resident_pages_peak: m.frames.peak,
    resident_pages_end: m.frames.inUse,
    rss_pages_peak: m.rssPeak,
    rss_pages_end: m.rss,
    swap_pages_end: m.swap.inUse,
    swapcache_pages_end: m.frames.inSwapCache,
    anon_huge_pages_end: anonHugePages(m),
    hugetlb_pages_peak: m.hugetlb.pool.peak * PMD_PAGES,
    hugetlb_pages_end: m.hugetlb.pages,
    page_table_pages_peak: m.tables.peak,
    struct_page_bytes: m.structPagesPeak * m.settings.structPageBytes,
    merge_metadata_bytes: m.ksm.strategy.metadataBytes,
    vmas_peak: m.vmasPeak,
  };
}

function mergeMetrics({ ksm }: Machine): Counted<'merge'> {
  const { index, ksmd } = ksm;
  return {
    pages_shared: ksm.strategy.pagesShared,
    pages_sharing: ksm.strategy.pagesSharing,
    pages_unshared: index.pagesUnshared,
    pages_volatile: ksm.strategy.pagesVolatile,
    pages_skipped: ksmd.pagesSkipped,
    ksm_zero_pages: ksm.zeroPages,
    pages_scanned: ksmd.pagesScanned,
    full_scans: ksmd.fullScans,
    stable_node_chains: index.nodes.chains,
    stable_node_dups: index.nodes.dups,
    general_profit: ksm.generalProfit,
    ksmd_cpu_ns: Math.round(ksmd.cpuNs),
  };
}

function faultMetrics(m: Machine, program: SimulatedProgram): Counted<'faults'> {
  const { counters } = m;
  return {
    pgfault: counters.pgfault,
    pgmajfault: counters.pgmajfault,
    cow_breaks: counters.cow_breaks,
    cow_reuse: counters.cow_reuse,
    cow_ksm: counters.cow_ksm,
    purge_faults: counters.purge_faults,
    sigbus: counters.sigbus,
    host_faults: m.zone?.reporting?.hostFaults ?? 0,
    regenerated_pages: program.regeneratedPages,
    regenerated_ranges: program.regeneratedRanges,
  };
}

function reclaimMetrics({ counters, reclaim }: Machine): Counted<'reclaim'> {
  const own = { ...NOT_COUNTED, ...reclaim.policy.counters };
  return {
    pgscan_direct: counters.pgscan_direct,
    pgscan_kswapd: counters.pgscan_kswapd,
    pgrefill: own.pgrefill,
    pgsteal_direct: counters.pgsteal_direct,
    pgsteal_kswapd: counters.pgsteal_kswapd,
    pgscan_proactive: counters.pgscan_proactive,
    pgsteal_proactive: counters.pgsteal_proactive,
    reclaim_asked_pages: counters.reclaim_asked_pages,
    pgactivate: own.pgactivate,
    pgdeactivate: own.pgdeactivate,
    pgpgin: (counters.pswpin + counters.file_pages_in) * PAGE_KIB,
    pgpgout: (counters.pswpout + counters.file_pages_out) * PAGE_KIB,
    pswpin: counters.pswpin,
    pswpout: counters.pswpout,
    swap_full: counters.swap_full,
    readahead_pages: counters.readahead_pages,
    swap_ra: counters.swap_ra,
    swap_ra_hit: counters.swap_ra_hit,
    workingset_refault_anon: own.workingset_refault_anon,
    workingset_refault_file: own.workingset_refault_file,
    workingset_activate_anon: own.workingset_activate_anon,
    workingset_activate_file: own.workingset_activate_file,
    pglazyfree: counters.pglazyfree,
    pglazyfreed: counters.pglazyfreed,
    oom_events: counters.oom_events,
    oom_kills: counters.oom_kills,
  };
}

function discardMetrics({ counters }: Machine, kernel: PolicyCalls): Counted<'discard'> {
  return {
    discard_calls: kernel.calls,
    discard_pages: kernel.pages,
    discard_errors: kernel.errors,
    discard_failed_pages: kernel.failedPages,
    discard_refused: kernel.refused,
    purged_pages: counters.purged_pages,
    purged_ranges: counters.purged_ranges,
  };
}

function timeMetrics({ ledger }: Machine, tab: Tab | undefined): Counted<'time'> {
  return { cpu_ns: Math.round(ledger.cpuNs(tab)), daemon_ns: Math.round(ledger.daemonNs) };
}

/** What a draw of device latency took. @param touches of the trace and of the program */
function drawTimes(m: Machine, draw: number, touches: number, tab: Tab | undefined): DrawTimes {
  const { draws } = m.ledger;
  const stalls = stallColumns((_, part) =>
    Math.round(m.allSpacesEver.reduce((sum, space) => sum + space.account.drawNs(part, draw, draws, tab), 0)),
  );
  const { touchNs, long, ioWaitNs } = m.ledger.totals(draw, touches, m.costs.touch.ns, tab);
  return {
    ...stalls,
    // The whole is the sum of the rounded parts, so that it can be checked against them.
    stall_ns: sumOf(stalls),
    touch_ns_p99: touchNs.p99,
    touch_ns_p999: touchNs.p999,
    touch_ns_max: touchNs.max,
    stalls_over_100us: long.over100us,
    stalls_over_1ms: long.over1ms,
    stalls_over_10ms: long.over10ms,
    io_wait_ns: Math.round(ioWaitNs),
  };
}

/** What each draw of device latency took. @param touches of the trace's own reads and writes @param tab as in `machineMetrics` */
export function machineDraws(m: Machine, program: SimulatedProgram, touches: number, tab?: Tab): DrawTimes[] {
  const all = touches + program.touches;
  return Array.from({ length: m.ledger.draws }, (_, draw) => drawTimes(m, draw, all, tab));
}

function sumOf(stalls: Readonly<Record<StallColumn, number>>): number {
  return Object.values(stalls).reduce((sum, ns) => sum + ns, 0);
}

/**
 * What the machine counted.
 *
 * @param calls of the discard policy
 * @param tab of a policy that follows, whose calls these are
 */
export function machineMetrics(
  m: Machine,
  calls: PolicyCalls,
  program: SimulatedProgram,
  outcomes: CallOutcomes,
  tab?: Tab,
): CountedMetrics {
  return {
    ...memoryMetrics(m),
    ...faultMetrics(m, program),
    ...hugeMetrics(m),
    ...reclaimMetrics(m),
    ...mergeMetrics(m),
    ...discardMetrics(m, calls),
    call_errors: outcomes.errors,
    advice_ignored: outcomes.ignored,
    unmade_touches: outcomes.unmadeTouches,
    ...timeMetrics(m, tab),
    ...pressureCounts(m, m.ledger.pressure.machine),
  };
}

function outcomeOf({ killed, endedUs }: Space): string {
  if (killed) return 'killed';
  return endedUs === undefined ? 'alive' : 'exited';
}

/** What one space paid, means over draws: a row of spaces.csv without its cell. */
function spaceRow(m: Machine, space: Space, tab: Tab | undefined): Paid {
  const stalls = stallColumns((_, part) => Math.round(space.account.meanNs(part, m.ledger.draws, tab)));
  return {
    space: space.id,
    name: space.name,
    touches: space.touches,
    pgfault: space.pgfault,
    pgmajfault: space.pgmajfault,
    stall_ns: sumOf(stalls),
    ...stalls,
    page_seconds: space.pageUs / 1e6,
    struct_page_bytes: space.structPagesPeak * m.settings.structPageBytes,
    ...m.ksm.processStat(space),
    outcome: outcomeOf(space),
    ended_us: space.endedUs ?? null,
  };
}

/** What no space maps costs nothing but memory. */
const UNMAPPED: Omit<Paid, 'page_seconds'> = {
  space: null,
  name: '(mapped by no space)',
  touches: null,
  pgfault: null,
  pgmajfault: null,
  stall_ns: null,
  ...stallColumns(() => null),
  struct_page_bytes: null,
  ksm_rmap_items: null,
  ksm_merging_pages: null,
  ksm_zero_pages: null,
  ksm_process_profit: null,
  outcome: null,
  ended_us: null,
};

/**
 * The rows of spaces.csv: what each space paid, in the order the spaces began, and last what no space mapped. The
 * page-seconds of all rows add up to those of resident pages. @param tab as in `machineMetrics`
 */
export function spaceRows(m: Machine, residentPageUs: number, tab?: Tab): Paid[] {
  const mapped = m.allSpacesEver.reduce((sum, space) => sum + space.pageUs, 0);
  return [
    ...m.allSpacesEver.map((space) => spaceRow(m, space, tab)),
    { ...UNMAPPED, page_seconds: (residentPageUs - mapped) / 1e6 },
  ];
}

/** A size of a group's file; null for `max`. */
function sizeOf(pages: number): number | null {
  return Number.isFinite(pages) ? pages : null;
}

/** What the lists of a group, and of those below it, have counted. */
function listCounts(
  group: Group,
): Pick<GroupCount, 'pgscan' | 'workingset_refault_anon' | 'workingset_refault_file'> {
  const sums = { pgscan: 0, workingset_refault_anon: 0, workingset_refault_file: 0 };
  for (const { policy } of group.below()) {
    const counted = { ...NOT_COUNTED, ...policy.counters };
    sums.pgscan += counted.pgscan;
    sums.workingset_refault_anon += counted.workingset_refault_anon;
    sums.workingset_refault_file += counted.workingset_refault_file;
  }
  return sums;
}

function groupRow(m: Machine, group: Group): GroupCount {
  const { counters } = group;
  return {
    cgroup: group.path,
    memory_max_pages: sizeOf(group.max),
    memory_high_pages: sizeOf(group.high),
    memory_low_pages: sizeOf(group.low),
    memory_min_pages: sizeOf(group.min),
    memory_pages_mean: group.meanUsage(m.nowUs),
    memory_pages_peak: group.peak,
    memory_pages_end: group.usage,
    swap_pages_peak: group.swapPeak,
    swap_pages_end: group.swap,
    pgfault: counters.pgfault,
    pgmajfault: counters.pgmajfault,
    ...listCounts(group),
    pgsteal: counters.pgsteal,
    reclaim_asked_pages: counters.asked,
    pgsteal_proactive: counters.proactive,
    events_low: counters.low,
    events_high: counters.high,
    events_max: counters.max,
    events_oom: counters.oom,
    events_oom_kill: counters.oomKill,
    stall_ns: Math.round(counters.stallNs),
    throttle_ns: counters.throttleNs,
    ...pressureCounts(m, group.pressure),
  };
}

/** The rows of groups.csv at this moment, in the order in which groups were made. */
export function groupRows(m: Machine): GroupCount[] {
  const { cgroups } = m.reclaim;
  if (!cgroups) return [];
  cgroups.settle();
  m.ledger.pressure.settle(m.nowUs * NS_PER_US);
  return cgroups.groups.slice(1).map((group) => groupRow(m, group));
}
