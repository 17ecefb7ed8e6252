import { Refusal } from '../../contract/refusal.js';
import type { TargetInfo } from '../../contract/target.js';
import type { CostTable } from '../../cost/table.js';
import { type SimulatedMachine, simulated } from '../../machine/target.js';
import type { MetricName } from '../../metrics/schema.js';
import type { ReplayOptions } from '../../replay/options.js';
import type { Trace } from '../../trace/trace.js';
import type { LiveMachine } from '../machine.js';
import { modelOf } from '../probes.js';
import type { Statistics } from '../system.js';
import { differencesOfRuns, equalLooks, type ObservedRun, observedReplay } from './observed.js';
import { type FidelityRow, nothingCompared, type RowKey, rowOf } from './rows.js';
import { liveSnapshot, simulatedSnapshot } from './snapshot.js';

/** What is compared, and how. */
interface Compared {
  readonly metric: MetricName;
  /** The bound without a limit, and under one; `shown` where none is promised. Absent: it is not looked at. */
  readonly free?: 'exact' | 'near';
  readonly limited?: 'exact' | 'near' | 'shown';
  /** Depends on whether the kernel has a shared page of zeros. */
  readonly ofZeroPage?: true;
}

const COMPARED: readonly Compared[] = [
  { metric: 'resident_pages_end', free: 'exact', limited: 'near', ofZeroPage: true },
  { metric: 'rss_pages_end', free: 'exact', limited: 'near', ofZeroPage: true },
  { metric: 'call_errors', free: 'exact', limited: 'exact' },
  { metric: 'discard_calls', free: 'exact', limited: 'exact' },
  { metric: 'discard_errors', free: 'exact', limited: 'exact' },
  { metric: 'sigbus', free: 'exact', limited: 'exact' },
  { metric: 'pgfault', free: 'near', limited: 'near', ofZeroPage: true },
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
];

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
  /** As uname -r. */
  readonly kernel: string;
  /** Whether it has a shared page of zeros. */
  readonly zeroPage: boolean;
  /** Whether it tells numbers of page frames, without which resident memory is not known. */
  readonly pageFrames?: boolean;
  readonly stats: Statistics;
  readonly runs: number;
}

/** What a trace is run under on both. */
export type FidelitySetting = Pick<ReplayOptions, 'discard' | 'reclaim' | 'merge' | 'swap' | 'limit'>;

/** A trace under a setting on both kernels. */
export interface Comparison {
  readonly rows: readonly FidelityRow[];
  /** What differs in detail, a line each. */
  readonly differences: readonly string[];
}

/** The simulated kernel as the model of a live one, with all that counts in its limit. */
function simulatedAs({ kernel, zeroPage, stats }: LiveRuns): TargetInfo<SimulatedMachine> {
  return {
    ...simulated,
    create: async (setup) => {
      const machine = await simulated.create(setup);
      machine.set('kernel.version', modelOf(kernel));
      machine.set('memcg.charge_page_tables', '1');
      machine.set('memcg.stats', stats);
      machine.set('mm.shared_zero_page', zeroPage ? '1' : '0');
      return machine;
    },
  };
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
    swap: setting.swap,
    limit: typeof setting.limit === 'number' ? setting.limit : null,
  };
  const sim = await observedReplay(trace, { ...options, machine: simulatedAs(live) }, simulatedSnapshot);
  const seen: ObservedRun[] = [];
  try {
    for (let run = 0; run < live.runs; run++)
      seen.push(await observedReplay(trace, { ...options, machine: live.machine }, liveSnapshot));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { rows: [nothingCompared(key, error.message)], differences: [] };
  }
  const rows = sim.result.limited ? limitedRows(key, sim, seen) : freeRows(key, sim, seen, live);
  if (setting.merge && key.merge !== 'none') rows.push(...mergedRows(key, setting.merge, sim, seen));
  const differences = sim.result.limited ? [] : seen.flatMap((run) => differencesOfRuns(sim, run));
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
  const row = rowOf(key, 'outcome_ok', ended(sim), seen.map(ended), 'exact');
  const outcomes = [sim, ...seen].map(({ result }) => result.outcome);
  if (outcomes.every((outcome) => outcome === 'ok')) return row;
  return { ...row, reason: `simulated ${outcomes[0]}, live ${outcomes.slice(1).join(', ')}` };
}

/** Rows of a run without a limit: what the model must say exactly. */
function freeRows(
  key: RowKey,
  sim: ObservedRun,
  seen: readonly ObservedRun[],
  { zeroPage, pageFrames = true }: LiveRuns,
): FidelityRow[] {
  const probe = zeroPage ? undefined : 'zero_page';
  const ofFrames = pageFrames ? probe : 'page_frames';
  const looks = seen.map((run) => equalLooks(sim, run));
  const rows = COMPARED.flatMap(({ metric, free, ofZeroPage }) => {
    if (free === undefined) return [];
    const of = metricOf(metric);
    const why = metric === 'resident_pages_end' ? ofFrames : ofZeroPage && probe;
    return [rowOf(key, metric, of(sim), seen.map(of), free, why)];
  });
  return [
    rowOf(key, 'looks_equal', sim.looks.length, looks, 'exact', ofFrames),
    ...rows,
    outcomeRow(key, sim, seen),
  ];
}

/** What the kernel keeps for the processes counts in the live limit; what the model keeps is not the same. */
function kernelRow(key: RowKey, seen: readonly ObservedRun[]): FidelityRow {
  const live = seen.map(({ kernelPages = Number.NaN }) => Math.round(kernelPages));
  const [low, high] = [Math.min(...live), Math.max(...live)];
  const reason = 'stacks and structures of processes with page tables: in the limit';
  return { ...nothingCompared(key, reason), metric: 'kernel_pages_end', live_min: low, live_max: high, live };
}

/** Rows of a run under a limit. Where a run did not end, its numbers are those of a part, and are not compared. */
function limitedRows(key: RowKey, sim: ObservedRun, seen: readonly ObservedRun[]): FidelityRow[] {
  const outcome = outcomeRow(key, sim, seen);
  if ([sim, ...seen].some(({ result }) => result.outcome !== 'ok')) return [outcome];
  const rows = COMPARED.flatMap(({ metric, limited }) => {
    if (limited === undefined) return [];
    const of = metricOf(metric);
    const row = rowOf(key, metric, of(sim), seen.map(of), limited);
    const isEmpty = limited === 'shown' && !row.simulated && !row.live_max;
    return isEmpty ? [] : [row];
  });
  return [...rows, kernelRow(key, seen), outcome];
}
