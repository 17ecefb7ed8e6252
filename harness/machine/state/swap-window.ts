/** Hits that a mapping or device starts with, for a small window at first. Source: mm/swap_state.c. */
const FIRST_HITS = 4;
/** Hits as far as they are counted (SWAP_RA_HITS_MAX). */
const MOST_HITS = 63;
/** 2 to this power is the largest window by address (SWAP_RA_ORDER_CEILING). */
const ORDER_CEILING = 5;
/** Powers of two: as a table, since `2 ** n` calls a function of the C library. */
const POWERS = Array.from({ length: 32 }, (_, n) => 2 ** n);
/** Of a window with hits: the least. */
const LEAST_WINDOW = 4;

/** What was read ahead last, and how many of these pages were used: of a mapping, or of the swap device. */
export interface SwapHistory {
  /** Page number, or place on the device, of the last fault. */
  last: number;
  window: number;
  hits: number;
}

export function newHistory(): SwapHistory {
  return { last: 0, window: 0, hits: FIRST_HITS };
}

/** The same for a part of a mapping, from where it goes its own way. */
export function copiedHistory({ last, window, hits }: SwapHistory): SwapHistory {
  return { last, window, hits };
}

/** Pages of the largest window of setting `vm.page-cluster`. @param byAddress whether by address, or by place on the device */
export function largestWindow(pageCluster: number, byAddress: boolean): number {
  return POWERS[byAddress ? Math.min(pageCluster, ORDER_CEILING) : pageCluster]!;
}

/** Pages to read for a fault at `at`, by the hits since the last. Source: __swapin_nr_pages in mm/swap_state.c. */
export function swapWindow({ last, window, hits }: SwapHistory, at: number, max: number): number {
  let pages = hits + 2;
  if (hits === 0) pages = at === last + 1 || at === last - 1 ? 2 : 1;
  else pages = Math.max(LEAST_WINDOW, roundedUp(pages));
  // It does not shrink to less than half at a time.
  return Math.max(Math.min(pages, max), window >> 1);
}

/** roundup_pow_of_two, of a number from 2 to 2^30. */
function roundedUp(pages: number): number {
  return 1 << (32 - Math.clz32(pages - 1));
}

export function countHit(history: SwapHistory): void {
  history.hits = Math.min(history.hits + 1, MOST_HITS);
}
