import { broken } from '../memory/invariant.js';
import { LeafBlocks } from './leaf-blocks.js';
import { LEAF_ENTRIES } from './page-table.js';

/** Entries that a block of each class has room for. From 16 on at most a third of it is free, from 28 on a seventh. */
const ROOMS: readonly number[] = [
  2, 4, 8, 16, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 92, 104, 120, 136, 156, 176, 192,
];
/** Most entries of a leaf that is kept so. One more, and 512 entries of 4 bytes are 10.6 bytes for each. */
export const MOST_SMALL = 192;

const CLASS_BITS = 5;
const CLASS_MASK = (1 << CLASS_BITS) - 1;

/**
 * Leaves with few entries, each of them a block that has the entries in use alone. A leaf is known by the code of its block,
 * `block * 32 + class`; how many entries it has, the caller keeps.
 */
export class SmallLeaves {
  private readonly classes = ROOMS.map((room) => new LeafBlocks(room));

  /** @param onMove told the code of a leaf that has another block now */
  constructor(private readonly onMove: (leaf: number, code: number) => void) {}

  get bytes(): number {
    return this.classes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The entry at a place; 0 where none is. */
  get(code: number, count: number, place: number): number {
    const blocks = this.classes[code & CLASS_MASK]!;
    const block = code >> CLASS_BITS;
    const at = blocks.find(block, count, place);
    return at < 0 ? 0 : blocks.entry(block, at);
  }

  /** Writes an entry that is there. Returns whether it was. */
  change(code: number, count: number, place: number, entry: number): boolean {
    const blocks = this.classes[code & CLASS_MASK]!;
    const block = code >> CLASS_BITS;
    const at = blocks.find(block, count, place);
    if (at < 0) return false;
    blocks.setEntry(block, at, entry);
    return true;
  }

  /** The first place from one on whose entry has all of some bits (0: any entry); `LEAF_ENTRIES` where there is none. */
  next(code: number, count: number, place: number, bits: number): number {
    const blocks = this.classes[code & CLASS_MASK]!;
    const block = code >> CLASS_BITS;
    let at = blocks.before(block, count, place);
    while (at < count && (blocks.entry(block, at) & bits) !== bits) at++;
    return at < count ? blocks.place(block, at) : LEAF_ENTRIES;
  }

  /** A block for a leaf that is to have as many entries, at most `MOST_SMALL`. Returns its code. */
  create(leaf: number, count: number): number {
    const size = ROOMS.findIndex((room) => room >= count);
    const code = (this.classes[size]!.add(leaf) << CLASS_BITS) | size;
    this.onMove(leaf, code);
    return code;
  }

  /** Adds an entry at a place without one. Returns false where the leaf has `MOST_SMALL`. */
  add(leaf: number, code: number, count: number, place: number, entry: number): boolean {
    if (count === MOST_SMALL) return false;
    const size = code & CLASS_MASK;
    const into = count === ROOMS[size] ? this.moveTo(size + 1, leaf, code, count) : code;
    this.classes[into & CLASS_MASK]!.insert(into >> CLASS_BITS, count, place, entry);
    return true;
  }

  /** Takes the entry at a place out, and the block with the last one. Returns whether a block is left. */
  delete(leaf: number, code: number, count: number, place: number): boolean {
    const size = code & CLASS_MASK;
    const blocks = this.classes[size]!;
    const at = blocks.find(code >> CLASS_BITS, count, place);
    if (at < 0) broken(`leaf ${leaf} has no entry at ${place}`);
    blocks.take(code >> CLASS_BITS, count, place, at);
    if (count === 1) this.remove(code);
    // Two classes less: one that goes up and down by an entry stays where it is.
    else if (size > 1 && count - 1 <= ROOMS[size - 2]!) this.moveTo(size - 1, leaf, code, count - 1);
    return count > 1;
  }

  /** Copies all entries to an array where they have their places, and gives the block up. */
  drain(code: number, count: number, into: Int32Array, base: number): void {
    const blocks = this.classes[code & CLASS_MASK]!;
    const block = code >> CLASS_BITS;
    for (let i = 0; i < count; i++) into[base + blocks.place(block, i)] = blocks.entry(block, i);
    this.remove(code);
  }

  private moveTo(size: number, leaf: number, code: number, count: number): number {
    const from = this.classes[code & CLASS_MASK]!;
    const to = this.classes[size]!;
    const moved = to.add(leaf);
    to.copy(moved, from, code >> CLASS_BITS, count);
    this.remove(code);
    this.onMove(leaf, (moved << CLASS_BITS) | size);
    return (moved << CLASS_BITS) | size;
  }

  private remove(code: number): void {
    const other = this.classes[code & CLASS_MASK]!.remove(code >> CLASS_BITS);
    if (other >= 0) this.onMove(other, code);
  }
}
