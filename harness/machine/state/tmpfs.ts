/** A tmpfs with a size: blocks of all its files, in memory or in swap, come out of it (shmem_sb_info). */
export class Tmpfs {
  /** Blocks of its files. */
  used = 0;

  /** @param pages that it holds (mount option size) */
  constructor(
    readonly name: string,
    readonly pages: number,
  ) {}

  get isFull(): boolean {
    return this.used >= this.pages;
  }
}
