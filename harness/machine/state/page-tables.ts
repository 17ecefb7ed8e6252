import { grown, grownCapacity } from '../../base/arrays.js';
import { InputError } from '../../base/errors.js';
import { must } from '../memory/invariant.js';
import { Directory, ENTRY_MASK, entryInLeaf, LEAF_ENTRIES, LEAF_SHIFT } from './page-table.js';
import { MOST_SMALL, SmallLeaves } from './small-leaves.js';

/** Most leaves: indexes of entries have 31 bits. */
const MOST_LEAVES = 2 ** 31 / LEAF_ENTRIES;
/** As long as no more leaves than this have entries, all have them in a row: that is 2 MiB, and the fastest. */
const FULL_AT_ONCE = 1024;
/** In place of where a leaf's entries are: it has none. */
const EMPTY = -1;

/**
 * The page-table pages of all spaces, in one pool. An entry has an index, `leaf * 512 + place`, which stays what it is as long as
 * the leaf does. Where the entry lies changes: where there are many leaves, one with few entries has only these (`SmallLeaves`), any
 * other all 512 in a row. Once it has grown to that it stays so until it is released.
 */
export class PageTables {
  /** Where each leaf's entries are: index of its first in `entries`; `EMPTY`; or -2 less the code of a small leaf. */
  private bases = new Int32Array(0);
  /** Entries in use, by leaf. */
  private counts = new Uint16Array(0);
  /** Entries of leaves that have them in a row. Replaced when the pool grows. */
  private entries = new Int32Array(16 * LEAF_ENTRIES);
  private readonly small = new SmallLeaves((leaf, code) => {
    this.bases[leaf] = -2 - code;
  });
  private readonly unused: number[] = [];
  /** Leaves so far are below this. */
  private next = 0;
  /** Where rows of entries are free, and where the next one is that never was in use. */
  private readonly unusedRows: number[] = [];
  private nextRow = 0;
  private directories = 0;
  /** Leaves that stand for entries of the directory (hugetlb pages): no page of a kernel's tables. */
  private readonly standIns = new Set<number>();
  /** Most page-table pages ever in use. */
  peak = 0;
  /** Tests alone set this, so that few pages are enough for sparse leaves. */
  fullAtOnce: number = FULL_AT_ONCE;
  private isSparse = false;

  /** Page-table pages in use, directories included. */
  get pages(): number {
    return this.next - this.unused.length - this.standIns.size + this.directories;
  }

  get bytes(): number {
    const leaves = this.bases.byteLength + this.counts.byteLength;
    return leaves + this.entries.byteLength + this.small.bytes + this.directories * Directory.BYTES;
  }

  /** Index of a page's entry, or -1 where the space has no leaf for it. */
  find(directory: Directory, vpn: number): number {
    return directory.entry(vpn);
  }

  /**
   * Index of a page's entry; its leaf is made if need be.
   *
   * @param wanted entries that are about to be made in the leaf: many are in a row from the start
   * @throws InputError where there are too many leaves
   */
  make(directory: Directory, vpn: number, wanted = 1): number {
    let leaf = directory.leaf(vpn);
    if (leaf < 0) {
      leaf = this.allocate();
      this.setLeaf(directory, vpn, leaf);
    }
    if (wanted > MOST_SMALL) this.spread(leaf);
    return (leaf << LEAF_SHIFT) | entryInLeaf(vpn);
  }

  /** The first entry of a leaf that stands for an entry of the directory. It is made if need be. */
  makeStandIn(directory: Directory, vpn: number): number {
    let leaf = directory.leaf(vpn);
    if (leaf < 0) {
      leaf = this.allocate();
      this.standIns.add(leaf);
      this.setLeaf(directory, vpn, leaf);
    }
    this.spread(leaf);
    return leaf << LEAF_SHIFT;
  }

  private setLeaf(directory: Directory, vpn: number, leaf: number): void {
    const before = directory.pages;
    directory.setLeaf(vpn, leaf);
    this.directories += directory.pages - before;
    if (this.pages > this.peak) this.peak = this.pages;
  }

  /** The entry at an index. */
  get(index: number): number {
    const base = this.bases[index >> LEAF_SHIFT]!;
    return base >= 0 ? this.entries[base | (index & ENTRY_MASK)]! : this.getSmall(base, index);
  }

  private getSmall(base: number, index: number): number {
    if (base === EMPTY) return 0;
    return this.small.get(-2 - base, this.counts[index >> LEAF_SHIFT]!, index & ENTRY_MASK);
  }

  /** The first index from one on, below `end` in the same leaf, whose entry is in use; `end` where there is none. */
  nextUsed(index: number, end: number): number {
    if (index >= end) return end;
    const base = this.bases[index >> LEAF_SHIFT]!;
    if (base < 0) return this.nextSmall(base, 0, index, end);
    const { entries } = this;
    const shift = base - (index & ~ENTRY_MASK);
    let at = index;
    while (at < end && entries[at + shift] === 0) at++;
    return at;
  }

  /** The same of entries that have all of some bits. */
  nextWith(bits: number, index: number, end: number): number {
    if (index >= end) return end;
    const base = this.bases[index >> LEAF_SHIFT]!;
    if (base < 0) return this.nextSmall(base, bits, index, end);
    const { entries } = this;
    const shift = base - (index & ~ENTRY_MASK);
    let at = index;
    while (at < end && (entries[at + shift]! & bits) !== bits) at++;
    return at;
  }

  private nextSmall(base: number, bits: number, index: number, end: number): number {
    if (base === EMPTY) return end;
    const place = index & ENTRY_MASK;
    const next = this.small.next(-2 - base, this.counts[index >> LEAF_SHIFT]!, place, bits);
    return Math.min(end, index - place + next);
  }

  /** Writes an entry that is in use and stays so. */
  change(index: number, value: number): void {
    const base = this.bases[index >> LEAF_SHIFT]!;
    if (base >= 0) this.entries[base | (index & ENTRY_MASK)] = value;
    else this.set(index, value);
  }

  /** Writes an entry and keeps count of the leaf's used ones. */
  set(index: number, value: number): void {
    const leaf = index >> LEAF_SHIFT;
    const base = this.bases[leaf]!;
    if (base < 0) {
      this.setSmall(leaf, base, index & ENTRY_MASK, value);
      return;
    }
    const at = base | (index & ENTRY_MASK);
    const was = this.entries[at]!;
    if (was === 0 && value !== 0) this.counts[leaf] = this.counts[leaf]! + 1;
    else if (was !== 0 && value === 0) this.counts[leaf] = this.counts[leaf]! - 1;
    this.entries[at] = value;
  }

  private setSmall(leaf: number, base: number, place: number, value: number): void {
    const count = this.counts[leaf]!;
    if (base === EMPTY) {
      if (value !== 0) this.setFirst(leaf, place, value);
    } else if (value === 0) {
      if (this.small.get(-2 - base, count, place) === 0) return;
      this.counts[leaf] = count - 1;
      if (!this.small.delete(leaf, -2 - base, count, place)) this.bases[leaf] = EMPTY;
    } else if (!this.small.change(-2 - base, count, place, value)) {
      if (this.small.add(leaf, -2 - base, count, place, value)) this.counts[leaf] = count + 1;
      else {
        this.spread(leaf);
        this.set((leaf << LEAF_SHIFT) | place, value);
      }
    }
  }

  private setFirst(leaf: number, place: number, value: number): void {
    if (!this.isSparse && this.nextRow - this.unusedRows.length >= this.fullAtOnce) this.becomeSparse();
    if (this.isSparse) {
      this.small.add(leaf, this.small.create(leaf, 1), 0, place, value);
      this.counts[leaf] = 1;
    } else {
      this.spread(leaf);
      this.set((leaf << LEAF_SHIFT) | place, value);
    }
  }

  /** Leaves of few entries have only these from now on, those of before too. */
  private becomeSparse(): void {
    this.isSparse = true;
    const rows: number[] = [];
    for (let leaf = 0; leaf < this.next; leaf++) {
      if (this.bases[leaf]! < 0) continue;
      if (this.counts[leaf]! > MOST_SMALL / 2 || this.standIns.has(leaf)) rows.push(leaf);
      else this.shrink(leaf);
    }
    const entries = new Int32Array((rows.length + (rows.length >> 3) + 1) * LEAF_ENTRIES);
    rows.forEach((leaf, row) => {
      const base = this.bases[leaf]!;
      entries.set(this.entries.subarray(base, base + LEAF_ENTRIES), row * LEAF_ENTRIES);
      this.bases[leaf] = row * LEAF_ENTRIES;
    });
    this.entries = entries;
    this.nextRow = rows.length;
    this.unusedRows.length = 0;
  }

  /** Makes a leaf small; its row is lost. */
  private shrink(leaf: number): void {
    const base = this.bases[leaf]!;
    const count = this.counts[leaf]!;
    this.bases[leaf] = EMPTY;
    if (count === 0) return;
    const code = this.small.create(leaf, count);
    let added = 0;
    for (let place = 0; place < LEAF_ENTRIES; place++) {
      const entry = this.entries[base + place]!;
      if (entry !== 0) this.small.add(leaf, code, added++, place, entry);
    }
  }

  /** Puts all entries of a leaf in a row. */
  private spread(leaf: number): void {
    const base = this.bases[leaf]!;
    if (base >= 0) return;
    const row = this.allocateRow();
    if (base !== EMPTY) this.small.drain(-2 - base, this.counts[leaf]!, this.entries, row);
    this.bases[leaf] = row;
  }

  isEmpty(leaf: number): boolean {
    return this.counts[leaf] === 0;
  }

  /** Entries of a leaf that are in use. */
  inUse(leaf: number): number {
    return this.counts[leaf]!;
  }

  /** Gives back an empty leaf. */
  release(directory: Directory, vpn: number): void {
    const leaf = directory.leaf(vpn);
    must(this.counts[leaf] === 0, () => `leaf ${leaf} has entries and is released`);
    const before = directory.pages;
    directory.setLeaf(vpn, -1);
    this.directories += directory.pages - before;
    this.standIns.delete(leaf);
    if (this.bases[leaf]! >= 0) this.unusedRows.push(this.bases[leaf]!);
    this.bases[leaf] = EMPTY;
    this.unused.push(leaf);
  }

  private allocate(): number {
    const unused = this.unused.pop();
    if (unused !== undefined) return unused;
    const leaf = this.next;
    if (leaf === MOST_LEAVES)
      throw new InputError(
        `this trace needs more page tables than the simulated machine can name: expected at most ${MOST_LEAVES} at once`,
      );
    this.next++;
    if (leaf >= this.bases.length) {
      const length = leaf + Math.max(64, leaf >> 3);
      this.bases = grown(this.bases, length, EMPTY);
      this.counts = grown(this.counts, length);
    }
    return leaf;
  }

  /** 512 entries, all of them 0. */
  private allocateRow(): number {
    const unused = this.unusedRows.pop();
    if (unused !== undefined) return unused;
    const row = this.nextRow++ * LEAF_ENTRIES;
    if (row >= this.entries.length) {
      const rows = Math.ceil(grownCapacity(this.entries.length, 0) / LEAF_ENTRIES);
      this.entries = grown(this.entries, rows * LEAF_ENTRIES);
    }
    return row;
  }
}
