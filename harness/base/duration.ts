import { InputError } from './errors.js';

/** Units of durations, the longest first, in µs. */
const UNITS: readonly (readonly [unit: string, us: number])[] = [
  ['h', 3_600_000_000],
  ['min', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1000],
  ['us', 1],
];
const UNIT_US: Readonly<Record<string, number>> = Object.fromEntries(UNITS);
const FORM = /^(\d+(?:\.\d+)?)(h|min|s|ms|us)$/;
/** A year: more is a slip. */
const MOST_US = 365 * 24 * 3_600_000_000;

/**
 * Reads a duration: a number with its unit, `us`, `ms`, `s`, `min` or `h`; 0 needs none.
 *
 * @returns whole µs
 * @throws InputError when it is not a duration, is no whole number of µs or is longer than a year
 */
export function parseDuration(name: string, text: string): number {
  if (text === '0') return 0;
  const match = FORM.exec(text);
  if (!match)
    throw new InputError(`${name}=${text} is not a duration, expected a number and us, ms, s, min or h`);
  const us = Math.round(Number(match[1]) * UNIT_US[match[2]!]! * 1e6) / 1e6;
  if (!Number.isInteger(us))
    throw new InputError(`${name}=${text} is not a whole number of µs, expected for example ${name}=1us`);
  if (us > MOST_US) throw new InputError(`${name}=${text} is out of range, expected at most a year`);
  return us;
}

/** A duration in the longest unit of which it is a whole number: one text for each duration. */
export function durationForm(us: number): string {
  if (us === 0) return '0';
  const [unit, size] = UNITS.find((one) => us % one[1] === 0)!;
  return `${us / size}${unit}`;
}
