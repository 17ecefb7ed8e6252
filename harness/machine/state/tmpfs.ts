import type { ShmemHuge } from '../../trace/args.js';

/** A tmpfs with a size: blocks of all its files, in memory or in swap, come out of it (shmem_sb_info). */
export class Tmpfs {
  /** Blocks of its files. */
  used = 0;

  /** @param pages that it holds (mount option size) @param huge mount option huge */
  constructor(
    readonly name: string,
    readonly pages: number,
    readonly huge: ShmemHuge,
  ) {}

  /** Blocks that are free. */
  get free(): number {
    return this.pages - this.used;
  }

  get isFull(): boolean {
    return this.used >= this.pages;
  }
}
