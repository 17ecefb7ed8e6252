import type { Frames } from './frames.js';

/** Order of a block that a hugetlb page is, and its pages of 4 KiB. */
const HUGETLB_ORDER = 9;
export const HUGETLB_PAGES: number = 1 << HUGETLB_ORDER;

/**
 * The pool of hugetlb pages (vm.nr_hugepages), of 2 MiB each: pages that were taken out of memory beforehand, and that only
 * hugetlb mappings get. All counts are in such pages. There is no overcommit (vm.nr_overcommit_hugepages is 0).
 * Source: mm/hugetlb.c.
 */
export class HugetlbPool {
  /** Pages of the pool (HugePages_Total). */
  total = 0;
  /** Pages that mappings and objects have. */
  inUse = 0;
  /** Free pages that mappings have been promised (HugePages_Rsvd). */
  reserved = 0;
  /** Most pages that were in use. */
  peak = 0;
  private wanted = 0;
  /** First frames of the pool's pages, where memory has a size. */
  private readonly blocks: number[] = [];

  /** @param frames the machine's memory; undefined where it is never short */
  constructor(private readonly frames: Pick<Frames, 'setAside' | 'giveBack'> | undefined) {}

  get free(): number {
    return this.total - this.inUse;
  }

  /** vm.nr_hugepages: grows as far as there are blocks of 2 MiB, shrinks to what is in use or promised, and further as that comes back. */
  resize(count: number): void {
    this.wanted = count;
    while (this.total < count && this.grow()) this.total++;
    this.shrink();
  }

  private grow(): boolean {
    if (!this.frames) return true;
    const block = this.frames.setAside(HUGETLB_ORDER);
    if (block < 0) return false;
    this.blocks.push(block);
    return true;
  }

  private shrink(): void {
    while (this.total > this.wanted && this.free > this.reserved) {
      this.total--;
      const block = this.blocks.pop();
      if (block !== undefined) this.frames!.giveBack(block, HUGETLB_ORDER);
    }
  }

  /** Promises free pages (hugetlb_acct_memory). False, and nothing has changed, where there are not as many. */
  reserve(count: number): boolean {
    if (count > this.free - this.reserved) return false;
    this.reserved += count;
    return true;
  }

  /** Takes promises back. */
  unreserve(count: number): void {
    this.reserved -= count;
    this.shrink();
  }

  /** Hands out a page. @param promised whether it is one that was promised @returns false where there is none left */
  take(promised: boolean): boolean {
    if (promised) this.reserved--;
    else if (this.free <= this.reserved) return false;
    this.inUse++;
    if (this.inUse > this.peak) this.peak = this.inUse;
    return true;
  }

  /** A page comes back. @param promise whether it is promised again at once, to the mapping that had it */
  give(promise: boolean): void {
    this.inUse--;
    if (promise) this.reserved++;
    this.shrink();
  }
}
