import { WASM_PAGE, type WasmMemory, wasmMemory } from './wasm.js';

/** Arrays of numbers that grow. */
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** From this size on arrays lie in memories that grow where they are: a copy would be in memory as well as the array. */
const LARGE_BYTES = 2 ** 26;
const memories = new WeakMap<ArrayBufferLike, WasmMemory>();

/** A longer form of a large array with its elements, where that can be had without a copy, or for the last time with one. */
function extended<T extends NumberArray>(array: T, length: number): T | undefined {
  const Numbers = array.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => T;
  const bytes = length * array.BYTES_PER_ELEMENT;
  if (bytes < LARGE_BYTES) return undefined;
  try {
    let memory = memories.get(array.buffer);
    if (memory) memory.grow(Math.max(0, Math.ceil((bytes - memory.buffer.byteLength) / WASM_PAGE)));
    else {
      memory = wasmMemory(bytes);
      new Numbers(memory.buffer, 0, length).set(array);
    }
    memories.set(memory.buffer, memory);
    return new Numbers(memory.buffer, 0, length);
  } catch (error) {
    // What a memory throws that cannot be as large.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function copied<T extends NumberArray>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}

/**
 * The array itself when it has `length` elements, else a longer one with its elements. The array given has no meaning then: a
 * large one has the same memory.
 *
 * @param fill what the new elements hold
 */
export function grown<T extends NumberArray>(array: T, length: number, fill = 0): T {
  const before = array.length;
  if (length <= before) return array;
  const longer = extended(array, length) ?? copied(array, length);
  if (fill !== 0) longer.fill(fill, before);
  return longer;
}

/** Up to here, capacities double: slack costs less than copying again and again. */
const SMALL = 2 ** 16;
/** From here on, arrays of one number an element grow where they are. */
const LARGE = LARGE_BYTES / 4;

/**
 * Capacities double while they are small, and grow by an eighth then, so that at most a ninth of much memory is slack; where
 * nothing is copied, by a thirty-second.
 */
export function grownCapacity(capacity: number, needed: number): number {
  const next =
    capacity <= SMALL ? 2 * capacity : capacity + Math.ceil(capacity / (capacity < LARGE ? 8 : 32));
  return Math.max(needed, next, 1024);
}
