import type { Row } from './csv.js';
import type { DrawRow, DrawTimes } from './files.js';
import { DRAWN_METRICS, type DrawnMetric, STALL_PARTS } from './schema.js';

/** Draws of device latency where none are asked for. */
export const DEFAULT_DRAWS = 5;
/** The most draws: each keeps histograms. */
export const MAX_DRAWS = 100;

/** Rows of draws.csv by the cell they are of, in the order of the draws. */
export type DrawsByCell = ReadonlyMap<number, readonly DrawRow[]>;

export function drawsByCell(rows: readonly DrawRow[]): DrawsByCell {
  const byCell = new Map<number, DrawRow[]>();
  for (const row of rows) {
    const known = byCell.get(row.cell);
    if (known) known.push(row);
    else byCell.set(row.cell, [row]);
  }
  return byCell;
}

/** What runs.csv has of draws: their means in whole numbers. Its stall time is the sum of the stall parts, so that both agree. */
export function meanOfDraws(draws: readonly DrawTimes[]): DrawTimes {
  const mean = (of: (draw: DrawTimes) => number) =>
    Math.round(draws.reduce((sum, draw) => sum + of(draw), 0) / draws.length);
  const means = Object.fromEntries(DRAWN_METRICS.map((name) => [name, mean((draw) => draw[name])])) as Record<
    keyof DrawTimes,
    number
  >;
  means.stall_ns = STALL_PARTS.reduce((sum, part) => sum + means[`stall_${part}_ns`], 0);
  return means;
}

/** What is wrong with the draws of a cell, according to its row of runs.csv; undefined if nothing is. */
export function wrongWithDraws(values: Row, draws: readonly DrawRow[]): string | undefined {
  const count = values.stall_ns === null ? 0 : values.draws;
  if (draws.length !== count) return `has ${draws.length} draws, expected ${count} as runs.csv says`;
  if (draws.some(({ draw }, i) => draw !== i + 1)) return `has other draws than 1 to ${count} in their order`;
  for (const row of draws) {
    const sum = STALL_PARTS.reduce((all, part) => all + row[`stall_${part}_ns`], 0);
    if (sum !== row.stall_ns)
      return `has stall_ns ${row.stall_ns} in draw ${row.draw}, expected ${sum}, the sum of its parts`;
  }
  if (draws.length === 0) return undefined;
  const means = meanOfDraws(draws);
  const name = DRAWN_METRICS.find((column) => column in values && values[column] !== means[column]);
  return name && `has a mean ${name} of ${means[name]}, expected ${values[name]} as runs.csv says`;
}

/** The least and the most that draws have of a metric. */
export interface DrawRange {
  readonly low: number;
  readonly high: number;
}

/** What draws span, of the metrics in which they differ. */
export function drawRanges(draws: readonly DrawTimes[]): Partial<Record<DrawnMetric, DrawRange>> {
  const ranges = DRAWN_METRICS.flatMap((name) => {
    const values = draws.map((draw) => draw[name]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low < high ? [[name, { low, high }] as const] : [];
  });
  return Object.fromEntries(ranges);
}
