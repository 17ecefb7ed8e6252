/**
 * What tools that keep histories are given. Each value becomes a chart or an alert there, so by default these are ten metrics a
 * trace: the default comparison has tens of thousands of values.
 */
import { HEADLINE_METRICS } from '../metrics/headline.js';
import type { CellReport, Measured, Report } from './report.js';

/** Values of a cell, or of all cells of a trace. */
export interface Series {
  readonly name: string;
  /** The same by part, as `key=value` has them. */
  readonly parts: Readonly<Record<string, string>>;
  readonly baseline: readonly Measured[];
  readonly candidate: readonly Measured[];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The means of a metric over cells, draw by draw where all have as many. */
function meanMeasured(all: readonly Measured[]): Measured {
  const { draws: first, ...one } = all[0]!;
  const count = first?.length ?? 0;
  const drawn = count > 0 && all.every(({ draws }) => draws?.length === count);
  const draws = drawn
    ? Array.from({ length: count }, (_, i) => meanOf(all.map((measured) => measured.draws![i]!)))
    : undefined;
  return { ...one, value: meanOf(all.map(({ value }) => value)), ...(draws && { draws }) };
}

function headlineOf(cells: readonly CellReport[], side: 'baseline' | 'candidate'): Measured[] {
  return HEADLINE_METRICS.flatMap((name) => {
    const all = cells.flatMap((cell) => cell[side].filter(({ metric }) => metric === name));
    return all.length > 0 ? [meanMeasured(all)] : [];
  });
}

/** The headline of a trace. The number of its cells is in the name: means over other cells are not the same series. */
function traceSeries(trace: string, cells: readonly CellReport[]): Series {
  const values = { baseline: headlineOf(cells, 'baseline'), candidate: headlineOf(cells, 'candidate') };
  if (cells.length === 1) return { name: cells[0]!.name, parts: cells[0]!.identity, ...values };
  return {
    name: `${trace}, mean of ${cells.length} cells`,
    parts: { trace, cells: String(cells.length) },
    ...values,
  };
}

/** The series of a report. @param all every metric of every cell, not the headline of each trace */
export function seriesOf({ cells }: Report, all: boolean): Series[] {
  if (all)
    return cells.map(({ name, identity, baseline, candidate }) => ({
      name,
      parts: identity,
      baseline,
      candidate,
    }));
  const byTrace = new Map<string, CellReport[]>();
  for (const cell of cells) byTrace.set(cell.trace, [...(byTrace.get(cell.trace) ?? []), cell]);
  return [...byTrace].map(([trace, own]) => traceSeries(trace, own));
}
