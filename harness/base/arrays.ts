/** Arrays of numbers that grow. */
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/**
 * The array itself when it has `length` elements, else a longer copy of it.
 *
 * @param fill what the new elements hold
 */
export function grown<T extends NumberArray>(array: T, length: number, fill = 0): T {
  if (length <= array.length) return array;
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  if (fill !== 0) copy.fill(fill, array.length);
  return copy;
}

/** Up to here, capacities double: slack costs less than copying again and again. */
const SMALL = 2 ** 15;

/** Capacities double while they are small, and grow by an eighth then, so that at most a ninth of much memory is slack. */
export function grownCapacity(capacity: number, needed: number): number {
  const next = capacity <= SMALL ? 2 * capacity : Math.ceil((capacity * 9) / 8);
  return Math.max(needed, next, 1024);
}

/** The whole numbers from `from` up to but not including `to`. */
export function* range(from: number, to: number): Generator<number> {
  for (let i = from; i < to; i++) yield i;
}
