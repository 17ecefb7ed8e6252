/** A copy of an array with room for `length` elements, the new ones `fill`; the array itself when it is long enough. */
export function longer<T extends Uint8Array | Int32Array | Float64Array>(
  array: T,
  length: number,
  fill = 0,
): T {
  if (length <= array.length) return array;
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  if (fill !== 0) copy.fill(fill, array.length);
  return copy;
}
