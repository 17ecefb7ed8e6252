import { COUNT_LIMIT } from '../op.js';

/** A run of pages; `end` is exclusive. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/** Untouched pages between two touched ones that still lie in one region: 64 KiB. */
const MAX_GAP = 16;

/**
 * The regions that touched pages lie in: what a program must have mapped, as far as its accesses show it.
 *
 * @param pages page numbers, in any order; they are sorted
 */
export function touchedRegions(pages: Float64Array): Region[] {
  pages.sort();
  const regions: Region[] = [];
  let start = pages[0] ?? 0;
  let end = start;
  for (const page of pages) {
    if (page - end > MAX_GAP || page + 1 - start > COUNT_LIMIT) {
      regions.push({ start, end });
      start = page;
    }
    end = page + 1;
  }
  if (end > start) regions.push({ start, end });
  return regions;
}
