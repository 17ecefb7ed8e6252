import { eachUsedEntry } from '../entries/page-walk.js';
import { VM } from '../state/vma.js';
import type { AdviceAction } from './call.js';
import { hasLruPages, solelyMapped } from './cold.js';

/**
 * MADV_PAGEOUT: reclaims the pages now, whether they were used or not, except those that
 * others map too. A program that cannot write a file may not push its pages out: a shared mapping of a read-only
 * descriptor is left as it is.
 * Source: madvise_pageout and reclaim_pages in mm/madvise.c and mm/vmscan.c.
 */
export const pageout: AdviceAction = (m, vma, start, end, call) => {
  if (!hasLruPages(vma)) return 'EINVAL';
  if (vma.has(VM.shared) && !vma.has(VM.mayWrite)) return 0;
  const others = m.huge?.splitPartial(vma, start, end);
  const pages: number[] = [];
  eachUsedEntry(m, vma, start, end, (at) => {
    const page = solelyMapped(m, at);
    if (page >= 0 && !others?.(at)) pages.push(page);
  });
  call.present += pages.length;
  // A volatile range is purged whole, with pages of it that would be next.
  for (const page of pages) if (m.pages.resident[page]) m.reclaim.pageOut(page);
  return 0;
};
