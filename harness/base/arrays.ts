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

/** Capacities grow by an eighth, so that at most a ninth of the memory is slack. */
export function grownCapacity(capacity: number, needed: number): number {
  return Math.max(needed, Math.ceil((capacity * 9) / 8), 1024);
}

/** The whole numbers from `from` up to but not including `to`. */
export function* range(from: number, to: number): Generator<number> {
  for (let i = from; i < to; i++) yield i;
}
