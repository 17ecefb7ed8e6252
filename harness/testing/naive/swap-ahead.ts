import { bringIn, bringInAhead } from './reclaim.js';
import type { NaiveKernel, Page, Space, Vma } from './state.js';

/** What was read ahead last and how much of it was used: of a VMA, or of the swap device (swap_readahead_info, swapin_readahead_hits). */
export interface SwapHistory {
  readonly last: number;
  readonly window: number;
  readonly hits: number;
}

/** A new VMA's, and the device's. */
export const NO_HISTORY: SwapHistory = { last: 0, window: 0, hits: 4 };

/** SWAP_RA_ORDER_CEILING. */
const ORDER_CEILING = 5;
/** SWAP_RA_HITS_MAX. */
const MOST_HITS = 63;
/** Pages of a page table: a window by address stays within one. */
const TABLE = 512;

/** __swapin_nr_pages. */
function windowFor(at: number, { last, window, hits }: SwapHistory, most: number): number {
  let pages = hits + 2;
  if (hits === 0) pages = Math.abs(at - last) === 1 ? 2 : 1;
  else for (pages = 4; pages < hits + 2; ) pages *= 2;
  return Math.max(Math.min(pages, most), Math.floor(window / 2));
}

function read(k: NaiveKernel, page: Page): void {
  bringIn(k, page);
  k.counters.pswpin++;
}

function readAhead(k: NaiveKernel, page: Page): void {
  if (!page.inSwap || page.inMemory || !bringInAhead(k, page)) return;
  page.ahead = true;
  k.counters.pswpin++;
  k.counters.swap_ra++;
}

/** swap_vma_ra_win, swap_vma_readahead: pages around the address. */
function readAround(k: NaiveKernel, space: Space, vma: Vma, vpn: number, page: Page): void {
  const before = vma.swapHistory ?? NO_HISTORY;
  const window = windowFor(vpn, before, 2 ** Math.min(k.pageCluster, ORDER_CEILING));
  vma.swapHistory = { last: vpn, window, hits: 0 };
  let from = vpn - Math.floor((window - 1) / 2);
  if (vpn === before.last + 1) from = vpn;
  else if (vpn === before.last - 1) from = vpn - window + 1;
  const table = vpn - (vpn % TABLE);
  const end = Math.min(from + window, vma.end, table + TABLE);
  for (let near = Math.max(from, vma.start, table); near < end; near++) {
    const entry = space.entries.get(near);
    if (near === vpn) read(k, page);
    else if (entry && !entry.present) readAhead(k, entry.page);
  }
}

/** swap_cluster_readahead: pages of the same block of the device, whose first page is its header. */
function readCluster(k: NaiveKernel, page: Page): void {
  const place = page.slot + 1;
  const before = k.swapHistory;
  const window = windowFor(place, before, 2 ** k.pageCluster);
  k.swapHistory = { last: before.hits === 0 ? place : before.last, window, hits: 0 };
  const first = place - (place % window);
  for (let at = Math.max(1, first); at < first + window; at++) {
    if (at === place) read(k, page);
    else {
      const other = pageAt(k, at - 1);
      if (other) readAhead(k, other);
    }
  }
}

function pageAt(k: NaiveKernel, slot: number): Page | undefined {
  let found: Page | undefined;
  k.eachPage((page) => {
    if (page.inSwap && page.slot === slot) found = page;
  });
  return found;
}

/** swapin_readahead: a page of anonymous memory; one that only this entry refers to is read from zram by itself. */
export function swapInAnon(k: NaiveKernel, space: Space, vma: Vma, vpn: number, page: Page): void {
  const isAlone = k.pageCluster === 0 || (k.swap === 'zram' && k.references(page) === 1);
  if (isAlone) read(k, page);
  else if (k.swapByAddress) readAround(k, space, vma, vpn, page);
  else readCluster(k, page);
  // It may have gone again, to make room for others.
  if (!page.inMemory) read(k, page);
}

/** shmem_swapin_folio. */
export function swapInShared(k: NaiveKernel, page: Page): void {
  if (k.pageCluster === 0 || k.swap === 'zram') read(k, page);
  else readCluster(k, page);
  if (!page.inMemory) read(k, page);
}

/** swap_update_readahead: a page is used that is in the swap cache; of shared memory there is no VMA. */
export function foundInSwapCache(k: NaiveKernel, page: Page, vma?: Vma, vpn = 0): void {
  const isHit = page.ahead;
  page.ahead = false;
  if (isHit) k.counters.swap_ra_hit++;
  const counted = ({ hits }: SwapHistory) => (isHit ? Math.min(hits + 1, MOST_HITS) : hits);
  if (vma && k.swapByAddress) {
    const before = vma.swapHistory ?? NO_HISTORY;
    vma.swapHistory = { ...before, last: vpn, hits: counted(before) };
  } else k.swapHistory = { ...k.swapHistory, hits: counted(k.swapHistory) };
}
