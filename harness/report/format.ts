import type { NumberColumn } from '../metrics/columns.js';

const MIB = 1024 * 1024;

/** The number in a column; 0 where it is empty or does not apply. */
export function numberIn<R>(row: R, column: NumberColumn<R>): number {
  const value = row[column];
  return typeof value === 'number' ? value : 0;
}

/** Pages as MiB, with one decimal below 10. */
export function mib(pages: number, pageBytes: number): string {
  const value = (pages * pageBytes) / MIB;
  return value.toFixed(Math.abs(value) >= 10 || value === 0 ? 0 : 1);
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
