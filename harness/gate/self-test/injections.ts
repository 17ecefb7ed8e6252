import {
  DRAWN_METRICS,
  type DrawnMetric,
  METRICS,
  type Metric,
  type MetricGroup,
} from '../../metrics/schema.js';
import type { Experiment } from '../read/results.js';
import type { CellRow } from '../read/runs.js';
import type { Kind } from '../report.js';

/** A change that the gate must see: what it is, and what the gate has to say of it. */
export interface Injection {
  readonly experiment: Experiment;
  readonly kind: Kind;
  /** Whether it has to fail the gate, or to be reported only. */
  readonly fails: boolean;
}

/** Changes of one class, as one line of the self-test. */
export interface InjectionClass {
  readonly name: string;
  readonly injections: readonly Injection[];
}

function withCell(experiment: Experiment, at: number, change: (row: CellRow) => CellRow): Experiment {
  return { ...experiment, cells: experiment.cells.map((row, i) => (i === at ? change(row) : row)) };
}

function withValue(experiment: Experiment, at: number, column: string, by: number): Experiment {
  return withCell(experiment, at, (row) => ({
    ...row,
    values: { ...row.values, [column]: (row.values[column] as number) + by },
  }));
}

/** The first cell in which a metric has a number; -1 where none has. */
function measuredAt({ cells }: Experiment, column: string): number {
  return cells.findIndex(({ values }) => typeof values[column] === 'number');
}

/** Which metrics of a group have a number anywhere. */
function measured(experiment: Experiment, group: MetricGroup): Metric[] {
  return METRICS.filter((metric) => metric.group === group && measuredAt(experiment, metric.name) >= 0);
}

/** One page, one fault or one ns in the wrong direction, in one cell. */
function worsened(experiment: Experiment, { name, better }: Metric): Injection {
  const by = better === 'higher' ? -1 : 1;
  return {
    experiment: withValue(experiment, measuredAt(experiment, name), name, by),
    kind: better === 'neither' ? 'changed' : 'worse',
    fails: true,
  };
}

function improved(experiment: Experiment, { name, better }: Metric): Injection {
  const by = better === 'higher' ? 1 : -1;
  return {
    experiment: withValue(experiment, measuredAt(experiment, name), name, by),
    kind: 'better',
    fails: false,
  };
}

function metricClasses(experiment: Experiment): InjectionClass[] {
  const groups = [...new Set(METRICS.map(({ group }) => group))];
  const improvable = groups
    .flatMap((group) => measured(experiment, group))
    .filter(({ better }) => better !== 'neither');
  return [
    ...groups.map((group) => ({
      name: `${group}: each metric worse by 1`,
      injections: measured(experiment, group).map((metric) => worsened(experiment, metric)),
    })),
    { name: 'each metric better by 1', injections: improvable.map((metric) => improved(experiment, metric)) },
  ];
}

/** The experiment with other values of a metric in the draws of a cell, added to each in turn. */
function withDraws(
  experiment: Experiment,
  cell: number,
  name: DrawnMetric,
  by: readonly number[],
): Experiment {
  const rows = experiment.draws.get(cell) ?? [];
  const changed = rows.map((row, i) => ({ ...row, [name]: row[name] + (by[i] ?? 0) }));
  return { ...experiment, draws: new Map(experiment.draws).set(cell, changed) };
}

/** Changes of single draws that leave each mean, and so runs.csv, as it was. */
function drawClass(experiment: Experiment): InjectionClass {
  const cell = [...experiment.draws].find(([, rows]) => rows.length > 1)?.[0];
  const names = cell === undefined ? [] : DRAWN_METRICS;
  return {
    name: 'draws: one longer by 1, one shorter by 1, each metric',
    injections: names.map((name) => ({
      experiment: withDraws(experiment, cell as number, name, [1, -1]),
      kind: 'changed',
      fails: true,
    })),
  };
}

function cellClasses(experiment: Experiment): InjectionClass[] {
  const { cells, columns, manifest } = experiment;
  const one = (name: string, changed: Experiment, kind: Kind, fails: boolean): InjectionClass => ({
    name,
    injections: [{ experiment: changed, kind, fails }],
  });
  const first = cells[0]!;
  const added = { ...first, identity: { ...first.identity, seed: `${first.identity.seed}0` } };
  const otherOutcome = first.outcome === 'oom' ? 'refused' : 'oom';
  return [
    one('missing cell', { ...experiment, cells: cells.slice(0, -1) }, 'missing-cell', true),
    one('new cell', { ...experiment, cells: [...cells, added] }, 'new-cell', false),
    one(
      'changed hash of a trace',
      withCell(experiment, 0, (row) => ({ ...row, traceSha256: 'f'.repeat(64) })),
      'trace-changed',
      true,
    ),
    one(
      'changed outcome',
      withCell(experiment, 0, (row) => ({ ...row, outcome: otherOutcome })),
      'outcome-changed',
      true,
    ),
    one('missing column', { ...experiment, columns: columns.slice(0, -1) }, 'missing-column', true),
    one('new column', { ...experiment, columns: [...columns, 'new_column'] }, 'new-column', false),
    one(
      'another version of the program',
      {
        ...experiment,
        manifest: {
          ...manifest,
          program: { ...manifest.program, version: `${manifest.program.version}-other` },
        },
      },
      'version-changed',
      false,
    ),
  ];
}

/** Everything that is injected into deterministic results. */
export function injectionClasses(experiment: Experiment): InjectionClass[] {
  return [...metricClasses(experiment), drawClass(experiment), ...cellClasses(experiment)];
}
