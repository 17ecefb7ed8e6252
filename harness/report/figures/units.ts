/** A unit of an axis: a value divided by `size` is in it. */
export interface Unit {
  readonly name: string;
  readonly size: number;
}

const BYTES: readonly Unit[] = [
  { name: 'GiB', size: 1024 ** 3 },
  { name: 'MiB', size: 1024 ** 2 },
  { name: 'KiB', size: 1024 },
];
const TIMES_NS: readonly Unit[] = [
  { name: 's', size: 1e9 },
  { name: 'ms', size: 1e6 },
  { name: 'µs', size: 1e3 },
  { name: 'ns', size: 1 },
];

function unitFor(units: readonly Unit[], most: number): Unit {
  // Numbers from 2 to some thousand read best.
  return units.find(({ size }) => most >= 2 * size) ?? units.at(-1)!;
}

/** The unit in which the largest of some amounts of memory reads best. */
export function byteUnit(most: number): Unit {
  return unitFor(BYTES, most);
}

/** The unit in which the longest of some times in ns reads best. */
export function timeUnit(most: number): Unit {
  return unitFor(TIMES_NS, most);
}

/** A number with as many digits as a figure can show: keeps specifications short. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** The largest of some numbers; 0 of none. Safe for more numbers than a call takes arguments. */
export function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** A number with three digits that count. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || value === 0) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(size >= 1 ? 3 : 2)));
}

/** An amount of memory with its unit. */
export function bytesText(bytes: number): string {
  const { name, size } = byteUnit(2 * Math.abs(bytes));
  return `${digits(bytes / size)} ${name}`;
}

/** A time with its unit. */
export function timeText(ns: number): string {
  const { name, size } = timeUnit(2 * Math.abs(ns));
  return `${digits(ns / size)} ${name}`;
}
