import type { NaiveKernel, SharedObject } from './state.js';

/** A tmpfs with a size. */
export interface Tmpfs {
  readonly name: string;
  readonly pages: number;
}

/** Blocks of all its files: their pages, in memory or in swap. */
function used(k: NaiveKernel, fs: Tmpfs): number {
  return [...k.objects].reduce((sum, object) => sum + (object.fs === fs ? object.pages.size : 0), 0);
}

/** shmem_inode_acct_blocks: whether a page is missing at an index, and the file system has none left. */
export function isFull(k: NaiveKernel, object: SharedObject, index: number): boolean {
  const { fs, pages } = object;
  return fs !== undefined && !pages.has(index) && used(k, fs) >= fs.pages;
}
