import { Refusal } from '../../contract/refusal.js';
import type { TargetInfo } from '../../contract/target.js';
import type { CostTable } from '../../cost/table.js';
import { type SimulatedMachine, simulated } from '../../machine/target.js';
import type { MetricName } from '../../metrics/schema.js';
import { discardPolicies } from '../../policy/discard/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import type { Trace } from '../../trace/trace.js';
import type { LiveMachine } from '../machine.js';
import { modelOf } from '../probes.js';
import { type ObservedRun, observedReplay } from './observed.js';
import { liveSnapshot, simulatedSnapshot, snapshotDifferences } from './snapshot.js';

/** How far a count may be from the simulated one. */
const BOUND_PERCENT = 1.5;

/** What came of a comparison of one number. */
export type Verdict = 'same' | 'within' | 'outside' | 'n/a';

/** One number of a trace under a policy, simulated and live. */
export interface FidelityRow {
  readonly trace: string;
  readonly discard: string;
  readonly metric: string;
  readonly simulated: number | null;
  /** Over the live runs. */
  readonly live_min: number | null;
  readonly live_max: number | null;
  /** Of the live run that is farthest away, less the simulated number. */
  readonly difference: number | null;
  /** `exact`, or how far it may be. */
  readonly bound: string;
  readonly verdict: Verdict;
  /** The probe that explains it, or why it was not run. */
  readonly reason: string | null;
}

/** What is compared, and how. */
interface Compared {
  readonly metric: MetricName;
  readonly exact: boolean;
  /** Depends on whether the kernel has a shared page of zeros. */
  readonly ofZeroPage?: true;
}

const COMPARED: readonly Compared[] = [
  { metric: 'resident_pages_end', exact: true, ofZeroPage: true },
  { metric: 'rss_pages_end', exact: true, ofZeroPage: true },
  { metric: 'call_errors', exact: true },
  { metric: 'discard_calls', exact: true },
  { metric: 'discard_errors', exact: true },
  { metric: 'sigbus', exact: true },
  { metric: 'pgfault', exact: false, ofZeroPage: true },
  { metric: 'pgmajfault', exact: false },
];

/** The live side of a comparison. */
export interface LiveRuns {
  readonly machine: TargetInfo<LiveMachine>;
  /** As uname -r. */
  readonly kernel: string;
  /** Whether it has a shared page of zeros. */
  readonly zeroPage: boolean;
  readonly runs: number;
}

/** A trace under a policy on both kernels. */
export interface Comparison {
  readonly rows: readonly FidelityRow[];
  /** What differs in detail, a line each. */
  readonly differences: readonly string[];
}

/** The simulated kernel as the model of a release. */
function simulatedAs(release: string): TargetInfo<SimulatedMachine> {
  return {
    ...simulated,
    create: async (setup) => {
      const machine = await simulated.create(setup);
      machine.set('kernel.version', modelOf(release));
      return machine;
    },
  };
}

/** What both are run under: without a limit. */
function optionsOf(discard: string, costs: CostTable) {
  return {
    discard: discardPolicies.choose(discard),
    reclaim: reclaimPolicies.choose('linux'),
    swap: 'none',
    limit: 'none',
    seed: 1,
    costs,
  } as const;
}

/** Lines of what differs between two runs: the first look with a difference, and results of calls. */
function runDifferences(sim: ObservedRun, live: ObservedRun): string[] {
  const lines: string[] = [];
  for (const [i, { label, line, snapshot }] of sim.looks.entries()) {
    const other = live.looks[i];
    const found = other ? snapshotDifferences(snapshot, other.snapshot) : ['not reached live'];
    if (found.length === 0) continue;
    lines.push(`at ${label} (line ${line}): ${found.join('; ')}`);
    break;
  }
  const simulatedOnly = sim.errors.filter((error) => !live.errors.includes(error));
  const liveOnly = live.errors.filter((error) => !sim.errors.includes(error));
  return [
    ...lines,
    ...simulatedOnly.map((error) => `simulated only: ${error}`),
    ...liveOnly.map((error) => `live only: ${error}`),
  ];
}

function verdictOf(simulatedValue: number, low: number, high: number, exact: boolean): Verdict {
  if (simulatedValue === low && simulatedValue === high) return 'same';
  if (exact) return 'outside';
  const room = (simulatedValue * BOUND_PERCENT) / 100;
  return high >= simulatedValue - room && low <= simulatedValue + room ? 'within' : 'outside';
}

/** Compares a trace under a policy: once simulated, `runs` times live. */
export async function compareTrace(
  trace: Trace,
  name: string,
  discard: string,
  live: LiveRuns,
  costs: CostTable,
): Promise<Comparison> {
  const options = optionsOf(discard, costs);
  const key = { trace: name, discard };
  const sim = await observedReplay(
    trace,
    { ...options, machine: simulatedAs(live.kernel) },
    simulatedSnapshot,
  );
  const seen: ObservedRun[] = [];
  try {
    for (let run = 0; run < live.runs; run++)
      seen.push(await observedReplay(trace, { ...options, machine: live.machine }, liveSnapshot));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { rows: [notRun(key, error.message)], differences: [] };
  }
  const row = (metric: string, value: number, values: number[], exact: boolean, probe: string | null) =>
    rowOf({ ...key, metric }, value, values, exact, probe);
  const differences = seen.map((run) => runDifferences(sim, run));
  const looks = seen.map((run) => sim.looks.filter((look, i) => sameLook(look, run.looks[i])).length);
  const probe = live.zeroPage ? null : 'zero_page';
  const rows = [
    row('looks_equal', sim.looks.length, looks, true, probe),
    ...COMPARED.map(({ metric, exact, ofZeroPage }) => {
      const of = ({ result }: ObservedRun) => Number(result.metrics[metric]);
      return row(metric, of(sim), seen.map(of), exact, ofZeroPage ? probe : null);
    }),
    row(
      'outcome_ok',
      Number(sim.result.outcome === 'ok'),
      seen.map(({ result }) => Number(result.outcome === 'ok')),
      true,
      null,
    ),
  ];
  return { rows, differences: [...new Set(differences.flat())] };
}

function sameLook(a: ObservedRun['looks'][number], b: ObservedRun['looks'][number] | undefined): boolean {
  return b !== undefined && snapshotDifferences(a.snapshot, b.snapshot).length === 0;
}

function rowOf(
  key: Pick<FidelityRow, 'trace' | 'discard' | 'metric'>,
  value: number,
  values: readonly number[],
  exact: boolean,
  probe: string | null,
): FidelityRow {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const verdict = verdictOf(value, low, high, exact);
  const farthest = Math.abs(low - value) > Math.abs(high - value) ? low : high;
  const explained = verdict === 'outside' && probe !== null;
  return {
    ...key,
    simulated: value,
    live_min: low,
    live_max: high,
    difference: farthest - value,
    bound: exact ? 'exact' : `±${BOUND_PERCENT} %`,
    verdict: explained ? 'n/a' : verdict,
    reason: explained ? probe : null,
  };
}

function notRun(key: Pick<FidelityRow, 'trace' | 'discard'>, reason: string): FidelityRow {
  const nothing = { simulated: null, live_min: null, live_max: null, difference: null };
  return { ...key, metric: 'all', ...nothing, bound: 'exact', verdict: 'n/a', reason };
}
