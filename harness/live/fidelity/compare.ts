import { Refusal } from '../../contract/refusal.js';
import type { TargetInfo } from '../../contract/target.js';
import type { CostTable } from '../../cost/table.js';
import type { GroupCount } from '../../metrics/files.js';
import type { MetricName } from '../../metrics/schema.js';
import type { ReplayOptions } from '../../replay/options.js';
import type { Trace } from '../../trace/trace.js';
import type { LiveMachine } from '../machine.js';
import type { Probes } from '../probes.js';
import type { Statistics } from '../system.js';
import { explanation } from './explain.js';
import { modelFor, type Seen } from './model.js';
import { differencesOfRuns, equalLooks, type ObservedRun, observedReplay } from './observed.js';
import { type Bound, type FidelityRow, nothingCompared, type RowKey, rowOf } from './rows.js';
import { liveSnapshot, simulatedSnapshot } from './snapshot.js';

/** A metric that is compared, and how. */
interface Metric {
  readonly metric: MetricName;
  /** The bound without a limit, and under one; `shown` where none is promised. Absent: it is not looked at. */
  readonly free?: 'exact' | 'near' | 'shown';
  readonly limited?: 'exact' | 'near' | 'shown';
}

const COMPARED: readonly Metric[] = [
  { metric: 'resident_pages_end', free: 'exact', limited: 'near' },
  { metric: 'rss_pages_end', free: 'exact', limited: 'near' },
  { metric: 'call_errors', free: 'exact', limited: 'exact' },
  { metric: 'discard_calls', free: 'exact', limited: 'exact' },
  { metric: 'discard_errors', free: 'exact', limited: 'exact' },
  { metric: 'sigbus', free: 'exact', limited: 'exact' },
  { metric: 'pgfault', free: 'near', limited: 'near' },
  { metric: 'pgmajfault', free: 'near', limited: 'near' },
  { metric: 'workingset_refault_anon', limited: 'near' },
  { metric: 'workingset_refault_file', limited: 'near' },
  { metric: 'workingset_activate_anon', limited: 'shown' },
  { metric: 'workingset_activate_file', limited: 'shown' },
  { metric: 'pgscan_direct', limited: 'shown' },
  { metric: 'pgsteal_direct', limited: 'shown' },
  { metric: 'pswpin', limited: 'shown' },
  { metric: 'pswpout', limited: 'shown' },
  { metric: 'pglazyfreed', limited: 'shown' },
  { metric: 'reclaim_asked_pages', limited: 'shown' },
  { metric: 'pgsteal_proactive', limited: 'shown' },
];

/** What is compared of huge pages, where there are some. The kernel keeps the huge page of zeros as long as it likes. */
const HUGE: readonly Metric[] = [
  { metric: 'anon_huge_pages_end', free: 'exact', limited: 'near' },
  { metric: 'thp_fault_alloc', free: 'exact', limited: 'near' },
  { metric: 'thp_fault_fallback', free: 'exact', limited: 'shown' },
  { metric: 'thp_collapse_alloc', free: 'exact', limited: 'shown' },
  { metric: 'thp_split_pmd', free: 'exact', limited: 'near' },
  { metric: 'thp_split_page', free: 'exact', limited: 'near' },
  { metric: 'thp_deferred_split_page', free: 'exact', limited: 'near' },
  { metric: 'thp_zero_page_alloc', free: 'shown', limited: 'shown' },
  { metric: 'thp_underused_split_page', limited: 'shown' },
  { metric: 'thp_swpout', limited: 'shown' },
];

/** What is compared of each memory cgroup of a trace, and how: reclaim in several is within 5 % at best. */
const OF_GROUPS = [
  { metric: 'memory_pages_end', bound: 'near' },
  { metric: 'swap_pages_end', bound: 'shown' },
  { metric: 'pgmajfault', bound: 'near' },
  { metric: 'pgscan', bound: 'shown' },
  { metric: 'pgsteal', bound: 'shown' },
  { metric: 'reclaim_asked_pages', bound: 'shown' },
  { metric: 'pgsteal_proactive', bound: 'shown' },
  { metric: 'workingset_refault_anon', bound: 'shown' },
  { metric: 'psi_some_us', bound: 'shown' },
  { metric: 'psi_full_us', bound: 'shown' },
  { metric: 'events_low', bound: 'shown' },
  { metric: 'events_high', bound: 'shown' },
  { metric: 'events_max', bound: 'shown' },
] as const satisfies readonly { readonly metric: keyof GroupCount; readonly bound: Bound }[];

/** What ksmd must agree on when it is on, where the trace ends settled: nothing left to merge. */
const MERGED = [
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'ksm_zero_pages',
  'stable_node_chains',
  'stable_node_dups',
] as const satisfies readonly MetricName[];

/** The live side of a comparison. */
export interface LiveRuns {
  readonly machine: TargetInfo<LiveMachine>;
  readonly probes: Probes;
  readonly stats: Statistics;
  readonly runs: number;
}

/** What a trace is run under on both. */
export type FidelitySetting = Pick<
  ReplayOptions,
  'discard' | 'reclaim' | 'merge' | 'controller' | 'swap' | 'limit' | 'thp' | 'readahead'
>;

/** A trace under a setting on both kernels. */
export interface Comparison {
  readonly rows: readonly FidelityRow[];
  /** What differs in detail, a line each. */
  readonly differences: readonly string[];
}

/** The runs of a trace under a setting. */
interface Compared {
  readonly key: RowKey;
  readonly sim: ObservedRun;
  readonly seen: readonly ObservedRun[];
  /** Why a metric may be outside its bound: the name of a probe, or words; undefined: for nothing that is known. */
  readonly why: (metric: MetricName | 'looks_equal') => string | undefined;
  /** Why a number is not known of the live kernel. */
  readonly uncounted: string | undefined;
}

const OF_CALLS = 'faults of calls (populate, mlock) are the calls’ on a live kernel, and not counted';

function uncountedBy({ cgroup }: Probes): string | undefined {
  return cgroup === 'v2' ? undefined : `cgroup ${cgroup}: it is not counted`;
}

function reasonFor(
  { swap }: FidelitySetting,
  live: LiveRuns,
  heard: Seen,
  limited: boolean,
): Compared['why'] {
  const of = {
    probes: live.probes,
    machine: live.machine.name,
    limited,
    swap: limited && swap !== 'none',
    files: heard.files,
  };
  return (metric) =>
    explanation(metric, of) ?? (metric === 'pgfault' && heard.callFaults > 0 ? OF_CALLS : undefined);
}

/** Compares a trace under a setting: once simulated, `runs` times live. */
export async function compareTrace(
  trace: Trace,
  name: string,
  setting: FidelitySetting,
  live: LiveRuns,
  costs: CostTable,
): Promise<Comparison> {
  const options = { ...setting, seed: 1, costs };
  const key: RowKey = {
    trace: name,
    discard: setting.discard.text,
    reclaim: setting.reclaim.text,
    merge: setting.merge?.text ?? 'none',
    controller: setting.controller?.text ?? 'none',
    swap: setting.swap,
    thp: setting.thp ?? 'never',
    readahead: setting.readahead ?? 'off',
    limit: typeof setting.limit === 'number' ? setting.limit : null,
  };
  const heard: Seen = { callFaults: 0, files: false };
  const model = modelFor(live.probes, live.stats, heard);
  const sim = await observedReplay(trace, { ...options, machine: model }, simulatedSnapshot);
  const seen: ObservedRun[] = [];
  try {
    for (let run = 0; run < live.runs; run++)
      seen.push(await observedReplay(trace, { ...options, machine: live.machine }, liveSnapshot));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { rows: [nothingCompared(key, error.message)], differences: [] };
  }
  // A trace that bounds its memory cgroups, and one that a controller takes memory of, is short of it without a limit as well.
  const limited = sim.result.limited || sim.result.groups.length > 0 || key.controller !== 'none';
  const of: Compared = {
    key,
    sim,
    seen,
    why: reasonFor(setting, live, heard, limited),
    uncounted: uncountedBy(live.probes),
  };
  const rows = limited ? limitedRows(of) : freeRows(of);
  if (setting.merge && key.merge !== 'none') rows.push(...mergedRows(key, setting.merge, sim, seen));
  const differences = limited ? [] : seen.flatMap((run) => differencesOfRuns(sim, run));
  return { rows, differences: [...new Set(differences)] };
}

/** Values of a metric: NaN where a side does not have it. */
function metricOf(metric: MetricName) {
  return ({ result }: ObservedRun) => Number(result.metrics[metric] ?? Number.NaN);
}

/** With smart scan, pages without an equal one are in the unstable tree in some passes only: their number is that of the last one. */
function mergedRows(
  key: RowKey,
  { values }: NonNullable<FidelitySetting['merge']>,
  sim: ObservedRun,
  seen: readonly ObservedRun[],
): FidelityRow[] {
  return MERGED.map((metric) => {
    const of = metricOf(metric);
    const passing = metric === 'pages_unshared' && values.smart_scan === 1;
    return rowOf(key, metric, of(sim), seen.map(of), passing ? 'shown' : 'exact');
  });
}

function outcomeRow(key: RowKey, sim: ObservedRun, seen: readonly ObservedRun[]): FidelityRow {
  const ended = ({ result }: ObservedRun) => Number(result.outcome === 'ok');
  const live = seen.map(ended);
  const bound = live.every((value) => value === live[0]) ? 'exact' : 'spread';
  const row = rowOf(key, 'outcome_ok', ended(sim), live, bound);
  const outcomes = [sim, ...seen].map(({ result }) => result.outcome);
  if (outcomes.every((outcome) => outcome === 'ok')) return row;
  return { ...row, reason: `simulated ${outcomes[0]}, live ${outcomes.slice(1).join(', ')}` };
}

/** Rows of a run without a limit: what the model must say exactly. */
function freeRows(compared: Compared): FidelityRow[] {
  const { key, sim, seen, why } = compared;
  const looks = seen.map((run) => equalLooks(sim, run));
  return [
    rowOf(key, 'looks_equal', sim.looks.length, looks, 'exact', why('looks_equal')),
    ...metricRows(compared, 'free'),
    ...chargeRows(compared),
    outcomeRow(key, sim, seen),
  ];
}

/** A row a metric that has a bound. */
function metricRows({ key, sim, seen, why, uncounted }: Compared, which: 'free' | 'limited'): FidelityRow[] {
  const metrics = key.thp === 'never' ? COMPARED : [...COMPARED, ...HUGE];
  return metrics.flatMap(({ metric, [which]: bound }) => {
    if (bound === undefined) return [];
    const of = metricOf(metric);
    const row = rowOf(key, metric, of(sim), seen.map(of), bound, why(metric), uncounted);
    const isEmpty = bound === 'shown' && !row.simulated && !row.live_max;
    return isEmpty ? [] : [row];
  });
}

/** What is charged differs from what is mapped where huge pages have lost parts. */
function chargeRows({ key, sim, seen }: Compared): FidelityRow[] {
  if (key.thp === 'never') return [];
  const of = ({ chargedPages = Number.NaN }: ObservedRun) => chargedPages;
  return [
    rowOf(key, 'charged_pages_end', of(sim), seen.map(of), 'charge', undefined, 'there is no memory group'),
  ];
}

/** What the kernel keeps for the processes counts in the live limit; what the model keeps is not the same. */
function kernelRow(key: RowKey, seen: readonly ObservedRun[]): FidelityRow {
  const live = seen.map(({ kernelPages = Number.NaN }) => Math.round(kernelPages));
  const [low, high] = [Math.min(...live), Math.max(...live)];
  const reason = 'stacks and structures of processes with page tables: in the limit';
  return { ...nothingCompared(key, reason), metric: 'kernel_pages_end', live_min: low, live_max: high, live };
}

/** Rows of memory cgroups. Their metric is the path with that of groups.csv. */
function groupRows({ key, sim, seen, uncounted }: Compared): FidelityRow[] {
  return sim.result.groups.flatMap(({ cgroup }, i) =>
    OF_GROUPS.flatMap(({ metric, bound }) => {
      const of = ({ result }: ObservedRun) => result.groups[i]?.[metric] ?? Number.NaN;
      const row = rowOf(key, `${cgroup} ${metric}`, of(sim), seen.map(of), bound, undefined, uncounted);
      return bound === 'shown' && !row.simulated && !row.live_max ? [] : [row];
    }),
  );
}

/** Rows of a run under a limit. Where a run did not end, its numbers are those of a part, and are not compared. */
function limitedRows(compared: Compared): FidelityRow[] {
  const { key, sim, seen } = compared;
  const outcome = outcomeRow(key, sim, seen);
  if ([sim, ...seen].some(({ result }) => result.outcome !== 'ok')) return [outcome];
  return [
    ...metricRows(compared, 'limited'),
    ...chargeRows(compared),
    ...groupRows(compared),
    kernelRow(key, seen),
    outcome,
  ];
}
