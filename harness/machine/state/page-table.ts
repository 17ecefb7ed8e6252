/** Entries of a page-table page. */
export const LEAF_ENTRIES = 512;
/** Shifts the index of an entry to the number of its leaf. */
export const LEAF_SHIFT = 9;
/** Pages a directory (a table of leaves) covers: 1 GiB of 4 KiB pages. */
const REGION_PAGES = LEAF_ENTRIES * LEAF_ENTRIES;
/** The part of an entry's index that is its place in the leaf. */
export const ENTRY_MASK: number = LEAF_ENTRIES - 1;
/** No page is this far below all others. */
const NO_REGION = -(2 ** 30);

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
  /** Host memory of each directory of a space. */
  static readonly BYTES: number = 4 * LEAF_ENTRIES;

  private readonly regions = new Map<number, Int32Array>();
  /** First page of the region looked at last, and its leaves. */
  private lastBase = NO_REGION;
  private lastLeaves: Int32Array = new Int32Array(0);

  /** Directories, each a page of its own. */
  get pages(): number {
    return this.regions.size;
  }

  /** Makes the region of a page the one that was looked at last. Returns whether there is one. */
  private look(vpn: number): boolean {
    const region = Math.floor(vpn / REGION_PAGES);
    const leaves = this.regions.get(region);
    if (!leaves) return false;
    this.lastBase = region * REGION_PAGES;
    this.lastLeaves = leaves;
    return true;
  }

  /** The leaf of a page, or -1. */
  leaf(vpn: number): number {
    const within = vpn - this.lastBase;
    if (within >= 0 && within < REGION_PAGES) return this.lastLeaves[within >> LEAF_SHIFT]!;
    return this.look(vpn) ? this.lastLeaves[(vpn - this.lastBase) >> LEAF_SHIFT]! : -1;
  }

  /** Index of a page's entry, or -1 where it has no leaf. */
  entry(vpn: number): number {
    const leaf = this.leaf(vpn);
    return leaf < 0 ? -1 : (leaf << LEAF_SHIFT) | ((vpn - this.lastBase) & ENTRY_MASK);
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
    if (this.lastBase === region * REGION_PAGES) this.lastBase = NO_REGION;
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
