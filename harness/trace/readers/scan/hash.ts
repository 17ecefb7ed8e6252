/** FNV-1a of 64 bits: the offset basis and, of its prime 2^40 + 0x1b3, the lower part. Source: Fowler, Noll, Vo and Eastlake, RFC 9923 */
const BASIS_LOW = 0x8422_2325;
const BASIS_HIGH = 0xcbf2_9ce4;
const PRIME_LOW = 0x1b3;
const TWO_32 = 2 ** 32;

/**
 * Hashes texts to 64 bits with FNV-1a. Two words instead of a BigInt, so that nothing is allocated per text. Of n distinct
 * texts, two have one hash with a probability of about n² / 2^65: 3 in 10^8 at a million, 0.03 at a billion.
 */
export class TextHash {
  /** Lower and upper word of the hash of the last text. */
  low = 0;
  high = 0;

  /** Hashes `bytes` from `start` to `end`, exclusive. */
  of(bytes: Uint8Array, start: number, end: number): void {
    let low = BASIS_LOW;
    let high = BASIS_HIGH;
    for (let at = start; at < end; at++) {
      low = (low ^ bytes[at]!) >>> 0;
      // Times 2^40 + 0x1b3, modulo 2^64: below 2^41, so that a float holds the product exactly.
      const product = low * PRIME_LOW;
      high = (Math.imul(high, PRIME_LOW) + Math.floor(product / TWO_32) + (low << 8)) >>> 0;
      low = product >>> 0;
    }
    this.low = low;
    this.high = high;
  }
}
