import type { NumberColumn } from '../metrics/columns.js';
import type { Estimate } from '../stats/estimate.js';

const MIB = 1024 * 1024;

/** The number in a column; 0 where it is empty or does not apply. */
export function numberIn<R>(row: R, column: NumberColumn<R>): number {
  const value = row[column];
  return typeof value === 'number' ? value : 0;
}

/** Pages as MiB, with one decimal below 10. */
export function mib(pages: number, pageBytes: number): string {
  const value = (pages * pageBytes) / MIB;
  const text = value.toFixed(Math.abs(value) >= 10 || value === 0 ? 0 : 1);
  return text === '-0.0' ? '0.0' : text;
}

/** Nanoseconds as milliseconds. */
export function ms(ns: number): string {
  const value = ns / 1e6;
  return value.toFixed(Math.abs(value) >= 100 || value === 0 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** A share as per cent. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((part / whole) * 100).toFixed(0)} %`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function either(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** More names than this are counted. */
const MOST_NAMES = 4;

/** Words for a list: those that are too many are counted. */
export function several(words: readonly string[]): readonly string[] {
  if (words.length <= MOST_NAMES) return words;
  return [...words.slice(0, MOST_NAMES - 1), `${words.length - MOST_NAMES + 1} others`];
}

/** A number with two digits that say something. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 10 || value === 0) return value.toFixed(0);
  return size >= 1 ? value.toFixed(1) : String(Number(value.toPrecision(1)));
}

/** From the least to the most. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Both ends of a range, or one where they look the same.
 *
 * @param unit what they are divided by
 * @param sign whether positive numbers have a plus
 */
export function rangeText({ low, high }: Range, unit: number, sign = false): string {
  const ends = [low, high].map((value) => short(value / unit));
  const [from, to] = ends.map((text) => (sign && Number(text) > 0 ? `+${text}` : text)) as [string, string];
  if (from === to) return from;
  return low < 0 ? `${from}\u2026${to}` : `${from}\u2013${ends[1]}`;
}

/** The range that holds two others. */
export function unionOf(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** A duration in µs, in seconds up to two minutes, and the unit that it is in. */
function durationParts(us: number): [value: string, unit: string] {
  const seconds = us / 1e6;
  return seconds < 120 ? [short(seconds), 's'] : [short(seconds / 60), 'min'];
}

/** A duration, in seconds up to two minutes. @param us in µs */
export function shortDuration(us: number): string {
  return durationParts(us).join(' ');
}

/** The least and the most of some durations in µs. */
export function durationRange({ low, high }: Range): string {
  const [[from, unit], [to, other]] = [durationParts(low), durationParts(high)];
  if (unit !== other) return `${from} ${unit}\u2013${to} ${other}`;
  return from === to ? `${from} ${unit}` : `${from}\u2013${to} ${unit}`;
}

/** A difference with its sign, and half of its interval where there is one to see: `+106±3`. */
export function withScatter({ mean, low, high }: Estimate, text: (value: number) => string): string {
  const own = text(mean);
  const signed = mean > 0 && Number(own) !== 0 ? `+${own}` : own;
  if (low === undefined || high === undefined) return signed;
  const half = text((high - low) / 2);
  return Number(half) === 0 ? signed : `${signed}\u00b1${half}`;
}
