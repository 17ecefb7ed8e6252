import type { Experiment } from '../gate/read/results.js';
import type { CellRow } from '../gate/read/runs.js';
import { type DrawRow, IDENTITY_COLUMNS } from '../metrics/files.js';
import { DRAWN_METRICS, type MetricName } from '../metrics/schema.js';
import type { Sample } from '../report/estimate.js';

/** A cell of one side with its replicates: rows of runs.csv that differ in nothing else, in their order, and their draws. */
export interface Group {
  readonly rows: readonly CellRow[];
  readonly draws: readonly (readonly DrawRow[])[];
}

/** What the cells of two sides are matched by, as one text. */
function groupKey({ identity }: CellRow): string {
  return JSON.stringify(
    IDENTITY_COLUMNS.filter((column) => column !== 'replicate').map((one) => identity[one]),
  );
}

/** The cells of a side by what was run. */
export function groupsOf({ cells, draws }: Experiment): Map<string, Group> {
  const groups = new Map<string, { rows: CellRow[]; draws: (readonly DrawRow[])[] }>();
  for (const row of cells) {
    const group = groups.get(groupKey(row)) ?? { rows: [], draws: [] };
    group.rows.push(row);
    group.draws.push(draws.get(Number(row.cell)) ?? []);
    groups.set(groupKey(row), group);
  }
  return groups;
}

/**
 * The values of a metric: one a replicate; of a single replicate one a draw, where draws change the metric. Undefined where it
 * is not measured in all of them.
 */
export function sampleOf({ rows, draws }: Group, metric: MetricName): Sample | undefined {
  const drawn = DRAWN_METRICS.find((name) => name === metric);
  const own = draws[0]!;
  if (drawn && rows.length === 1 && own.length > 1)
    return { keys: own.map(({ draw }) => draw), values: own.map((row) => row[drawn]) };
  const values = rows.map((row) => row.values[metric]).filter((value) => typeof value === 'number');
  if (values.length < rows.length) return undefined;
  return { keys: rows.map(({ identity }) => Number(identity.replicate)), values };
}
