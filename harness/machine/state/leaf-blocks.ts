import { grown } from '../../base/arrays.js';

/** Up to this room the places of entries are a list of 2 bytes each; above, a set of bits takes less. */
const LISTED = 24;
/** Words of the set of 512 places, and behind it of eight bytes: how many entries are before every 64th place. */
const SET_WORDS = 16;
const HEAD_WORDS = SET_WORDS + 2;
/** Blocks that there is room for at the least. */
const FEW = 8;
/** From here on arrays grow by a sixteenth, before by an eighth. */
const MANY = 1024;

/**
 * Blocks of one size without a gap, each the entries of a leaf that are in use, by place. Memory is 4 bytes for each entry that there
 * is room for, with 2 more for its place or 72 bytes a block for all places, and 4 a block for whose it is. Arrays have an eighth
 * of slack at most.
 */
export class LeafBlocks {
  /** Block `b` is `stride` words from `b * stride` on: which places have entries, where these are not listed, and the entries. */
  private words = new Int32Array(0);
  /** Places of these entries, where they are listed. */
  private places = new Uint16Array(0);
  /** Whose the blocks are. */
  private leaves = new Int32Array(0);
  private count = 0;
  private readonly isListed: boolean;
  private readonly head: number;
  private readonly stride: number;

  /** @param room entries that a block has room for, at most 255 */
  constructor(readonly room: number) {
    this.isListed = room <= LISTED;
    this.head = this.isListed ? 0 : HEAD_WORDS;
    this.stride = this.head + room;
  }

  get bytes(): number {
    return this.words.byteLength + this.places.byteLength + this.leaves.byteLength;
  }

  /** A block for a leaf, without entries. */
  add(leaf: number): number {
    const block = this.count++;
    if (block === this.leaves.length) this.resize(grown);
    this.leaves[block] = leaf;
    this.words.fill(0, block * this.stride, block * this.stride + this.head);
    return block;
  }

  /** Takes a block out, and moves the last one there. Returns the leaf of that; -1 where it is the one that went. */
  remove(block: number): number {
    const { room, stride, leaves } = this;
    const last = --this.count;
    const moved = block === last ? -1 : leaves[last]!;
    if (moved >= 0) {
      leaves[block] = moved;
      this.words.copyWithin(block * stride, last * stride, (last + 1) * stride);
      if (this.isListed) this.places.copyWithin(block * room, last * room, (last + 1) * room);
    }
    // Leaves that fill alike pass through the sizes together, and would leave each as large as it ever was.
    if (leaves.length > 2 * FEW && last < leaves.length - (leaves.length >> 3))
      this.resize((array, length) => array.slice(0, length) as typeof array);
    return moved;
  }

  private resize(to: typeof grown): void {
    const length = this.count + Math.max(FEW, this.count >> (this.count < MANY ? 3 : 4));
    this.leaves = to(this.leaves, length);
    this.words = to(this.words, length * this.stride);
    if (this.isListed) this.places = to(this.places, length * this.room);
  }

  /** An entry of a block, by its order. */
  entry(block: number, order: number): number {
    return this.words[block * this.stride + this.head + order]!;
  }

  setEntry(block: number, order: number, entry: number): void {
    this.words[block * this.stride + this.head + order] = entry;
  }

  /** Entries of a block at places below one. @param count entries of the block */
  before(block: number, count: number, place: number): number {
    if (this.isListed) return this.beforeListed(block, count, place);
    const { words } = this;
    const first = block * this.stride;
    const word = first + (place >> 5);
    const below = bitCount(words[word]! & ((1 << (place & 31)) - 1));
    const pair = place & 32 ? bitCount(words[word - 1]!) : 0;
    return pairCount(words, first, place >> 6) + pair + below;
  }

  private beforeListed(block: number, count: number, place: number): number {
    const { places } = this;
    const first = block * this.room;
    let low = first;
    let high = first + count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low - first;
  }

  /** Which entry of a block is at a place, by its order; -1 where none is. */
  find(block: number, count: number, place: number): number {
    if (!this.isListed) {
      const marks = this.words[block * this.stride + (place >> 5)]!;
      return (marks >>> (place & 31)) & 1 ? this.before(block, count, place) : -1;
    }
    const at = this.beforeListed(block, count, place);
    return at < count && this.places[block * this.room + at] === place ? at : -1;
  }

  /** The place of an entry of a block. */
  place(block: number, order: number): number {
    if (this.isListed) return this.places[block * this.room + order]!;
    const { words } = this;
    const first = block * this.stride;
    let pair = SET_WORDS / 2 - 1;
    while (pairCount(words, first, pair) > order) pair--;
    let left = order - pairCount(words, first, pair);
    let word = 2 * pair;
    const lower = bitCount(words[first + word]!);
    if (left >= lower) {
      left -= lower;
      word++;
    }
    let marks = words[first + word]!;
    for (; left > 0; left--) marks &= marks - 1;
    return 32 * word + 31 - Math.clz32(marks & -marks);
  }

  /** Adds an entry at a place without one. There is room for it. */
  insert(block: number, count: number, place: number, entry: number): void {
    const { words } = this;
    const order = this.before(block, count, place);
    const first = block * this.stride + this.head;
    for (let i = first + count; i > first + order; i--) words[i] = words[i - 1]!;
    words[first + order] = entry;
    if (!this.isListed) {
      this.mark(block, place, 1);
      return;
    }
    const at = block * this.room + order;
    for (let i = at + count - order; i > at; i--) this.places[i] = this.places[i - 1]!;
    this.places[at] = place;
  }

  /** Takes an entry out. @param order which one it is */
  take(block: number, count: number, place: number, order: number): void {
    const { words } = this;
    const first = block * this.stride + this.head;
    for (let i = first + order; i < first + count - 1; i++) words[i] = words[i + 1]!;
    if (!this.isListed) {
      this.mark(block, place, -1);
      return;
    }
    const at = block * this.room;
    for (let i = at + order; i < at + count - 1; i++) this.places[i] = this.places[i + 1]!;
  }

  /** A place has an entry now, or has none any more: there is one more, or less, before all places of later pairs of words. */
  private mark(block: number, place: number, by: 1 | -1): void {
    const { words } = this;
    const first = block * this.stride;
    const word = first + (place >> 5);
    words[word] = words[word]! ^ (1 << (place & 31));
    for (let pair = (place >> 6) + 1; pair < SET_WORDS / 2; pair++) {
      const at = first + SET_WORDS + (pair >> 2);
      words[at] = words[at]! + (by << (8 * (pair & 3)));
    }
  }

  /** Fills a block without entries with those of another. */
  copy(block: number, from: LeafBlocks, source: number, count: number): void {
    for (let i = 0; i < count; i++) this.setEntry(block, i, from.entry(source, i));
    if (!this.isListed && !from.isListed) {
      for (let i = 0; i < HEAD_WORDS; i++)
        this.words[block * this.stride + i] = from.words[source * from.stride + i]!;
      return;
    }
    for (let i = 0; i < count; i++) {
      const place = from.place(source, i);
      if (this.isListed) this.places[block * this.room + i] = place;
      else this.mark(block, place, 1);
    }
  }
}

/** Entries before a pair of words of the set of a block that begins at `first`. */
function pairCount(words: Int32Array, first: number, pair: number): number {
  return (words[first + SET_WORDS + (pair >> 2)]! >>> (8 * (pair & 3))) & 255;
}

/** Bits that are set. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
