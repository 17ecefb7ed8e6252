/**
 * Two folders of results side by side: the same cells, how much each metric differs, and whether that can be told from the
 * scatter over draws and replicates. What is a tie is what the report calls one (`clearSign`), without a floor: prices, and all
 * else that makes small differences doubtful between policies, are the same on both sides.
 */
import { InputError } from '../base/errors.js';
import { sideOf } from '../gate/compare.js';
import { cellLabels, cellName } from '../gate/names.js';
import type { Experiment, Results } from '../gate/read/results.js';
import type { Identity } from '../gate/read/runs.js';
import type { Finding, Side } from '../gate/report.js';
import { compareSetup, type TraceChange, tracesChanged } from '../gate/setup.js';
import { distance } from '../gate/values.js';
import { METRICS, type Metric, type MetricName } from '../metrics/schema.js';
import { clearSign, paired } from '../report/estimate.js';
import { type Estimate, estimate, scaled } from '../stats/estimate.js';
import { type Group, groupsOf, sampleOf } from './sample.js';

/**
 * How B stands to A in a metric: clearly `worse` or `better`; clearly `changed`, where the metric has no better direction; `equal`
 * in each draw and replicate; or `unclear`.
 */
export type Standing = 'worse' | 'better' | 'changed' | 'equal' | 'unclear';

/** A metric of a cell on both sides, as means over draws or replicates. */
export interface Change {
  readonly metric: Metric;
  readonly a: number;
  readonly b: number;
  /** How much more B has than A, in pairs of the same draw or replicate. */
  readonly difference: Estimate;
  /** The same in per cent of A; undefined where A is 0. */
  readonly percent: Estimate | undefined;
  readonly standing: Standing;
  /** To put the largest change first, whatever the unit. */
  readonly size: number;
}

/** A cell that both sides have. */
export interface CellDiff {
  /** What tells it from the others. */
  readonly label: string;
  readonly identity: Identity;
  readonly pageBytes: number;
  /** How it ended on both sides, where that differs: nothing else of it is compared then. */
  readonly outcomes?: readonly [a: string, b: string] | undefined;
  /** Metrics that both have, in their order. */
  readonly changes: readonly Change[];
  /** Metrics that only one of the two has measured. */
  readonly onlyOne: readonly MetricName[];
}

/** What two folders of results have in common, and what they do not. */
export interface Diff {
  readonly a: Side;
  readonly b: Side;
  /** What differs in how they were made: program, prices, settings. */
  readonly setup: readonly Finding[];
  /** Traces that have the same name and are not the same. */
  readonly traces: readonly TraceChange[];
  readonly cells: readonly CellDiff[];
  /** Labels of cells that only one side has. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

function standingOf(pairs: readonly number[], { better }: Metric): Standing {
  if (pairs.every((value) => value === 0)) return 'equal';
  const sign = clearSign(pairs, 0);
  if (sign === 0) return 'unclear';
  if (better === 'neither') return 'changed';
  return sign < 0 === (better === 'lower') ? 'better' : 'worse';
}

function changeOf(metric: Metric, a: Group, b: Group): Change | undefined {
  const [before, after] = [sampleOf(a, metric.name), sampleOf(b, metric.name)];
  if (!before || !after) return undefined;
  const pairs = paired(after, before);
  // Draws or replicates with no number in common: their means are all there is.
  const means = [before, after].map(({ values }) => estimate(values).mean) as [number, number];
  const differences = pairs.length > 0 ? pairs : [means[1] - means[0]];
  const difference = estimate(differences);
  return {
    metric,
    a: means[0],
    b: means[1],
    difference,
    percent: means[0] === 0 ? undefined : scaled(difference, 100 / Math.abs(means[0])),
    standing: standingOf(differences, metric),
    size: distance(...means),
  };
}

function isMeasured(group: Group, name: MetricName): boolean {
  return group.rows.some(({ values }) => typeof values[name] === 'number');
}

/** How the replicates of a cell ended: the same, or the different ways. */
function outcomeOf({ rows }: Group): string {
  return [...new Set(rows.map(({ outcome }) => outcome))].join(', ');
}

function cellDiff(a: Group, b: Group, label: string, pageBytes: number): CellDiff {
  const { identity } = b.rows[0]!;
  const outcomes = [outcomeOf(a), outcomeOf(b)] as const;
  const common = { label, identity, pageBytes };
  if (outcomes[0] !== outcomes[1]) return { ...common, outcomes, changes: [], onlyOne: [] };
  return {
    ...common,
    changes: METRICS.flatMap((metric) => changeOf(metric, a, b) ?? []),
    onlyOne: METRICS.filter(({ name }) => isMeasured(a, name) !== isMeasured(b, name)).map(
      ({ name }) => name,
    ),
  };
}

function pageBytesOf({ manifest }: Experiment): (trace: string) => number {
  const known = new Map(manifest.traces.map(({ trace, page_bytes: bytes }) => [trace, bytes]));
  return (trace) => known.get(trace) ?? 4096;
}

/** @throws InputError for a folder without cells */
function experimentOf({ folder, experiment }: Results): Experiment {
  if (experiment) return experiment;
  throw new InputError('no runs.csv, expected results of reclaim compare', { file: folder });
}

/** A cell of each side, so that one sees in what they differ. */
function examples(a: Experiment, b: Experiment): string {
  const [one, other] = [a.cells[0], b.cells[0]];
  return one && other ? ` (${cellName(one)}; ${cellName(other)})` : '';
}

/**
 * Compares two folders of results, cell by cell.
 *
 * @throws InputError where they have no cell in common that is measured in both
 */
export function diffOf(a: Results, b: Results): Diff {
  const [before, after] = [experimentOf(a), experimentOf(b)];
  const [groupsA, groupsB] = [groupsOf(before), groupsOf(after)];
  const label = cellLabels([...before.cells, ...after.cells], ['replicate']);
  const labelOf = ({ rows }: Group) => label(rows[0]!);
  const pageBytes = pageBytesOf(after);
  const cells = [...groupsB].flatMap(([key, group]) => {
    const other = groupsA.get(key);
    return other ? [cellDiff(other, group, labelOf(group), pageBytes(group.rows[0]!.identity.trace))] : [];
  });
  if (!cells.some(({ changes, outcomes }) => changes.length > 0 || outcomes !== undefined))
    throw new InputError(
      `nothing to compare between ${a.folder} and ${b.folder}: no cell is measured in both${examples(before, after)}`,
    );
  const only = (own: Map<string, Group>, others: Map<string, Group>) =>
    [...own].filter(([key]) => !others.has(key)).map(([, group]) => labelOf(group));
  return {
    a: sideOf(a),
    b: sideOf(b),
    setup: compareSetup(before, after, true).filter(({ level }) => level !== 'notice'),
    traces: tracesChanged(before, after),
    cells,
    onlyA: only(groupsA, groupsB),
    onlyB: only(groupsB, groupsA),
  };
}
