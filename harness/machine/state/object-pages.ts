import { InputError } from '../../base/errors.js';
import { COUNT_LIMIT } from '../../trace/op.js';
import type { Tmpfs } from './tmpfs.js';

const CHUNK = 512;
const CHUNK_SHIFT = 9;

/** What lies behind an object's pages. */
export type Backing =
  /** Memory and swap: memfd, tmpfs, shared anonymous mappings. A hole is a page that was never written. */
  | 'shmem'
  /** A disk, through the page cache. */
  | 'file'
  /** Memory outside the machine's frames, mapped in place (execute in place); single pages may be in the page cache. */
  | 'xip'
  /** A linear range of such memory that no one counts (VM_PFNMAP). */
  | 'pfn'
  /** Pages of 2 MiB out of a pool of their own (hugetlbfs, MFD_HUGETLB, MAP_HUGETLB): not reclaimed, not swapped, not charged. */
  | 'hugetlb';

/** In place of a page's id: a hole of a file. Other objects' holes are 0. */
const FILE_HOLE = -1;
/** In place of a page's id: purged while volatile. A hole whose next use has to learn of it. */
const PURGED = -2;

/** What lies behind each page of an object: its pages' ids, by index. */
export class ObjectPages {
  readonly backing: Backing;
  /** Whether all that it has is in memory or swap: a hole reads as zeros, and its contents go with the last reference. */
  readonly inMemory: boolean;
  /** Blocks it has (the kernel's st_blocks, in pages): memory or swap of shmem, blocks of a file. */
  blocks: number;
  private pages_: number;
  /** No index from here on has an id, or ever had one. */
  private idsBelow = 0;
  /** Indexes of a file from here on have no block unless they have an id. */
  private unallocatedFrom: number;
  private readonly chunks: (Int32Array | undefined)[] = [];

  /**
   * @param size in pages
   * @param tmpfs what a file of shared memory has its blocks from; undefined where memory is its only bound
   */
  constructor(
    size: number,
    backing: Backing,
    readonly tmpfs?: Tmpfs,
  ) {
    this.backing = backing;
    this.inMemory = backing === 'shmem' || backing === 'hugetlb';
    this.pages_ = size;
    this.unallocatedFrom = size;
    this.blocks = this.inMemory ? 0 : size;
  }

  /** Size in pages. */
  get size(): number {
    return this.pages_;
  }

  /** All ids are of indexes below this: a huge page may reach beyond the end. */
  get reach(): number {
    return Math.max(this.pages_, this.idsBelow);
  }

  /**
   * Sets the size. What is beyond must be gone already; what is new has no blocks.
   *
   * @throws InputError for more pages than indexes of 31 bits reach
   */
  resize(size: number): void {
    if (size > COUNT_LIMIT)
      throw new InputError(`the object would have ${size} pages, expected at most ${COUNT_LIMIT}`);
    this.pages_ = size;
    if (size < this.unallocatedFrom) this.unallocatedFrom = size;
  }

  /** Id of the page at an index; 0 for one that has none: a hole, or a page of a file never used so far. */
  page(index: number): number {
    return Math.max(0, this.at(index));
  }

  /** Whether nothing lies behind an index: reads find zeros. */
  isHole(index: number): boolean {
    const page = this.at(index);
    if (this.inMemory) return page <= 0;
    return page === FILE_HOLE || (page === 0 && index >= this.unallocatedFrom);
  }

  /** Sets the id of the page at an index. */
  setPage(index: number, page: number): void {
    if (this.inMemory && this.at(index) <= 0) this.addBlocks(1);
    if (index >= this.idsBelow) this.idsBelow = index + 1;
    this.put(index, page);
  }

  /** Nothing lies behind an index any more. The caller counts the blocks of a file. */
  makeHole(index: number): void {
    if (this.inMemory && this.at(index) > 0) this.addBlocks(-1);
    this.put(index, this.inMemory ? 0 : FILE_HOLE);
  }

  private addBlocks(blocks: number): void {
    this.blocks += blocks;
    if (this.tmpfs) this.tmpfs.used += blocks;
  }

  /** Whether nothing lies behind an index, and nothing can: the tmpfs is full (shmem_inode_acct_blocks). */
  lacksBlock(index: number): boolean {
    return this.tmpfs?.isFull === true && this.isHole(index);
  }

  /** Whether what lay behind an index was purged. */
  isPurged(index: number): boolean {
    return this.at(index) === PURGED;
  }

  /** What lay behind an index has been purged: it is a hole already. */
  setPurged(index: number): void {
    this.put(index, PURGED);
  }

  /** Makes purged pages in [from, to) ordinary holes. Returns how many there were. */
  clearPurged(from: number, to: number): number {
    let cleared = 0;
    for (let index = this.nextPurged(from, to); index < to; index = this.nextPurged(index + 1, to)) {
      this.put(index, 0);
      cleared++;
    }
    return cleared;
  }

  /** Indexes in [from, to) that have an id, in order. */
  *present(from: number, to: number): Generator<number> {
    for (let index = this.nextPresent(from, to); index < to; index = this.nextPresent(index + 1, to))
      yield index;
  }

  /** Indexes in [from, to) that were purged, in order. */
  *purged(from: number, to: number): Generator<number> {
    for (let index = this.nextPurged(from, to); index < to; index = this.nextPurged(index + 1, to))
      yield index;
  }

  private nextPurged(from: number, to: number): number {
    for (let index = from; index < to; index++) {
      const chunk = this.chunks[index >> CHUNK_SHIFT];
      if (chunk === undefined)
        index |= CHUNK - 1; // the rest of this chunk has none
      else if (chunk[index & (CHUNK - 1)] === PURGED) return index;
    }
    return to;
  }

  /** Whether anything in [from, to) was purged. */
  anyPurged(from: number, to: number): boolean {
    return this.nextPurged(from, to) < to;
  }

  /** The first index in [from, to) that has an id; `to` where there is none. */
  nextPresent(from: number, to: number): number {
    for (let index = from; index < to; index++) {
      const chunk = this.chunks[index >> CHUNK_SHIFT];
      if (chunk === undefined) index |= CHUNK - 1;
      else if (chunk[index & (CHUNK - 1)]! > 0) return index;
    }
    return to;
  }

  /** The first index in [from, to) that something may lie behind: of shared memory one that has an id, of others any. */
  nextFilled(from: number, to: number): number {
    return this.backing === 'shmem' ? this.nextPresent(from, to) : Math.min(from, to);
  }

  private at(index: number): number {
    const chunk = this.chunks[index >> CHUNK_SHIFT];
    return chunk === undefined ? 0 : chunk[index & (CHUNK - 1)]!;
  }

  private put(index: number, page: number): void {
    let chunk = this.chunks[index >> CHUNK_SHIFT];
    if (chunk === undefined) {
      if (page === 0) return;
      chunk = new Int32Array(CHUNK);
      this.chunks[index >> CHUNK_SHIFT] = chunk;
    }
    chunk[index & (CHUNK - 1)] = page;
  }
}
