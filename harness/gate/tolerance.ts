import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import type { PerfRow } from '../metrics/files.js';
import { METRIC_GROUPS, METRICS } from '../metrics/schema.js';

/** How much a value may change: a share of the baseline's, or a number in the metric's own unit. */
export type Tolerance =
  | {
      readonly kind: 'share';
      readonly share: number;
      /** What it may change by in any case, in the metric's own unit: a share of a small number is less than one event. */
      readonly least?: number;
    }
  | { readonly kind: 'number'; readonly number: number };

/** The name by which `--tolerance` means wall times: their column in perf.csv. */
export const WALL_TIME = 'wall_ns' satisfies keyof PerfRow;

/** @throws InputError for what is neither a share nor a number */
function parseOne(text: string): { name: string; tolerance: Tolerance } {
  const [, name, number, percent] = /^([^=]*)=(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  if (name === undefined)
    throw new InputError(`--tolerance "${text}" is not a tolerance, expected METRIC=N% or METRIC=N`);
  const value = Number(number);
  if (!Number.isFinite(value)) throw new InputError(`--tolerance "${text}" is too large a number`);
  if (percent === '%') return { name, tolerance: { kind: 'share', share: value / 100 } };
  if (name === WALL_TIME)
    throw new InputError(`--tolerance ${text}: wall times take a share only, expected ${WALL_TIME}=N%`);
  return { name, tolerance: { kind: 'number', number: value } };
}

/**
 * Parses `METRIC=1%` or `METRIC=5`, one per metric, or a class of metrics instead of one. A metric without a tolerance may not
 * change at all: deterministic results are the same on every host, so there is no scatter to allow for.
 *
 * @returns by metric; what is said of a metric goes before what is said of its class
 * @throws InputError for an unknown metric, one that has two, or what is neither a share nor a number
 */
export function parseTolerances(texts: readonly string[]): Map<string, Tolerance> {
  const given = new Map<string, Tolerance>();
  const names: readonly string[] = [...METRICS.map(({ name }) => name), WALL_TIME, ...METRIC_GROUPS];
  for (const text of texts) {
    const { name, tolerance } = parseOne(text);
    if (!names.includes(name)) throw unknownName('metric', name, names);
    if (given.has(name)) throw new InputError(`--tolerance has two for ${name}, expected one a metric`);
    given.set(name, tolerance);
  }
  const ofClasses = METRICS.flatMap(({ name, group }) => {
    const tolerance = given.get(group);
    return tolerance ? [[name, tolerance] as const] : [];
  });
  for (const group of METRIC_GROUPS) given.delete(group);
  return new Map([...ofClasses, ...given]);
}

/** Whether a value is as close to the baseline's as the tolerance allows. */
export function isWithin(tolerance: Tolerance | undefined, baseline: number, candidate: number): boolean {
  if (!tolerance) return false;
  const off = Math.abs(candidate - baseline);
  if (tolerance.kind === 'number') return off <= tolerance.number;
  return off <= Math.max(tolerance.share * Math.abs(baseline), tolerance.least ?? 0);
}

/** A tolerance for people. @param unit of its metric */
export function toleranceText(tolerance: Tolerance, unit: string): string {
  if (tolerance.kind === 'number') return `${tolerance.number} ${unit}`;
  const least = tolerance.least === undefined ? '' : ` or ${tolerance.least} ${unit}`;
  return `${Number((100 * tolerance.share).toFixed(3))} %${least}`;
}
