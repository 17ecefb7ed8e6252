/** Capacities grow by an eighth, so that at most a ninth of the memory is slack. */
export function grownCapacity(capacity: number, needed: number): number {
  return Math.max(needed, Math.ceil((capacity * 9) / 8), 1024);
}

/** A longer copy of a typed array; what is new holds `fill`. */
export function grownInt32(array: Int32Array, length: number, fill: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(array);
  if (fill !== 0) grown.fill(fill, array.length);
  return grown;
}

export function grownUint32(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(length);
  grown.set(array);
  return grown;
}

export function grownUint16(array: Uint16Array, length: number): Uint16Array<ArrayBuffer> {
  const grown = new Uint16Array(length);
  grown.set(array);
  return grown;
}

export function grownUint8(array: Uint8Array, length: number, fill = 0): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(length);
  grown.set(array);
  if (fill !== 0) grown.fill(fill, array.length);
  return grown;
}

export function grownFloat64(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(length);
  grown.set(array);
  return grown;
}
