import type { StringTable } from '../block.js';

/**
 * Finds the index of a text by its bytes, so that an argument seen before costs no string. Open addressing with
 * linear probing over typed arrays, at most half full.
 */
export class ByteInterner {
  private slots = new Int32Array(1024).fill(-1);
  private hashes = new Int32Array(1024);
  private starts: number[] = [];
  private ends: number[] = [];
  private indexes: number[] = [];
  private arena = new Uint8Array(16_384);
  private used = 0;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(private readonly strings: StringTable) {}

  /**
   * The index in the string table of the text in `bytes[from..to)`.
   *
   * @throws TypeError when the bytes are not UTF-8
   */
  intern(bytes: Uint8Array, from: number, to: number): number {
    let hash = to - from;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    let mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let entry = this.slots[slot]!; entry >= 0; entry = this.slots[slot]!) {
      if (this.hashes[slot] === hash && this.equals(entry, bytes, from, to)) return this.indexes[entry]!;
      slot = (slot + 1) & mask;
    }
    if (this.indexes.length * 2 >= this.slots.length) {
      this.rehash();
      mask = this.slots.length - 1;
      slot = hash & mask;
      while (this.slots[slot]! >= 0) slot = (slot + 1) & mask;
    }
    this.slots[slot] = this.indexes.length;
    this.hashes[slot] = hash;
    return this.remember(bytes, from, to);
  }

  private equals(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.starts[entry]!;
    if (this.ends[entry]! - start !== to - from) return false;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== this.arena[j]) return false;
    return true;
  }

  private remember(bytes: Uint8Array, from: number, to: number): number {
    const text = this.decoder.decode(bytes.subarray(from, to));
    const length = to - from;
    if (this.used + length > this.arena.length) {
      const grown = new Uint8Array((this.used + length) * 2);
      grown.set(this.arena.subarray(0, this.used));
      this.arena = grown;
    }
    this.arena.set(bytes.subarray(from, to), this.used);
    this.starts.push(this.used);
    this.used += length;
    this.ends.push(this.used);
    const index = this.strings.intern(text);
    this.indexes.push(index);
    return index;
  }

  private rehash(): void {
    const { slots, hashes } = this;
    this.slots = new Int32Array(slots.length * 2).fill(-1);
    this.hashes = new Int32Array(slots.length * 2);
    const mask = this.slots.length - 1;
    for (let i = 0; i < slots.length; i++) {
      const entry = slots[i]!;
      if (entry < 0) continue;
      const hash = hashes[i]!;
      let slot = hash & mask;
      while (this.slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = entry;
      this.hashes[slot] = hash;
    }
  }
}
