/**
 * Every metric the program reports: its name, unit, better direction and meaning, in the order of the columns.
 * CSV files, tables, figures and the gate read this schema, never a column's position.
 * Names that Linux has (vmstat, memory.stat, KSM's sysfs) are used as Linux uses them.
 */

import type { Touches } from '../base/touches.js';
import { hugePages } from './huge-pages.js';

/** What a metric counts in. */
export type Unit = 'pages' | 'bytes' | 'KiB' | 'ns' | 'µs' | '%' | 'per 1000 touches' | 'count' | 'ratio';
/** Which way a metric changes for the better. */
export type Better = 'lower' | 'higher' | 'neither';

/**
 * What a metric holds when its cell has run to the end: a number; a `rate` over touches, which applies only where all of
 * them were recorded; a `fault`, a count that accesses to pages which reclaim took would add to, and which does not apply
 * under a limit where such accesses are not in the trace; a `saving`, which is empty without a base cell to compare with; or a
 * `closed`, which is empty with an open clock.
 */
export type MetricKind = 'number' | 'rate' | 'fault' | 'saving' | 'closed';

/** Whether a metric of a kind says something. @param short whether memory could be short: there was a limit, or a size */
export function applies(kind: MetricKind, touches: Touches, short: boolean): boolean {
  if (kind === 'rate') return touches === 'recorded';
  return kind !== 'fault' || touches !== 'first-access' || !short;
}

/** One line of the schema; its kind is `number` where none is given. */
type Line = readonly [unit: Unit, better: Better, meaning: string, kind?: MetricKind];
type Group = Readonly<Record<string, Line>>;

/** The parts of a program's stall time, in the order of their columns. */
export const STALL_PARTS = [
  'minor',
  'major',
  'read',
  'cow',
  'reclaim',
  'discard',
  'pin',
  'sigbus',
  'regen',
] as const;
export type StallPart = (typeof STALL_PARTS)[number];
export type StallColumn = `stall_${StallPart}_ns`;

/** A value for the column of each stall part. */
export function stallColumns<const T>(of: (part: StallPart, index: number) => T): Record<StallColumn, T> {
  const columns = STALL_PARTS.map((part, i) => [`stall_${part}_ns`, of(part, i)] as const);
  return Object.fromEntries(columns) as Record<StallColumn, T>;
}

/** Stands where a metric does not apply: the trace lacks the accesses that it would need. */
export const NOT_APPLICABLE = 'n/a';

const memory = {
  resident_pages_mean: [
    'pages',
    'lower',
    'frames charged to the limit, each once (anon, page cache, shmem, lazily freed; not the zero page, not XIP): mean over trace time',
  ],
  resident_pages_peak: ['pages', 'lower', 'the most frames charged at any moment'],
  resident_pages_end: ['pages', 'lower', 'frames charged after the last event'],
  rss_pages_peak: [
    'pages',
    'lower',
    'the most page table entries present at any moment, summed over spaces (excluding the zero page)',
  ],
  rss_pages_end: ['pages', 'lower', 'page table entries present after the last event'],
  swap_pages_mean: ['pages', 'lower', 'swap slots in use: mean over trace time'],
  swap_pages_end: ['pages', 'lower', 'swap slots in use after the last event'],
  swapcache_pages_end: [
    'pages',
    'neither',
    'frames that also hold a swap slot with the same contents, after the last event',
  ],
  footprint_pages_mean: [
    'pages',
    'lower',
    'resident pages, the swap slots that are not also in the swap cache, compressed pages by their size, and hugetlb pages in use: mean over trace time',
  ],
  saved_pages_mean: [
    'pages',
    'higher',
    'footprint_pages_mean of the base cell (discard keep, merge none, all else equal) minus that of this cell',
    'saving',
  ],
  saved_pages_net_mean: [
    'pages',
    'higher',
    'saved_pages_mean minus what this cell needs beyond its base for page tables, struct pages and merge metadata',
    'saving',
  ],
  volatile_pages_mean: ['pages', 'neither', 'resident pages marked volatile: mean over trace time'],
  page_table_pages_peak: [
    'pages',
    'lower',
    'the most page-table pages (512 entries a page, and their directories) at any moment',
  ],
  struct_page_bytes: [
    'bytes',
    'lower',
    'the most memory-map bytes that mappings of images with struct pages cost at any moment: each space has a memory map of its own for the image',
  ],
  merge_metadata_bytes: ['bytes', 'lower', 'bytes of merge tracking (64 a rmap_item) after the last event'],
  reported_pages_mean: [
    'pages',
    'higher',
    'free pages of a guest that free-page reporting has given back to the host: mean over trace time',
  ],
  anon_huge_pages_mean: [
    'pages',
    'neither',
    'pages of private memory that are mapped as huge pages, 512 each, summed over spaces (AnonHugePages): mean over trace time',
  ],
  anon_huge_pages_end: ['pages', 'neither', 'the same after the last event'],
  hugetlb_pages_mean: [
    'pages',
    'lower',
    'hugetlb pages in use, 512 pages each; RSS and what is charged do not count them: mean over trace time',
  ],
  hugetlb_pages_peak: ['pages', 'lower', 'the most hugetlb pages in use at any moment, 512 pages each'],
  hugetlb_pages_end: ['pages', 'lower', 'hugetlb pages in use after the last event'],
  vmas_peak: ['count', 'lower', 'the most virtual memory areas at any moment, summed over spaces'],
} as const satisfies Group;

const faults = {
  pgfault: ['count', 'lower', 'page faults, including major ones', 'fault'],
  pgmajfault: ['count', 'lower', 'page faults that waited for a device', 'fault'],
  minor_rate: [
    'per 1000 touches',
    'lower',
    'minor faults per 1000 of the touches of the trace itself',
    'rate',
  ],
  major_rate: [
    'per 1000 touches',
    'lower',
    'major faults per 1000 of the touches of the trace itself',
    'rate',
  ],
  swapin_rate: [
    'per 1000 touches',
    'lower',
    'pages read from swap per 1000 of the touches of the trace itself',
    'rate',
  ],
  regen_rate: [
    'per 1000 touches',
    'lower',
    'regenerated pages per 1000 of the touches of the trace itself',
    'rate',
  ],
  cow_breaks: ['count', 'lower', 'write faults that copied a shared page (including the zero page)', 'fault'],
  cow_reuse: [
    'count',
    'neither',
    'write faults on a page that is no longer shared: reused without a copy',
    'fault',
  ],
  cow_ksm: ['count', 'lower', 'copies of merged pages: by write faults, and by unmerging', 'fault'],
  purge_faults: ['count', 'lower', 'faults on purged volatile pages', 'fault'],
  sigbus: [
    'count',
    'lower',
    'SIGBUS signals: access to a purged page or beyond the end of an object',
    'fault',
  ],
  host_faults: ['count', 'lower', 'frames allocated again after the host had taken them back', 'fault'],
  regenerated_pages: ['pages', 'lower', 'pages the program regenerated after a drop or purge', 'fault'],
  regenerated_ranges: ['count', 'lower', 'ranges the program regenerated after a drop or purge', 'fault'],
} as const satisfies Group;

const reclaim = {
  pgscan_direct: ['pages', 'lower', 'pages that direct reclaim scanned'],
  pgscan_kswapd: ['pages', 'lower', 'pages that kswapd scanned'],
  pgrefill: ['pages', 'lower', 'pages scanned on active lists'],
  pgsteal_direct: ['pages', 'neither', 'pages that direct reclaim reclaimed'],
  pgsteal_kswapd: ['pages', 'neither', 'pages that kswapd reclaimed'],
  pgscan_proactive: [
    'pages',
    'neither',
    'pages that memory.reclaim scanned; before Linux 6.16 they are in pgscan_direct',
  ],
  pgsteal_proactive: [
    'pages',
    'neither',
    'pages that memory.reclaim reclaimed; before Linux 6.16 they are in pgsteal_direct',
  ],
  reclaim_asked_pages: [
    'pages',
    'neither',
    'pages that memory.reclaim was asked for, by the trace or a controller',
  ],
  pgactivate: ['pages', 'neither', 'pages moved to an active list'],
  pgdeactivate: ['pages', 'neither', 'pages moved to an inactive list'],
  pgpgin: ['KiB', 'lower', 'KiB read from devices, including swap', 'fault'],
  pgpgout: ['KiB', 'lower', 'KiB written to devices, including swap'],
  pswpin: ['pages', 'lower', 'pages read from swap', 'fault'],
  pswpout: ['pages', 'lower', 'pages written to swap'],
  swap_full: ['count', 'lower', 'searches for pages to reclaim while no swap slot was free'],
  readahead_pages: [
    'pages',
    'neither',
    'file pages that reading ahead took into the page cache, those that were waited for included',
    'fault',
  ],
  swap_ra: ['pages', 'neither', 'pages read from swap that nothing had asked for', 'fault'],
  swap_ra_hit: ['pages', 'higher', 'of these, pages that were used while still in the swap cache', 'fault'],
  workingset_refault_anon: [
    'pages',
    'lower',
    'anonymous and shared-memory pages that came back with their eviction still on record',
    'fault',
  ],
  workingset_refault_file: [
    'pages',
    'lower',
    'file pages that came back with their eviction still on record',
    'fault',
  ],
  workingset_activate_anon: [
    'pages',
    'neither',
    'refaulted anonymous and shared-memory pages activated immediately',
    'fault',
  ],
  workingset_activate_file: ['pages', 'neither', 'refaulted file pages activated immediately', 'fault'],
  pglazyfree: ['pages', 'neither', 'pages marked by MADV_FREE'],
  pglazyfreed: ['pages', 'higher', 'pages marked by MADV_FREE that reclaim dropped without a write'],
  oom_events: [
    'count',
    'lower',
    'times the limit could not be met; the cell ends at the first, unless the OOM killer kills',
  ],
  oom_kills: ['count', 'lower', 'spaces that the OOM killer killed'],
  events_skipped: [
    'count',
    'lower',
    'events of killed spaces, and of children that these would have forked, not carried out',
  ],
} as const satisfies Group;

const merge = {
  pages_shared: ['pages', 'neither', 'KSM: merged pages in use'],
  pages_sharing: ['pages', 'higher', 'KSM: additional mappings of merged pages: what merging saves'],
  pages_unshared: ['pages', 'neither', 'KSM: pages scanned and found unique'],
  pages_volatile: ['pages', 'neither', 'KSM: pages that changed too fast to be placed'],
  pages_skipped: ['pages', 'neither', 'KSM: pages that smart scan passed over'],
  ksm_zero_pages: ['pages', 'higher', 'KSM: zero pages replaced by the shared zero page'],
  pages_scanned: ['pages', 'lower', 'KSM: pages ksmd scanned'],
  full_scans: ['count', 'neither', 'KSM: complete rounds over all mergeable memory'],
  stable_node_chains: ['count', 'lower', 'KSM: contents that fill more than one stable node'],
  stable_node_dups: ['count', 'lower', 'KSM: stable nodes in chains'],
  general_profit: ['bytes', 'higher', 'KSM: bytes saved minus bytes of rmap_items'],
  ksmd_cpu_ns: ['ns', 'lower', 'CPU time of ksmd'],
} as const satisfies Group;

const discard = {
  discard_calls: [
    'count',
    'lower',
    'system calls the discard policy made to give memory back (not counting look-ups)',
  ],
  discard_pages: ['pages', 'neither', 'pages in the ranges of those calls'],
  discard_errors: [
    'count',
    'lower',
    'those calls that returned an error (including ENOMEM after partial work)',
  ],
  discard_failed_pages: ['pages', 'lower', 'pages that a call returning an error left unchanged'],
  discard_refused: [
    'count',
    'lower',
    'of those errors, calls that were not made because they would have destroyed a file for everyone (destroy=1 makes them)',
  ],
  discard_late_pages: [
    'pages',
    'neither',
    'pages that a discard policy with a delay gave back later than at their discard',
  ],
  discard_cancelled_pages: [
    'pages',
    'neither',
    'pages that were in use, or discarded, again before a discard policy with a delay gave them back: no call was made',
  ],
  discard_unmapped_pages: [
    'pages',
    'neither',
    'pages that were unmapped before a discard policy with a delay gave them back',
  ],
  discard_pending_pages: [
    'pages',
    'neither',
    'pages that were discarded and that a discard policy with a delay has not given back after the last event',
  ],
  purged_pages: ['pages', 'neither', 'volatile pages that reclaim purged'],
  purged_ranges: ['count', 'neither', 'volatile ranges of which reclaim purged at least one page'],
} as const satisfies Group;

const calls = {
  call_errors: [
    'count',
    'neither',
    'system calls of the trace itself (map, unmap, remap, protect, lock, madvise, fallocate, prctl) that returned an error; the program goes on (calls.csv has them by call and error)',
  ],
  advice_ignored: [
    'count',
    'neither',
    'advice of the trace that is accepted and not modelled (MADV_HUGEPAGE, MADV_COLLAPSE): on a live kernel, memory and faults would differ',
  ],
  unmade_touches: [
    'count',
    'neither',
    'touches of the trace that were left out: the mapping or protection that they rely on had failed',
  ],
} as const satisfies Group;

const time = {
  stall_ns: [
    'ns',
    'lower',
    'time programs waited for the kernel or for regeneration: the sum of the stall parts (the times that depend on device latency are means over draws; draws.csv has each)',
  ],
  stall_minor_ns: ['ns', 'lower', 'in minor faults'],
  stall_major_ns: ['ns', 'lower', 'in major faults, including the wait for the device'],
  stall_read_ns: ['ns', 'lower', 'waiting for the device in reads and writes of files (pread, pwrite)'],
  stall_cow_ns: ['ns', 'lower', 'in copy-on-write faults'],
  stall_reclaim_ns: ['ns', 'lower', 'in direct reclaim, or held above memory.high'],
  stall_discard_ns: [
    'ns',
    'lower',
    'in the calls of discard and unpin, and in advice that the trace contains verbatim; with cpus above 1 also the TLB shootdowns of unmap, map, protect, remap and fork',
  ],
  stall_pin_ns: ['ns', 'lower', 'in the calls of pin'],
  stall_sigbus_ns: ['ns', 'lower', 'in SIGBUS handlers'],
  stall_regen_ns: ['ns', 'lower', 'regenerating contents'],
  touch_ns_p99: ['ns', 'lower', '99th percentile of the time of a touch, over all touches'],
  touch_ns_p999: ['ns', 'lower', '99.9th percentile of the time of a touch, over all touches'],
  touch_ns_max: ['ns', 'lower', 'the longest touch'],
  stalls_over_100us: ['count', 'lower', 'touches and calls that took more than 100 µs'],
  stalls_over_1ms: ['count', 'lower', 'touches and calls that took more than 1 ms'],
  stalls_over_10ms: ['count', 'lower', 'touches and calls that took more than 10 ms'],
  cpu_ns: ['ns', 'lower', 'CPU time of faults, calls, reclaim and regeneration, charged to programs'],
  io_wait_ns: [
    'ns',
    'lower',
    'time programs waited for devices, or were held above memory.high; stall_ns = cpu_ns + io_wait_ns',
  ],
  daemon_ns: [
    'ns',
    'lower',
    'CPU time of daemons (ksmd, kswapd) and of limit changes, charged to no program',
  ],
  run_time_ns: [
    'ns',
    'lower',
    'closed clock: from the first event of the trace until the last thread is done, as stalls delay it; empty with an open clock',
    'closed',
  ],
  slowdown: [
    'ratio',
    'lower',
    'closed clock: run_time_ns divided by that of the cell with discard keep, merge none, no limit, no size of memory and all else equal; empty without such a cell',
    'saving',
  ],
  late_events: [
    'count',
    'lower',
    'closed clock: events that came later than their threads would have made them, since a thread was more than 983040 events ahead of another; empty with an open clock',
    'closed',
  ],
} as const satisfies Group & Record<StallColumn, Line>;

const pressure = {
  psi_some_us: [
    'µs',
    'lower',
    'memory pressure (PSI, "some"): for how long at least one thread stalled in direct reclaim, was held above memory.high, or waited for a page of the working set to come back; in the first draw of device latency',
    'fault',
  ],
  psi_some_avg10: [
    '%',
    'lower',
    'the same, as the kernel averages it over 10 s: when the last stall is over',
    'fault',
  ],
  psi_some_avg60: ['%', 'lower', 'the same over 60 s', 'fault'],
  psi_some_avg300: ['%', 'lower', 'the same over 300 s', 'fault'],
  psi_full_us: [
    'µs',
    'lower',
    'memory pressure (PSI, "full"): of that time, for how long no other thread was known to run, as in a fault; the CPU time of programs of their own is not in traces',
    'fault',
  ],
  psi_full_avg10: [
    '%',
    'lower',
    'the same, as the kernel averages it over 10 s: when the last stall is over',
    'fault',
  ],
  psi_full_avg60: ['%', 'lower', 'the same over 60 s', 'fault'],
  psi_full_avg300: ['%', 'lower', 'the same over 300 s', 'fault'],
} as const satisfies Group;

const huge = hugePages satisfies Group;

const GROUPS = {
  memory,
  faults,
  huge,
  reclaim,
  merge,
  discard,
  calls,
  time,
  pressure,
} as const satisfies Record<string, Group>;
type Groups = typeof GROUPS;

/** What a metric is about: tables and documentation are grouped by it. */
export type MetricGroup = keyof Groups;
/** The names of all groups. */
export const METRIC_GROUPS = Object.keys(GROUPS) as readonly MetricGroup[];
/** The names of the metrics of a group. */
export type MetricOf<G extends MetricGroup> = { [K in G]: Extract<keyof Groups[K], string> }[G];
/** The names of all metrics. */
export type MetricName = MetricOf<MetricGroup>;

type KindOf<L> = L extends readonly [Unit, Better, string, infer K extends MetricKind] ? K : 'number';
type KindsOf<G extends Group> = { readonly [N in keyof G]: KindOf<G[N]> };

/** The kind of each metric. */
export type MetricKinds = KindsOf<Groups['memory']> &
  KindsOf<Groups['faults']> &
  KindsOf<Groups['huge']> &
  KindsOf<Groups['reclaim']> &
  KindsOf<Groups['merge']> &
  KindsOf<Groups['discard']> &
  KindsOf<Groups['calls']> &
  KindsOf<Groups['time']> &
  KindsOf<Groups['pressure']>;

interface KindValues {
  readonly number: number;
  readonly rate: number | typeof NOT_APPLICABLE;
  readonly fault: number | typeof NOT_APPLICABLE;
  readonly saving: number | null;
  readonly closed: number | null;
}

/** All metrics of a finished replay with their values. */
export type Metrics = { readonly [N in MetricName]: KindValues[MetricKinds[N]] };

/** The metrics that the draw of device latency changes: runs.csv has their means over draws, draws.csv each. */
export const DRAWN_METRICS = [
  'stall_ns',
  ...STALL_PARTS.map((part): StallColumn => `stall_${part}_ns`),
  'io_wait_ns',
  'touch_ns_p99',
  'touch_ns_p999',
  'touch_ns_max',
  'stalls_over_100us',
  'stalls_over_1ms',
  'stalls_over_10ms',
] as const satisfies readonly MetricOf<'time'>[];
export type DrawnMetric = (typeof DRAWN_METRICS)[number];

/** What PSI says of memory: times of the first draw of device latency, whatever the others take. */
export const PRESSURE_METRICS = Object.keys(pressure) as readonly MetricOf<'pressure'>[];

/** The metrics that a discard policy counts which gives memory back later. */
export const LATER_METRICS = [
  'discard_late_pages',
  'discard_cancelled_pages',
  'discard_unmapped_pages',
  'discard_pending_pages',
] as const satisfies readonly MetricOf<'discard'>[];
export type LaterMetric = (typeof LATER_METRICS)[number];

/** The metrics of a closed clock. */
const CLOSED_METRICS = [
  'run_time_ns',
  'slowdown',
  'late_events',
] as const satisfies readonly MetricOf<'time'>[];
export type ClosedMetric = (typeof CLOSED_METRICS)[number];

/** A column of runs.csv that is measured. */
export interface Metric {
  readonly name: MetricName;
  readonly group: MetricGroup;
  readonly unit: Unit;
  /** Which direction is an improvement; `neither` where it depends on the question. */
  readonly better: Better;
  readonly meaning: string;
  readonly kind: MetricKind;
}

function metricsOf(group: MetricGroup): Metric[] {
  const lines = Object.entries<Line>(GROUPS[group]) as [MetricName, Line][];
  return lines.map(([name, [unit, better, meaning, kind = 'number']]) => ({
    name,
    group,
    unit,
    better,
    meaning,
    kind,
  }));
}

/**
 * All metrics in the order of the columns of runs.csv.
 *
 * @example What a metric means
 * ```ts
 * import { METRICS } from 'reclaim-bench';
 *
 * const { unit, better, meaning } = METRICS.find(({ name }) => name === 'pgmajfault')!;
 * console.log(`${meaning} (${unit}, ${better} is better)`);
 * // → page faults that waited for a device (count, lower is better)
 * ```
 */
export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(metricsOf);

/**
 * Version of the result files. Raised when a column changes its meaning or a file its form: results of two versions are
 * not compared. A column that is new, or gone, is seen by its name and does not raise it.
 */
export const SCHEMA_VERSION = 2;

/**
 * How a cell ended: it ran to the end; a policy refused it; its limit could not be met; a live machine took longer than it may;
 * its worker died.
 */
export const OUTCOMES = ['ok', 'refused', 'killed', 'oom', 'timeout', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];
