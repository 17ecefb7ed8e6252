import { grown } from '../../../base/arrays.js';
import { PageLists } from './page-list.js';

/** The largest count; pages used more often than this share a list. */
const MAX_COUNT = 65_535;
const WORDS = (MAX_COUNT + 1) / 32;

/** Number of the lowest set bit of a word that is not 0. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/**
 * Pages by how often they were used: one list a count, and a bitmap of two levels of the lists that are not empty, so
 * that the smallest count is found at once, whatever was taken away. Counts of pages that are on no list are kept: a
 * policy gives a page that comes back its old count, or sets another.
 *
 * Within a list the first page is the one that reached the count first.
 */
export class FrequencyLists {
  private readonly lists: PageLists;
  private counts: Int32Array;
  private readonly words = new Int32Array(WORDS);
  private readonly summary = new Int32Array(WORDS / 32);

  constructor(count: number) {
    this.lists = new PageLists(MAX_COUNT + 1, count);
    this.counts = new Int32Array(count);
  }

  get bytes(): number {
    return this.lists.bytes + this.counts.byteLength + this.words.byteLength + this.summary.byteLength;
  }

  grow(count: number): void {
    this.lists.grow(count);
    this.counts = grown(this.counts, count);
  }

  count(id: number): number {
    return this.counts[id]!;
  }

  /** Sets the count of a page that is on no list. */
  setCount(id: number, count: number): void {
    this.counts[id] = count;
  }

  /** Puts a page that is on no list on that of a count. */
  add(id: number, count: number): void {
    const list = count > MAX_COUNT ? MAX_COUNT : count;
    this.counts[id] = list;
    const empty = this.lists.tail(list) < 0;
    this.lists.addHead(list, id);
    if (!empty) return;
    const word = list >> 5;
    this.words[word] = this.words[word]! | (1 << (list & 31));
    this.summary[word >> 5] = this.summary[word >> 5]! | (1 << (word & 31));
  }

  /** Takes a page off its list. Its count stays. */
  take(id: number): void {
    const list = this.counts[id]!;
    this.lists.unlink(id);
    if (this.lists.tail(list) >= 0) return;
    const word = list >> 5;
    const left = this.words[word]! & ~(1 << (list & 31));
    this.words[word] = left;
    if (left === 0) this.summary[word >> 5] = this.summary[word >> 5]! & ~(1 << (word & 31));
  }

  /** Of the pages used least often the one that got there first; -1 when there is none. */
  first(): number {
    const list = this.smallest();
    return list < 0 ? -1 : this.lists.tail(list);
  }

  /** Of the pages used least often the one that got there last; -1 when there is none. */
  last(): number {
    const list = this.smallest();
    return list < 0 ? -1 : this.lists.head(list);
  }

  /** The smallest count of a page on a list; -1 when there is none. */
  smallest(): number {
    const { summary } = this;
    for (let i = 0; i < summary.length; i++) {
      const bits = summary[i]!;
      if (bits === 0) continue;
      const word = i * 32 + lowestBit(bits);
      return word * 32 + lowestBit(this.words[word]!);
    }
    return -1;
  }
}
