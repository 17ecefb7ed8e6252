import { PAGE_KIB } from '../base/page.js';
import type { Machine } from '../machine/machine.js';
import type { Row, Value } from '../metrics/csv.js';
import { METRICS, NOT_APPLICABLE, STALL_PARTS } from '../metrics/schema.js';
import type { SimulatedKernel } from './kernel.js';
import type { SimulatedProgram } from './program.js';
import type { MemoryMeans } from './sampler.js';

const PER = 1000;

function perTouches(count: number, touches: number, inferred: boolean): Value {
  if (inferred) return NOT_APPLICABLE;
  return touches === 0 ? 0 : (count * PER) / touches;
}

function memoryMetrics(m: Machine, means: MemoryMeans): Record<string, Value> {
  return {
    resident_pages_mean: means.resident,
    resident_pages_peak: m.frames.peak,
    resident_pages_end: m.frames.inUse,
    rss_pages_peak: m.rssPeak,
    rss_pages_end: m.rss,
    swap_pages_mean: means.swap,
    swap_pages_end: m.swap.inUse,
    swapcache_pages_end: m.frames.inSwapCache,
    footprint_pages_mean: means.footprint,
    saved_pages_mean: null,
    saved_pages_net_mean: null,
    volatile_pages_mean: means.volatile,
    reported_pages_mean: means.reported,
    page_table_pages_peak: m.tables.peak,
    struct_page_bytes: m.structPagesPeak * m.settings.structPageBytes,
    vmas_peak: m.vmasPeak,
  };
}

function mergeMetrics({ ksm }: Machine): Record<string, Value> {
  const { tracking, ksmd } = ksm;
  return {
    merge_metadata_bytes: ksm.strategy.metadataBytes,
    pages_shared: ksm.strategy.pagesShared,
    pages_sharing: ksm.strategy.pagesSharing,
    pages_unshared: tracking.pagesUnshared,
    pages_volatile: ksm.strategy.pagesVolatile,
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

function faultMetrics(
  m: Machine,
  program: SimulatedProgram,
  touches: number,
  inferred: boolean,
): Record<string, Value> {
  const { counters } = m;
  return {
    ...counters,
    minor_rate: perTouches(counters.pgfault - counters.pgmajfault, touches, inferred),
    major_rate: perTouches(counters.pgmajfault, touches, inferred),
    swapin_rate: perTouches(counters.pswpin, touches, inferred),
    regen_rate: perTouches(program.regeneratedPages, touches, inferred),
    host_faults: m.zone?.reporting?.hostFaults ?? 0,
    regenerated_pages: program.regeneratedPages,
    regenerated_ranges: program.regeneratedRanges,
    pgpgin: (counters.pswpin + counters.file_pages_in) * PAGE_KIB,
    pgpgout: (counters.pswpout + counters.file_pages_out) * PAGE_KIB,
  };
}

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

/** All metrics of a finished replay, by name and in schema order; what this machine does not have is 0. */
export function collectMetrics(
  m: Machine,
  kernel: SimulatedKernel,
  program: SimulatedProgram,
  means: MemoryMeans,
  touches: number,
  touchesInferred: boolean,
): Row {
  const values: Record<string, Value> = {
    ...faultMetrics(m, program, touches, touchesInferred),
    ...policyCounters(m),
    ...memoryMetrics(m, means),
    ...mergeMetrics(m),
    discard_calls: kernel.calls,
    discard_pages: kernel.pages,
    discard_errors: kernel.errors,
    discard_failed_pages: kernel.failedPages,
    discard_refused: kernel.refused,
    ...timeMetrics(m, touches + program.touches),
  };
  return Object.fromEntries(METRICS.map(({ name }) => [name, name in values ? (values[name] as Value) : 0]));
}

/** The policy's own counters, apart from `pgscan`, which the machine counts by who reclaims. */
function policyCounters(m: Machine): Record<string, Value> {
  const { pgscan: _counted, ...others } = m.reclaim.policy.counters;
  return others;
}

/**
 * The rows of spaces.csv: what each space paid, in the order the spaces began, and last what no space mapped. The
 * page-seconds of all rows add up to those of resident pages.
 */
export function spaceRows(m: Machine, residentPageUs: number): Row[] {
  const rows: Row[] = m.everySpace.map((space) => ({
    space: space.id,
    name: space.name,
    touches: space.touches,
    pgfault: space.pgfault,
    pgmajfault: space.pgmajfault,
    ...Object.fromEntries(
      STALL_PARTS.map((part, i) => [`stall_${part}_ns`, Math.round(space.account.stallNs[i]!)]),
    ),
    stall_ns: STALL_PARTS.reduce((sum, _, i) => sum + Math.round(space.account.stallNs[i]!), 0),
    page_seconds: space.pageUs / 1e6,
    struct_page_bytes: space.structPagesPeak * m.settings.structPageBytes,
    ...m.ksm.processStat(space),
  }));
  const mapped = m.everySpace.reduce((sum, space) => sum + space.pageUs, 0);
  return [
    ...rows,
    { space: null, name: '(mapped by nobody)', page_seconds: (residentPageUs - mapped) / 1e6 },
  ];
}
