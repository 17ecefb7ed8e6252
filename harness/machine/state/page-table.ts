import { grown, grownCapacity } from '../../base/arrays.js';

/** Entries of a page-table page. */
export const LEAF_ENTRIES = 512;
const LEAF_SHIFT = 9;
/** Pages a directory (a table of leaves) covers: 1 GiB of 4 KiB pages. */
const REGION_PAGES = LEAF_ENTRIES * LEAF_ENTRIES;
const ENTRY_MASK = LEAF_ENTRIES - 1;

/**
 * Bits of a page table entry. The page's id is above them. 0 is no entry; an id without PRESENT is a page that was
 * swapped out; PRESENT with id 0 is the shared zero page.
 */
export const PTE = { present: 1, write: 2, young: 4, dirty: 8 } as const;
export const PTE_SHIFT = 4;
/** Neither present nor swapped out: purged while volatile. The next access finds that the contents are gone. */
export const PURGED: number = PTE.write;
/** Neither present nor swapped out: a guard (MADV_GUARD_INSTALL; PTE_MARKER_GUARD). An access is SIGSEGV. */
export const GUARD: number = PTE.young;

/** Directory of an address space: which leaf holds a page's entry. */
export class Directory {
  private readonly regions = new Map<number, Int32Array>();
  private lastRegion = -1;
  private lastLeaves: Int32Array = new Int32Array(0);

  /** Directories, each a page of its own. */
  get pages(): number {
    return this.regions.size;
  }

  /** The leaf of a page, or -1. */
  leaf(vpn: number): number {
    const region = Math.floor(vpn / REGION_PAGES);
    if (region !== this.lastRegion) {
      const leaves = this.regions.get(region);
      if (!leaves) return -1;
      this.lastRegion = region;
      this.lastLeaves = leaves;
    }
    return this.lastLeaves[(vpn - region * REGION_PAGES) >> LEAF_SHIFT]!;
  }

  /** Index of a page's entry, or -1 where it has no leaf. */
  entry(vpn: number): number {
    const region = Math.floor(vpn / REGION_PAGES);
    if (region !== this.lastRegion) {
      const leaves = this.regions.get(region);
      if (!leaves) return -1;
      this.lastRegion = region;
      this.lastLeaves = leaves;
    }
    const within = vpn - region * REGION_PAGES;
    const leaf = this.lastLeaves[within >> LEAF_SHIFT]!;
    return leaf < 0 ? -1 : (leaf << LEAF_SHIFT) | (within & ENTRY_MASK);
  }

  /** The first page from `vpn` on, below `end`, that has a leaf; `end` when there is none. */
  nextLeaf(vpn: number, end: number): number {
    for (const part of this.leavesIn(vpn, end)) return part.from;
    return end;
  }

  /** The first region after one, below `end`, that has a directory; the one behind `end` when there is none. */
  private nextRegion(region: number, end: number): number {
    const stop = Math.ceil(end / REGION_PAGES);
    const near = Math.min(stop, region + 1 + this.regions.size);
    for (let next = region + 1; next < near; next++) if (this.regions.has(next)) return next;
    if (near === stop) return stop;
    // A wide gap, as in a mapping of terabytes: looking through the directories is less than walking on.
    let first = stop;
    for (const other of this.regions.keys()) if (other >= near && other < first) first = other;
    return first;
  }

  /** Sets the leaf of a page; -1 takes it out, and its directory with the last one. */
  setLeaf(vpn: number, leaf: number): void {
    const region = Math.floor(vpn / REGION_PAGES);
    let leaves = this.regions.get(region);
    if (!leaves) {
      leaves = new Int32Array(LEAF_ENTRIES).fill(-1);
      this.regions.set(region, leaves);
    }
    leaves[(vpn - region * REGION_PAGES) >> LEAF_SHIFT] = leaf;
    if (leaf >= 0 || leaves.some((other) => other >= 0)) return;
    this.regions.delete(region);
    if (this.lastRegion === region) this.lastRegion = -1;
  }

  /** All leaves, by address. */
  *leaves(): Generator<LeafPart> {
    for (const region of [...this.regions.keys()].sort((a, b) => a - b)) {
      yield* this.leavesIn(region * REGION_PAGES, (region + 1) * REGION_PAGES);
    }
  }

  /** The parts of [start, end) that have a leaf, by address. Regions without a directory cost a step each, at most about as many as there are directories. */
  *leavesIn(start: number, end: number): Generator<LeafPart> {
    for (let vpn = start; vpn < end; ) {
      const region = Math.floor(vpn / REGION_PAGES);
      const leaves = this.regions.get(region);
      if (!leaves) {
        vpn = this.nextRegion(region, end) * REGION_PAGES;
        continue;
      }
      const base = region * REGION_PAGES;
      const stop = Math.min(end, base + REGION_PAGES);
      const slots = ((stop - 1 - base) >> LEAF_SHIFT) + 1;
      let slot = (vpn - base) >> LEAF_SHIFT;
      // Of a sparse directory that is nearly all.
      while (slot < slots && leaves[slot]! < 0) slot++;
      if (slot === slots) {
        vpn = stop;
        continue;
      }
      const leaf = leaves[slot]!;
      const from = Math.max(vpn, base + slot * LEAF_ENTRIES);
      vpn = Math.min(stop, base + (slot + 1) * LEAF_ENTRIES);
      yield { leaf, from, to: vpn, at: (leaf << LEAF_SHIFT) | entryInLeaf(from) };
    }
  }
}

/** Pages [from, to) that lie in one leaf. */
export interface LeafPart {
  readonly leaf: number;
  readonly from: number;
  readonly to: number;
  /** Index of the entry of page `from`. */
  readonly at: number;
}

/** Place of a page's entry within its leaf. */
export function entryInLeaf(vpn: number): number {
  return vpn - Math.floor(vpn / LEAF_ENTRIES) * LEAF_ENTRIES;
}

/** The page-table pages of all spaces, in one pool. */
export class PageTables {
  /** Entry `leaf * 512 + i`. Replaced when the pool grows. */
  private entries = new Int32Array(16 * LEAF_ENTRIES);
  /** Entries in use, by leaf. */
  private used = new Int32Array(16);
  private readonly unused: number[] = [];
  private next = 0;
  private directories = 0;
  /** Leaves that stand for entries of the directory (hugetlb pages): no page of a kernel's tables. */
  private readonly standIns = new Set<number>();
  /** Most page-table pages ever in use. */
  peak = 0;

  /** Page-table pages in use, directories included. */
  get pages(): number {
    return this.next - this.unused.length - this.standIns.size + this.directories;
  }

  get bytes(): number {
    return this.entries.byteLength + this.used.byteLength;
  }

  /** Index of a page's entry, or -1 where the space has no leaf for it. */
  find(directory: Directory, vpn: number): number {
    return directory.entry(vpn);
  }

  /** Index of a page's entry; its leaf is made if need be. */
  make(directory: Directory, vpn: number): number {
    let leaf = directory.leaf(vpn);
    if (leaf < 0) {
      leaf = this.allocate();
      const before = directory.pages;
      directory.setLeaf(vpn, leaf);
      this.directories += directory.pages - before;
      if (this.pages > this.peak) this.peak = this.pages;
    }
    return (leaf << LEAF_SHIFT) | entryInLeaf(vpn);
  }

  /** The first entry of a leaf that stands for an entry of the directory. It is made if need be. */
  makeStandIn(directory: Directory, vpn: number): number {
    if (directory.leaf(vpn) < 0) {
      const leaf = this.allocate();
      this.standIns.add(leaf);
      const before = directory.pages;
      directory.setLeaf(vpn, leaf);
      this.directories += directory.pages - before;
      if (this.pages > this.peak) this.peak = this.pages;
    }
    return directory.leaf(vpn) << LEAF_SHIFT;
  }

  /** The entry at an index. */
  get(index: number): number {
    return this.entries[index]!;
  }

  /** The first index from one on, below `end` in the same leaf, whose entry is in use; `end` where there is none. */
  nextUsed(index: number, end: number): number {
    const { entries } = this;
    let at = index;
    while (at < end && entries[at] === 0) at++;
    return at;
  }

  /** The same of entries that have all of some bits. */
  nextWith(bits: number, index: number, end: number): number {
    const { entries } = this;
    let at = index;
    while (at < end && (entries[at]! & bits) !== bits) at++;
    return at;
  }

  /** Writes an entry that is in use and stays so. */
  change(index: number, value: number): void {
    this.entries[index] = value;
  }

  /** Writes an entry and keeps count of the leaf's used ones. */
  set(index: number, value: number): void {
    const was = this.entries[index]!;
    const leaf = index >> LEAF_SHIFT;
    if (was === 0 && value !== 0) this.used[leaf] = this.used[leaf]! + 1;
    else if (was !== 0 && value === 0) this.used[leaf] = this.used[leaf]! - 1;
    this.entries[index] = value;
  }

  isEmpty(leaf: number): boolean {
    return this.used[leaf] === 0;
  }

  /** Gives back an empty leaf. */
  release(directory: Directory, vpn: number): void {
    const leaf = directory.leaf(vpn);
    const before = directory.pages;
    directory.setLeaf(vpn, -1);
    this.directories += directory.pages - before;
    this.standIns.delete(leaf);
    this.unused.push(leaf);
  }

  private allocate(): number {
    const unused = this.unused.pop();
    if (unused !== undefined) return unused;
    const leaf = this.next++;
    if (leaf >= this.used.length) {
      const length = Math.ceil(grownCapacity(this.entries.length, 0) / LEAF_ENTRIES);
      this.used = grown(this.used, length, 0);
      this.entries = grown(this.entries, length * LEAF_ENTRIES, 0);
    }
    return leaf;
  }
}
