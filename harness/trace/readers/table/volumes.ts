import { BYTE } from '../../text/fields.js';

/** Digits of a number that is its own volume: below 2^30. */
const MAX_DIGITS = 9;
const NINE = 9;

/**
 * Numbers of volumes by their texts. A plain number is itself; names, numbers with zeros in front and long ones count
 * down from -1 in order of their appearance.
 */
export class Volumes {
  private readonly names = new Map<string, number>();
  private lastName: string | undefined;
  private lastVolume = 0;

  /** The volume whose text lies between `at` and `end`, exclusive. */
  find(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at]!;
    if (end - at > MAX_DIGITS || (first === BYTE.zero && end - at > 1) || end === at)
      return this.named(Buffer.from(bytes.subarray(at, end)).toString('latin1'));
    let value = 0;
    for (let i = at; i < end; i++) {
      const digit = bytes[i]! - BYTE.zero;
      if (digit < 0 || digit > NINE)
        return this.named(Buffer.from(bytes.subarray(at, end)).toString('latin1'));
      value = value * 10 + digit;
    }
    return value;
  }

  /** The volume that two columns name together. */
  join(first: number, second: number): number {
    return this.named(`${first}\0${second}`);
  }

  private named(name: string): number {
    if (name === this.lastName) return this.lastVolume;
    const known = this.names.get(name) ?? -1 - this.names.size;
    this.names.set(name, known);
    this.lastName = name;
    this.lastVolume = known;
    return known;
  }
}
