import type { StallIndex } from '../../cost/ledger.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import { countHit, largestWindow, newHistory, swapWindow } from '../state/swap-window.js';
import type { SharedObject, Vma } from '../state/vma.js';

/** The first page of a swap device is its header. */
const HEADER = 1;

/** Whether a swapped-out page is read without others: nothing is read ahead, or its device answers at once. */
export function isReadAlone(m: State, page: number, shared: boolean): boolean {
  const { pageCluster, kernel } = m.settings;
  if (pageCluster === 0) return true;
  if (!m.swap.synchronous) return false;
  if (kernel >= KERNELS['7.2']) return true;
  // Shared memory passes the swap cache by since 6.14.
  return (!shared || kernel >= KERNELS['6.18']) && m.swap.references(m.pages.slotOf(page)) === 1;
}

/** Reads the swap device for an event that waits. zram is asked for page by page. */
export function waitForSwap(m: State, page: number, pages: number, part: StallIndex): void {
  if (!m.swap.synchronous) m.readDevice(m.swapDevice!, part, page, pages);
  else for (let i = 0; i < pages; i++) m.readDevice(m.swapDevice!, part, page);
}

export function takeIn(m: State, page: number, object: number, index: number): void {
  m.reclaim.bringIn(page, object, index);
  m.counters.pswpin++;
}

/** Takes a page into the swap cache that nothing has asked for. Returns whether it had to be read, and there was room. */
export function takeInAhead(m: State, page: number, object: number, index: number): boolean {
  if (!m.reclaim.bringInAhead(page, object, index)) return false;
  m.frames.setReadahead(m.pages.location[page]!, true);
  m.counters.pswpin++;
  m.counters.swap_ra++;
  return true;
}

/**
 * swap_cluster_readahead: brings a page in with those of the same block of the device. Returns the pages read. The others make room
 * for themselves: not by a purge of the page, to which an entry or an object would refer that has lost it. It may be evicted again.
 *
 * @param object that the page is filed under, at `index`
 */
export function readCluster(m: State, page: number, object: number, index: number): number {
  m.reclaim.faulted = page;
  try {
    return readBlock(m, page, object, index);
  } finally {
    m.reclaim.faulted = -1;
  }
}

function readBlock(m: State, page: number, object: number, index: number): number {
  const { swapHistory, swap } = m;
  const place = m.pages.slotOf(page) + HEADER;
  const max = largestWindow(m.settings.pageCluster, false);
  const window = max <= 1 ? 1 : swapWindow(swapHistory, place, max);
  // swapin_nr_pages: where the last fault was is kept only while there are no hits to go by.
  if (swapHistory.hits === 0) swapHistory.last = place;
  swapHistory.hits = 0;
  swapHistory.window = window;
  const first = place - (place % window);
  let read = 0;
  for (let at = Math.max(first, HEADER); at < Math.min(first + window, swap.high + HEADER); at++) {
    if (at === place) {
      takeIn(m, page, object, index);
      read++;
    } else if (readSlot(m, at - HEADER)) read++;
  }
  if (m.pages.resident[page] === 0) {
    takeIn(m, page, object, index);
    read++;
  }
  return read;
}

function readSlot(m: State, slot: number): boolean {
  const page = m.swap.page(slot);
  if (page < 0 || m.pages.resident[page] === 1) return false;
  const owner = m.slotOwners.of(slot);
  return owner !== undefined && takeInAhead(m, page, owner.object, owner.index);
}

/** Brings a page of shared memory in from swap, with those of the same block of the device, and waits. Its slot stays. */
export function swapInShared(
  m: State,
  page: number,
  object: SharedObject,
  index: number,
  part: StallIndex,
): void {
  let read = 1;
  if (isReadAlone(m, page, true)) takeIn(m, page, object.number, index);
  else read = readCluster(m, page, object.number, index);
  waitForSwap(m, page, read, part);
}

/**
 * swap_update_readahead: a page is used that is in the swap cache.
 *
 * @param vma whose fault it is; undefined for shared memory
 */
export function foundInSwapCache(m: State, page: number, vma: Vma | undefined, vpn: number): void {
  const frame = m.pages.location[page]!;
  const wasAhead = m.frames.isReadahead(frame);
  if (m.settings.pageCluster === 0 && !wasAhead) return;
  m.frames.setReadahead(frame, false);
  if (wasAhead) m.counters.swap_ra_hit++;
  if (vma !== undefined && m.settings.vmaReadAhead === 1) {
    vma.swapHistory ??= newHistory();
    vma.swapHistory.last = vpn;
    if (wasAhead) countHit(vma.swapHistory);
  } else if (wasAhead) countHit(m.swapHistory);
}
