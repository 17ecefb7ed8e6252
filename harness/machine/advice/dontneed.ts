import { freeTables, zapRange } from '../mapping/mmap.js';
import { VM } from '../mapping/vma.js';
import type { AdviceAction } from './call.js';

/**
 * MADV_DONTNEED: empties the entries. Private anonymous pages are gone, private copies of an object's pages too;
 * an object keeps its pages, and their use counts for reclaim. Source: madvise_dontneed_free in mm/madvise.c.
 */
export const dontneed: AdviceAction = (m, vma, start, end, found) => {
  if (vma.has(VM.locked)) return 'EINVAL';
  found.shared = vma.has(VM.shared);
  found.present += zapRange(m, vma, start, end);
  freeTables(m, vma.space, start, end, true);
  return 0;
};
