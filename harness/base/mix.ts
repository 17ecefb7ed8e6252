/** Hashes of `mix` are whole numbers below this. */
export const HASHES: number = 2 ** 32;

/** A 32-bit hash of a whole number, of which the lower 32 bits count (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
