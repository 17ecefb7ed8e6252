/**
 * Which rows of results a table, a sentence, a figure or a page shows, and what is compared with what: all of them read
 * this, so that none shows what another leaves out.
 */
import { AXES, type AxisColumn } from '../metrics/axes.js';
import type { NumberColumn } from '../metrics/columns.js';
import type { DrawsByCell } from '../metrics/draws.js';
import type { DrawRow, RunRow } from '../metrics/files.js';
import {
  type Axis,
  axisLabel,
  comparedAxis,
  comparedRows,
  EQUAL_COST,
  EQUAL_SAVING,
  groupBy,
  isRefused,
  limitLabel,
  rowName,
  sameColumns,
  type TraceFacts,
  varyingColumns,
} from './comparison.js';
import { numberIn } from './format.js';

/**
 * How a policy stands where it is compared: `ranked` with the others; a `bound`, which no kernel can be; `refused`, as every
 * call that should have given memory back failed; `oom`, out of memory; `timeout`, given up as it took too long; `failed`, without a result; or `impossible`, as the
 * trace or the machine lacks what it needs.
 */
export type Standing = 'ranked' | 'bound' | 'refused' | 'oom' | 'timeout' | 'failed' | 'impossible';

/** From the best that can happen to a cell to the worst: with several replicates the worst of them counts. */
const STANDINGS: readonly Standing[] = [
  'ranked',
  'bound',
  'refused',
  'impossible',
  'failed',
  'timeout',
  'oom',
];

/** A policy where it is compared with others. */
export interface Contender {
  /** What it is called there. */
  readonly name: string;
  /** Its cells: one a replicate. */
  readonly rows: readonly RunRow[];
  /** The draws of each of them. */
  readonly draws: readonly (readonly DrawRow[])[];
  readonly standing: Standing;
}

/** What is compared with each other: the same trace, kind of memory, limit, and whatever else is not compared. */
export interface Setting {
  readonly trace: TraceFacts;
  /** The kind of memory: `recorded`, `anon` or `shmem`. */
  readonly backing: string;
  /** What the limit is called. */
  readonly limit: string;
  /** What else tells it from other settings of the trace, such as `swap zram`; empty where nothing does. */
  readonly labels: readonly string[];
  readonly axis: Axis;
  /** A row of it, for what is the same in all of them. */
  readonly first: RunRow;
  /** In the order of the experiment. */
  readonly contenders: readonly Contender[];
}

/** A trace that is not shown on a kind of memory, and why: it is not possible there, or the same as recorded. */
export interface LeftOut {
  readonly trace: TraceFacts;
  readonly backing: string;
  readonly why: 'not possible' | 'same as recorded';
}

/** What is shown of results. */
export interface Selection {
  readonly axis: Axis;
  readonly settings: readonly Setting[];
  readonly leftOut: readonly LeftOut[];
}

/** Policies that are bounds: they know the future, merge for nothing, or have no limit. */
const BOUNDS: Readonly<Partial<Record<AxisColumn, readonly string[]>>> = {
  merge: ['instant'],
  reclaim: ['opt', 'unbounded'],
};

function isBound(row: RunRow, axis: Axis): boolean {
  return (['merge', 'reclaim'] as const).some(
    (column) => axis.includes(column) && BOUNDS[column]!.includes(row[column].replace(/:.*/, '')),
  );
}

function standingOf(row: RunRow, axis: Axis): Standing {
  if (row.outcome === 'refused') return 'impossible';
  // What the survivors needed says nothing of the whole program.
  if (row.outcome === 'killed') return 'oom';
  if (row.outcome !== 'ok') return row.outcome;
  if (isRefused(row)) return 'refused';
  return isBound(row, axis) ? 'bound' : 'ranked';
}

/** Whether two cells of one trace, on two kinds of memory, have the same results. */
function alike(a: RunRow, b: RunRow | undefined): boolean {
  if (!b || a.outcome !== b.outcome || isRefused(a) !== isRefused(b)) return false;
  const close = (column: NumberColumn<RunRow>, tolerance: number) =>
    Math.abs(numberIn(a, column) - numberIn(b, column)) <= tolerance * numberIn(a, column);
  return (
    close('saved_pages_mean', EQUAL_SAVING) &&
    close('footprint_pages_mean', EQUAL_SAVING) &&
    close('stall_ns', EQUAL_COST)
  );
}

/** Why a trace is not shown on a kind of memory; undefined where it is. @param recorded its rows as it was recorded */
function reasonToLeaveOut(
  rows: readonly RunRow[],
  recorded: readonly RunRow[] | undefined,
): LeftOut['why'] | undefined {
  if (rows.every(({ outcome }) => outcome === 'refused')) return 'not possible';
  if (!recorded || recorded === rows) return undefined;
  return rows.every((row, i) => alike(row, recorded[i])) ? 'same as recorded' : undefined;
}

/** The policies of a setting. */
function contendersOf(rows: readonly RunRow[], axis: Axis, draws: DrawsByCell): Contender[] {
  const byName = new Map<string, RunRow[]>();
  for (const row of rows) {
    const name = rowName(row, axis);
    byName.set(name, [...(byName.get(name) ?? []), row]);
  }
  return [...byName].map(([name, own]) => ({
    name,
    rows: own,
    draws: own.map(({ cell }) => draws.get(cell) ?? []),
    standing: STANDINGS[Math.max(...own.map((row) => STANDINGS.indexOf(standingOf(row, axis))))]!,
  }));
}

/** What comparisons are of. */
export interface Selectable {
  /** Rows of runs.csv. */
  readonly runs: readonly RunRow[];
  readonly draws?: DrawsByCell | undefined;
  readonly traces: readonly TraceFacts[];
}

/** Whether a cell ran on a live kernel: it has neither means over time nor stalls, which comparisons rest on. */
export function isLive({ machine }: Pick<RunRow, 'machine'>): boolean {
  return machine !== AXES.machine.default;
}

/**
 * Selects what is shown of results, setting by setting, in the order of the experiment. Cells on live kernels are not compared
 * with others: runs.csv has their counters.
 *
 * @param traces those to show; what is compared, and what varies, is the same whichever they are
 */
export function select({ runs, draws = new Map(), traces }: Selectable): Selection {
  const simulated = runs.filter((row) => !isLive(row));
  const axis = comparedAxis(simulated);
  const same = sameColumns(axis);
  const varying = varyingColumns(simulated, same);
  const factsOf = new Map(traces.map((trace) => [trace.label, trace]));
  const leftOut: LeftOut[] = [];
  const rows = comparedRows(simulated, axis).filter((row) => factsOf.has(row.trace));
  const groups = groupBy(rows, ['trace', 'backing']);
  const shown = groups.filter((group) => {
    const { trace, backing } = group[0]!;
    const recorded = groups.find(([other]) => other?.trace === trace && other.backing === 'recorded');
    const why = reasonToLeaveOut(group, recorded);
    if (why !== undefined) leftOut.push({ trace: factsOf.get(trace)!, backing, why });
    return why === undefined;
  });
  const settings = groupBy(shown.flat(), ['trace', 'backing', 'limit', ...same]).map((own) => {
    const first = own[0]!;
    const trace = factsOf.get(first.trace)!;
    return {
      trace,
      backing: first.backing,
      limit: limitLabel(first, trace),
      labels: varying.get(first.trace)!.map((column) => axisLabel(first, column, trace.pageBytes)),
      axis,
      first,
      contenders: contendersOf(own, axis, draws),
    };
  });
  return { axis, settings, leftOut };
}

/** Whether a contender is what the others of an axis are compared with. */
function isBase({ first, axis }: Setting, { rows: [row] }: Contender): boolean {
  if (axis === 'reclaim') return row?.reclaim === first.reclaim;
  const keeps = axis === 'merge' || row?.discard === 'keep';
  return keeps && (!axis.includes('merge') || row?.merge === 'none');
}

/** What the others are compared with: keep, none, or the first reclaim policy. Undefined where it is not there, or did not survive. */
export function baseOf(setting: Setting): Contender | undefined {
  return setting.contenders.find((one) => one.standing === 'ranked' && isBase(setting, one));
}

/** The contenders of a setting that are compared by rank. */
export function rankedOf({ contenders }: Setting): Contender[] {
  return contenders.filter(({ standing }) => standing === 'ranked');
}
