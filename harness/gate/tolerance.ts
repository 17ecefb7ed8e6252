import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import type { PerfRow } from '../metrics/files.js';
import { METRICS } from '../metrics/schema.js';

/** How much a value may change: a share of the baseline's, or a number in the metric's own unit. */
export type Tolerance =
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'number'; readonly number: number };

/** The name by which `--tolerance` means wall times: their column in perf.csv. */
export const WALL_TIME = 'wall_ns' satisfies keyof PerfRow;

/**
 * Parses `METRIC=1%` or `METRIC=5`, one per metric. A metric without a tolerance may not change at all: deterministic results
 * are the same on every host, so there is no scatter to allow for.
 *
 * @throws InputError for an unknown metric, one that has two, or what is neither a share nor a number
 */
export function parseTolerances(texts: readonly string[]): Map<string, Tolerance> {
  const tolerances = new Map<string, Tolerance>();
  const names: readonly string[] = [...METRICS.map(({ name }) => name), WALL_TIME];
  for (const text of texts) {
    const [, name, number, percent] = /^([^=]*)=(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
    if (name === undefined)
      throw new InputError(`--tolerance "${text}" is not a tolerance, expected METRIC=N% or METRIC=N`);
    if (!names.includes(name)) throw unknownName('metric', name, names);
    if (name === WALL_TIME && percent === '')
      throw new InputError(`--tolerance ${text}: wall times take a share only, expected ${WALL_TIME}=N%`);
    const value = Number(number);
    if (!Number.isFinite(value)) throw new InputError(`--tolerance "${text}" is too large a number`);
    if (tolerances.has(name)) throw new InputError(`--tolerance has two for ${name}, expected one a metric`);
    tolerances.set(
      name,
      percent === '%' ? { kind: 'share', share: value / 100 } : { kind: 'number', number: value },
    );
  }
  return tolerances;
}

/** Whether a value is as close to the baseline's as the tolerance allows. */
export function isWithin(tolerance: Tolerance | undefined, baseline: number, candidate: number): boolean {
  if (!tolerance) return false;
  const off = Math.abs(candidate - baseline);
  return off <= (tolerance.kind === 'share' ? tolerance.share * Math.abs(baseline) : tolerance.number);
}
