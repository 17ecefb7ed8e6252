import { AXES, AXIS_KINDS, type AxisColumn, type AxisName, SIZE_COLUMNS } from './axes.js';
import { type Columns, columnNames, type Kind, type RowOf } from './columns.js';
import {
  DRAWN_METRICS,
  type DrawnMetric,
  METRICS,
  type MetricKind,
  type MetricKinds,
  type MetricName,
  stallColumns,
} from './schema.js';

/** The columns of runs.csv that say what was run, before the metrics. */
export const KEYS = {
  cell: 'number',
  experiment: 'text',
  trace: 'text',
  /** Of the traces that a generator makes with other seeds, under one name: from 1. */
  replicate: 'number',
  trace_sha256: 'text',
  ...AXIS_KINDS,
  /** How many draws of device latency the times are means of. */
  draws: 'number',
  outcome: 'outcome',
  events: 'number?',
  touches: 'number?',
  trace_time_us: 'number?',
} as const satisfies Columns;
export type KeyColumn = keyof typeof KEYS;
export const KEY_COLUMNS: readonly KeyColumn[] = columnNames(KEYS);

/** The key columns of the axes. */
export type AxisKeys = RowOf<typeof AXIS_KINDS>;

/**
 * Key columns that number a cell, or say what its run found: they do not tell it from others. Sizes in pages follow from
 * the trace and what was asked for.
 */
const NOT_IDENTITY = [
  'cell',
  'experiment',
  'trace_sha256',
  SIZE_COLUMNS.limit,
  SIZE_COLUMNS.memory,
  'draws',
  'outcome',
  'events',
  'touches',
  'trace_time_us',
] as const satisfies readonly KeyColumn[];
export type IdentityColumn = Exclude<KeyColumn, (typeof NOT_IDENTITY)[number]>;

/** The key columns that tell a cell from all others: cells of two runs are matched by them. */
export const IDENTITY_COLUMNS: readonly IdentityColumn[] = KEY_COLUMNS.filter(
  (column): column is IdentityColumn => !(NOT_IDENTITY as readonly string[]).includes(column),
);

/** The key columns by which a claim can select a cell: sizes as they were asked for, or in pages. */
export const SELECTING_COLUMNS: readonly KeyColumn[] = [...IDENTITY_COLUMNS, ...Object.values(SIZE_COLUMNS)];

/** The kind of column of a kind of metric: metrics of a cell that did not run are empty. */
const METRIC_COLUMN = {
  number: 'number?',
  rate: 'applicable?',
  fault: 'applicable?',
  saving: 'number?',
  closed: 'number?',
} as const satisfies Record<MetricKind, Kind>;

type MetricColumns = { readonly [N in MetricName]: (typeof METRIC_COLUMN)[MetricKinds[N]] };

/** The columns of runs.csv: what was run, then what came out; a row a cell. */
const RUNS = {
  ...KEYS,
  ...(Object.fromEntries(METRICS.map(({ name, kind }) => [name, METRIC_COLUMN[kind]])) as MetricColumns),
} as const satisfies Columns;
/** A row of runs.csv: what was run, then what came out. */
export interface RunRow extends RowOf<typeof RUNS> {}

/** The metrics of a cell that did not run. */
export const NO_METRICS = Object.fromEntries(METRICS.map(({ name }) => [name, null])) as Readonly<
  Record<MetricName, null>
>;

/** What a cell is: the key columns that are known before it runs. */
export type CellKeys = Omit<RowOf<typeof KEYS>, 'outcome' | 'events' | 'touches' | 'trace_time_us'>;
/** The columns of draws.csv: times of a cell by draw of device latency; runs.csv has their means. */
const DRAWS = {
  cell: 'number',
  draw: 'number',
  ...(Object.fromEntries(DRAWN_METRICS.map((name) => [name, 'number'])) as Record<DrawnMetric, 'number'>),
} as const satisfies Columns;
/** A row of draws.csv: what one draw of a cell took. */
export interface DrawRow extends RowOf<typeof DRAWS> {}
/** What one draw took: a row of draws.csv without its cell and number. */
export type DrawTimes = Readonly<Record<DrawnMetric, number>>;

/** The columns of timeline.csv: memory over trace time, a row a sample of a cell. */
const TIMELINE = {
  cell: 'number',
  time_us: 'number',
  label: 'text?',
  limit_pages: 'number?',
  resident_pages: 'number',
  rss_pages: 'number',
  swap_pages: 'number',
  swapcache_pages: 'number',
  footprint_pages: 'number',
  lazyfree_pages: 'number',
  volatile_pages: 'number',
  page_table_pages: 'number',
  pages_shared: 'number',
  pages_sharing: 'number',
  ksm_zero_pages: 'number',
  vmas: 'number',
  psi_some_us: 'number',
  psi_some_avg10: 'number',
  psi_full_us: 'number',
  psi_full_avg10: 'number',
} as const satisfies Columns;
/** A row of timeline.csv: memory of a cell at a moment of trace time. */
export interface TimelineRow extends RowOf<typeof TIMELINE> {}
/** Memory at a moment of trace time: a row of timeline.csv without its cell. */
export type Moment = Omit<TimelineRow, 'cell'>;

/** The columns of spaces.csv: a row a space of a cell. */
const SPACES = {
  cell: 'number',
  space: 'number?',
  name: 'text?',
  touches: 'number?',
  pgfault: 'applicable?',
  pgmajfault: 'applicable?',
  stall_ns: 'number?',
  ...stallColumns(() => 'number?'),
  page_seconds: 'number',
  struct_page_bytes: 'number?',
  ksm_rmap_items: 'number?',
  ksm_merging_pages: 'number?',
  ksm_zero_pages: 'number?',
  ksm_process_profit: 'number?',
  outcome: 'text?',
  ended_us: 'number?',
} as const satisfies Columns;
/** A row of spaces.csv: what a space of a cell paid. */
export interface SpaceRow extends RowOf<typeof SPACES> {}
/** What a space paid: a row of spaces.csv without its cell. */
export type Paid = Omit<SpaceRow, 'cell'>;

/**
 * The columns of groups.csv: a row a memory cgroup of a cell below that of the trace. What is counted includes the groups below;
 * names are those of the group's files where it has one. A file that says `max` is empty.
 */
const GROUPS = {
  cell: 'number',
  cgroup: 'text',
  memory_max_pages: 'number?',
  memory_high_pages: 'number?',
  memory_low_pages: 'number?',
  memory_min_pages: 'number?',
  memory_pages_mean: 'number',
  memory_pages_peak: 'number',
  memory_pages_end: 'number',
  swap_pages_peak: 'number',
  swap_pages_end: 'number',
  pgfault: 'number',
  pgmajfault: 'number',
  pgscan: 'number',
  pgsteal: 'number',
  reclaim_asked_pages: 'number',
  pgsteal_proactive: 'number',
  workingset_refault_anon: 'number',
  workingset_refault_file: 'number',
  events_low: 'number',
  events_high: 'number',
  events_max: 'number',
  events_oom: 'number',
  events_oom_kill: 'number',
  stall_ns: 'number',
  throttle_ns: 'number',
  psi_some_us: 'number',
  psi_some_avg10: 'number',
  psi_some_avg60: 'number',
  psi_some_avg300: 'number',
  psi_full_us: 'number',
  psi_full_avg10: 'number',
  psi_full_avg60: 'number',
  psi_full_avg300: 'number',
} as const satisfies Columns;
/** A row of groups.csv: what a memory cgroup of a cell had and counted. */
export interface GroupRow extends RowOf<typeof GROUPS> {}
/** A row of groups.csv without its cell. */
export type GroupCount = Omit<GroupRow, 'cell'>;

/** The columns of calls.csv: what the system calls that a trace contains verbatim returned, a row a call and error. */
const CALLS = {
  cell: 'number',
  call: 'text',
  errno: 'text',
  count: 'number',
  pages: 'number',
} as const satisfies Columns;
/** A row of calls.csv: how often a call of a cell returned an error, or `ok`, and the pages that it worked on. */
export interface CallRow extends RowOf<typeof CALLS> {}
/** A row of calls.csv without its cell. */
export type CallCount = Omit<CallRow, 'cell'>;

/** The columns of perf.csv: wall times, a row a sample, with the host they are of. */
const PERF = {
  name: 'text',
  sample: 'number',
  wall_ns: 'number',
  events: 'number',
  events_per_s: 'number?',
  version: 'text',
  host: 'text',
  cpu: 'text',
  cores: 'number',
  memory_bytes: 'number',
  os: 'text',
  node: 'text',
  v8: 'text',
} as const satisfies Columns;
export interface PerfRow extends RowOf<typeof PERF> {}

/** The columns of perf.csv of a bench: CPU times where it timed whole processes. */
const BENCH_PERF = { ...PERF, cpu_ns: 'number?' } as const satisfies Columns;
export interface BenchPerfRow extends RowOf<typeof BENCH_PERF> {}

/** The columns of heatmap.csv: touches by time and address, a row a rectangle that was touched. */
const HEATMAP = {
  trace: 'text',
  time_us: 'number',
  time_end_us: 'number',
  page: 'number',
  page_end: 'number',
  touches: 'number',
} as const satisfies Columns;
export interface HeatmapRow extends RowOf<typeof HEATMAP> {}

/** The columns of misses at cache sizes. */
const MRC = {
  policy: 'text',
  params: 'text?',
  size_pages: 'number',
  requests: 'number',
  misses: 'number',
  miss_ratio: 'number',
} as const satisfies Columns;
export interface MrcRow extends RowOf<typeof MRC> {}

/** What counted the misses: `js` or `wasm`. No figure needs it. */
const BACKEND = { backend: 'text' } as const satisfies Columns;

/** The columns of the CSV that `reclaim mrc` prints. */
const MRC_COUNT = { ...MRC, ...BACKEND } as const satisfies Columns;
export interface MrcCountRow extends RowOf<typeof MRC_COUNT> {}

/** The columns of an estimate of a miss ratio, with its standard error. */
const MRC_ESTIMATE = { ...MRC, error: 'number', ...BACKEND } as const satisfies Columns;
export interface MrcEstimateRow extends RowOf<typeof MRC_ESTIMATE> {}

/** The columns for caches in bytes: objects have sizes, and so do misses. */
const MRC_BYTES = {
  policy: 'text',
  params: 'text?',
  size_bytes: 'number',
  requests: 'number',
  misses: 'number',
  miss_ratio: 'number',
  request_bytes: 'number',
  miss_bytes: 'number',
  byte_miss_ratio: 'number',
  ...BACKEND,
} as const satisfies Columns;
export interface MrcBytesRow extends RowOf<typeof MRC_BYTES> {}

/** The columns of fidelity.csv: a number of a trace, simulated and on live kernels; a row a number, setting and kernel. */
const FIDELITY = {
  machine: 'text',
  /** As uname -r. */
  kernel: 'text',
  /** The version of its memory groups. */
  cgroup: 'text',
  trace: 'text',
  discard: 'text',
  reclaim: 'text',
  merge: 'text',
  controller: 'text',
  swap: 'text',
  thp: 'text',
  readahead: 'text',
  limit_pages: 'number?',
  metric: 'text',
  simulated: 'number?',
  live_min: 'number?',
  live_max: 'number?',
  runs: 'number',
  /** How many groups the live values fall into. */
  humps: 'number',
  difference: 'number?',
  bound: 'text',
  verdict: 'text',
  reason: 'text?',
} as const satisfies Columns;
/** A row of fidelity.csv. */
export interface FidelityCsvRow extends RowOf<typeof FIDELITY> {}

/** The columns that each file of a folder of results must have. */
export const RESULT_COLUMNS = {
  'runs.csv': RUNS,
  'draws.csv': DRAWS,
  'timeline.csv': TIMELINE,
  'spaces.csv': SPACES,
  'groups.csv': GROUPS,
  'calls.csv': CALLS,
  'perf.csv': PERF,
  'heatmap.csv': HEATMAP,
  'mrc.csv': MRC,
  'fidelity.csv': FIDELITY,
} as const satisfies Record<string, Columns>;
export type ResultFile = keyof typeof RESULT_COLUMNS;
/** Columns that a file may have besides, and that do not hold numbers. */
export const FURTHER_COLUMNS: Readonly<Partial<Record<ResultFile, Columns>>> = { 'mrc.csv': BACKEND };
/** Axes that came later: cells of before are those of their defaults. */
const ADDED_AXES = ['oom', 'controller', 'cpus', 'clock', 'thp'] as const satisfies readonly AxisName[];
/** What was read ahead before results said so. */
const NO_READAHEAD = { readahead: 'off' } as const satisfies Partial<Record<AxisColumn, string>>;
/**
 * Columns that files of earlier versions may lack, each with the text that stands for it there: an axis had one value, and a metric
 * was not measured. That a file was edited is seen by its hash.
 */
export const ADDED_COLUMNS: Readonly<Partial<Record<ResultFile, Readonly<Record<string, string>>>>> = {
  'runs.csv': {
    ...Object.fromEntries(ADDED_AXES.map((name) => [AXES[name].column, AXES[name].default])),
    ...NO_READAHEAD,
    ...Object.fromEntries(METRICS.map(({ name }) => [name, ''])),
  },
  'fidelity.csv': { controller: AXES.controller.default, thp: AXES.thp.default, ...NO_READAHEAD },
};
/** A row of a file of results. */
export type ResultRow<F extends ResultFile> = RowOf<(typeof RESULT_COLUMNS)[F]>;

/** Columns of runs.csv. */
export const RUN_COLUMNS: readonly (keyof RunRow)[] = columnNames(RUNS);
/** Columns of draws.csv. */
export const DRAW_COLUMNS: readonly (keyof DrawRow)[] = columnNames(DRAWS);
/** Columns of timeline.csv. */
export const TIMELINE_COLUMNS: readonly (keyof TimelineRow)[] = columnNames(TIMELINE);
/** Columns of spaces.csv. */
export const SPACE_COLUMNS: readonly (keyof SpaceRow)[] = columnNames(SPACES);
/** Columns of groups.csv. */
export const GROUP_COLUMNS: readonly (keyof GroupRow)[] = columnNames(GROUPS);
/** Columns of calls.csv. */
export const CALL_COLUMNS: readonly (keyof CallRow)[] = columnNames(CALLS);
/** Columns of perf.csv. */
export const PERF_COLUMNS: readonly (keyof PerfRow)[] = columnNames(PERF);
/** Columns of perf.csv of a bench. */
export const BENCH_PERF_COLUMNS: readonly (keyof BenchPerfRow)[] = columnNames(BENCH_PERF);
/** Columns of heatmap.csv. */
export const HEATMAP_COLUMNS: readonly (keyof HeatmapRow)[] = columnNames(HEATMAP);
/** Columns of fidelity.csv. */
export const FIDELITY_COLUMNS: readonly (keyof FidelityCsvRow)[] = columnNames(FIDELITY);
/** Columns of the CSV that `reclaim mrc` prints. */
export const MRC_COLUMNS: readonly (keyof MrcCountRow)[] = columnNames(MRC_COUNT);
/** Columns of the CSV that `reclaim mrc` prints of an estimate. */
export const MRC_ESTIMATE_COLUMNS: readonly (keyof MrcEstimateRow)[] = columnNames(MRC_ESTIMATE);
/** Columns of the CSV that `reclaim mrc --bytes` prints. */
export const MRC_BYTES_COLUMNS: readonly (keyof MrcBytesRow)[] = columnNames(MRC_BYTES);
