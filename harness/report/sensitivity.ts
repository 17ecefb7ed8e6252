import type { RunRow } from '../metrics/files.js';
import { STALL_PARTS, type StallPart } from '../metrics/schema.js';
import { paretoFront } from './pareto.js';

/** Prices are medians of one machine: a verdict should not hang on any class of them being half or twice as high. */
const FACTORS = [0.5, 2] as const;

/** A class of cost on which the verdict of a group hangs. */
export interface Flip {
  readonly part: StallPart;
  readonly factor: number;
  /** Cells that are on the Pareto front with these costs and not with the usual ones. */
  readonly entered: readonly RunRow[];
  /** Cells that are no longer on it. */
  readonly left: readonly RunRow[];
}

/**
 * Each class of cost halved and doubled, one at a time: where that changes the Pareto front of a group. Memory and
 * events do not depend on prices, since stalls delay nothing, so what a cell would have cost follows from its row.
 */
export function flips(rows: readonly RunRow[]): Flip[] {
  const usual = paretoFront(rows);
  return STALL_PARTS.flatMap((part) =>
    FACTORS.flatMap((factor) => {
      const front = paretoFront(rows, { part, factor });
      const entered = front.filter((row) => !usual.includes(row));
      const left = usual.filter((row) => !front.includes(row));
      return entered.length + left.length > 0 ? [{ part, factor, entered, left }] : [];
    }),
  );
}
