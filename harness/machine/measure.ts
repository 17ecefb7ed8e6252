import { PAGE_BYTES, PAGE_KIB } from '../base/page.js';
import type { Row, Value } from '../metrics/csv.js';
import { STALL_PARTS } from '../metrics/schema.js';
import type { MemoryGauges } from '../target/contract.js';
import type { SimulatedKernel } from './kernel.js';
import type { Machine } from './machine.js';
import type { Space } from './mapping/space.js';
import type { SimulatedProgram } from './program.js';

/** Memory at this moment. Called at every change of time. */
export function gauges({
  frames,
  swap,
  tables,
  pages,
  zone,
  structPagesMapped,
  settings,
  ksm,
}: Machine): MemoryGauges {
  const slots = swap.synchronous ? swap.compressedBytes / PAGE_BYTES : swap.inUse - frames.inSwapCache;
  return {
    resident: frames.inUse,
    swap: swap.inUse,
    overhead: tables.pages + (structPagesMapped * settings.structPageBytes + ksm.metadataBytes) / PAGE_BYTES,
    footprint: frames.inUse + slots,
    lazyfree: pages.lazyfree,
    volatile: pages.volatile,
    reported: zone?.reporting?.reportedPages ?? 0,
  };
}

/** The columns of timeline.csv at this moment. */
export function timelineValues(m: Machine): Record<string, Value> {
  const { resident, swap, footprint, lazyfree, volatile } = gauges(m);
  return {
    limit_pages: m.reclaim.limited ? m.reclaim.limit : null,
    resident_pages: resident,
    rss_pages: m.rss,
    swap_pages: swap,
    swapcache_pages: m.frames.inSwapCache,
    footprint_pages: footprint,
    lazyfree_pages: lazyfree,
    volatile_pages: volatile,
    page_table_pages: m.tables.pages,
    pages_shared: m.ksm.pagesShared,
    pages_sharing: m.ksm.pagesSharing,
    ksm_zero_pages: m.ksm.zeroPages,
    vmas: m.vmas,
  };
}

function memoryMetrics(m: Machine): Record<string, Value> {
  return {
    resident_pages_peak: m.frames.peak,
    resident_pages_end: m.frames.inUse,
    rss_pages_peak: m.rssPeak,
    rss_pages_end: m.rss,
    swap_pages_end: m.swap.inUse,
    swapcache_pages_end: m.frames.inSwapCache,
    page_table_pages_peak: m.tables.peak,
    struct_page_bytes: m.structPagesPeak * m.settings.structPageBytes,
    vmas_peak: m.vmasPeak,
  };
}

function mergeMetrics({ ksm }: Machine): Record<string, Value> {
  const { tracking, ksmd } = ksm;
  return {
    merge_metadata_bytes: ksm.metadataBytes,
    pages_shared: ksm.pagesShared,
    pages_sharing: ksm.pagesSharing,
    pages_unshared: tracking.pagesUnshared,
    pages_volatile: ksm.instant ? 0 : tracking.pagesVolatile,
    pages_skipped: ksmd.pagesSkipped,
    ksm_zero_pages: ksm.zeroPages,
    pages_scanned: ksmd.pagesScanned,
    full_scans: ksmd.fullScans,
    stable_node_chains: tracking.nodes.chains,
    stable_node_dups: tracking.nodes.dups,
    general_profit: ksm.generalProfit,
    ksmd_cpu_ns: Math.round(ksmd.cpuNs),
  };
}

function faultMetrics(m: Machine, program: SimulatedProgram): Record<string, Value> {
  const { file_pages_in, file_pages_out, ...counters } = m.counters;
  return {
    ...counters,
    host_faults: m.zone?.reporting?.hostFaults ?? 0,
    regenerated_pages: program.regeneratedPages,
    regenerated_ranges: program.regeneratedRanges,
    pgpgin: (counters.pswpin + file_pages_in) * PAGE_KIB,
    pgpgout: (counters.pswpout + file_pages_out) * PAGE_KIB,
  };
}

function discardMetrics(kernel: SimulatedKernel): Record<string, Value> {
  return {
    discard_calls: kernel.calls,
    discard_pages: kernel.pages,
    discard_errors: kernel.errors,
    discard_failed_pages: kernel.failedPages,
    discard_refused: kernel.refused,
  };
}

/** @param touches all of the program's: those of the trace, and those that its discard policy made */
function timeMetrics(m: Machine, touches: number): Record<string, Value> {
  const { ledger } = m;
  const stalls = STALL_PARTS.map((_, part) =>
    m.everySpace.reduce((sum, space) => sum + space.account.stallNs[part]!, 0),
  );
  const parts = STALL_PARTS.map((part, i) => [`stall_${part}_ns`, Math.round(stalls[i]!)] as const);
  const times = ledger.touchTimes(touches, m.costs.touch.ns);
  return {
    ...Object.fromEntries(parts),
    // The whole is the sum of the rounded parts, so that it can be checked against them.
    stall_ns: parts.reduce((sum, [, ns]) => sum + ns, 0),
    touch_ns_p99: times.p99,
    touch_ns_p999: times.p999,
    touch_ns_max: times.max,
    stalls_over_100us: ledger.over100us,
    stalls_over_1ms: ledger.over1ms,
    stalls_over_10ms: ledger.over10ms,
    cpu_ns: Math.round(ledger.cpuNs),
    io_wait_ns: Math.round(ledger.ioWaitNs),
    daemon_ns: Math.round(ledger.daemonNs),
  };
}

/** The policy's own counters, except `pgscan`, which the machine counts by who reclaims. */
function policyCounters(m: Machine): Record<string, Value> {
  const { pgscan: _counted, ...others } = m.reclaim.policy.counters;
  return others;
}

/**
 * What the machine counted, by names of the metric schema.
 *
 * @param touches of the trace's own reads and writes
 */
export function machineMetrics(
  m: Machine,
  kernel: SimulatedKernel,
  program: SimulatedProgram,
  touches: number,
): Record<string, Value> {
  return {
    ...faultMetrics(m, program),
    ...policyCounters(m),
    ...memoryMetrics(m),
    ...mergeMetrics(m),
    ...discardMetrics(kernel),
    ...timeMetrics(m, touches + program.touches),
  };
}

function spaceRow(m: Machine, space: Space): Row {
  const stalls = STALL_PARTS.map((_, i) => Math.round(space.account.stallNs[i]!));
  return {
    space: space.id,
    name: space.name,
    touches: space.touches,
    pgfault: space.pgfault,
    pgmajfault: space.pgmajfault,
    ...Object.fromEntries(STALL_PARTS.map((part, i) => [`stall_${part}_ns`, stalls[i]!])),
    stall_ns: stalls.reduce((sum, ns) => sum + ns, 0),
    page_seconds: space.pageUs / 1e6,
    struct_page_bytes: space.structPagesPeak * m.settings.structPageBytes,
    ...m.ksm.processStat(space),
  };
}

/**
 * The rows of spaces.csv: what each space paid, in the order the spaces began, and last what no space mapped. The
 * page-seconds of all rows add up to those of resident pages.
 */
export function spaceRows(m: Machine, residentPageUs: number): Row[] {
  const mapped = m.everySpace.reduce((sum, space) => sum + space.pageUs, 0);
  return [
    ...m.everySpace.map((space) => spaceRow(m, space)),
    { space: null, name: '(mapped by nobody)', page_seconds: (residentPageUs - mapped) / 1e6 },
  ];
}
