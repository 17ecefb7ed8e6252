import { studentWithin } from './student.js';

/** The share of intervals that hold what they estimate. */
const CONFIDENCE = 0.95;

/** Half the width of intervals in standard errors, by degrees of freedom: each is found once. */
const WIDTHS: number[] = [];

function halfWidth(df: number): number {
  WIDTHS[df] ??= studentWithin(CONFIDENCE, df);
  return WIDTHS[df];
}

/** A mean, with the interval that holds it with a confidence of 95 %. */
export interface Estimate {
  readonly mean: number;
  /** Undefined where there is one value: nothing is known of its scatter. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** How many values it is of. */
  readonly n: number;
}

/**
 * The mean of values and its 95 % interval by Student's t, which takes them as draws of a normal distribution.
 *
 * @param values at least one
 */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, low: undefined, high: undefined, n };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = halfWidth(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { mean, low: mean - half, high: mean + half, n };
}

/** Whether an interval holds 0: what was estimated may as well not be there. False where nothing is known of the scatter. */
export function holdsZero({ low, high }: Estimate): boolean {
  return low !== undefined && high !== undefined && low <= 0 && high >= 0;
}

/** An estimate in other units. */
export function scaled({ mean, low, high, n }: Estimate, factor: number): Estimate {
  const ends = [low, high].map((end) => (end === undefined ? undefined : end * factor));
  const [a, b] = factor < 0 ? ends.reverse() : ends;
  return { mean: mean * factor, low: a, high: b, n };
}
