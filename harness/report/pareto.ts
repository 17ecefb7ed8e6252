import type { RunRow } from '../metrics/files.js';
import type { StallPart } from '../metrics/schema.js';
import { EQUAL_COST, EQUAL_SAVING, isRanked } from './comparison.js';
import { numberIn } from './format.js';

// Of rows, without intervals: what has not moved to front.ts yet.

/** One class of cost made cheaper or dearer by a factor. */
export interface Scaled {
  readonly part: StallPart;
  readonly factor: number;
}

/** What a cell costs programs, in ns: all stalls. */
export function costNs(row: RunRow, scaled?: Scaled): number {
  const sum = numberIn(row, 'stall_ns');
  if (!scaled) return sum;
  return sum + (scaled.factor - 1) * numberIn(row, `stall_${scaled.part}_ns`);
}

interface Point {
  readonly row: RunRow;
  readonly saved: number;
  readonly cost: number;
}

/** Whether `a` is as good as `b` in both and clearly better in one. */
function dominates(a: Point, b: Point): boolean {
  const scale = Math.max(Math.abs(a.saved), Math.abs(b.saved));
  const more = a.saved - b.saved;
  const cheaper = b.cost - a.cost;
  const equalSaving = scale * EQUAL_SAVING;
  const equalCost = Math.max(a.cost, b.cost) * EQUAL_COST;
  if (more < -equalSaving || cheaper < -equalCost) return false;
  return more > equalSaving || cheaper > equalCost;
}

/** Whether a cell can be on the front: it ran, and it gives something back or is what the others are compared with. */
function competes(row: RunRow): boolean {
  const saved = row.saved_pages_mean;
  return isRanked(row) && typeof saved === 'number' && (saved > 0 || row.discard === 'keep');
}

/** The cells of a group that no other one beats: none saves as much for less, and none saves more for as much. */
export function frontBy(rows: readonly RunRow[], cost: (row: RunRow) => number): RunRow[] {
  const points = rows.filter(competes).map((row) => ({
    row,
    saved: numberIn(row, 'saved_pages_mean'),
    cost: cost(row),
  }));
  return points.filter((point) => !points.some((other) => dominates(other, point))).map(({ row }) => row);
}
