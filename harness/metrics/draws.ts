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
