import { PART } from '../../cost/ledger.js';
import { isSwapEntry } from '../entries/entry.js';
import { isReadAlone, readCluster, takeIn, takeInAhead, waitForSwap } from '../object/swap-ahead.js';
import { entryInLeaf, LEAF_ENTRIES, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { largestWindow, newHistory, swapWindow } from '../state/swap-window.js';
import type { Vma } from '../state/vma.js';
import { swapInObject } from './anon-page.js';

/**
 * swapin_readahead: brings a page of anonymous memory in from swap, with its neighbours by address or by place on the device, and waits.
 * All slots stay: the pages are in the swap cache.
 */
export function swapInAnon(m: State, vma: Vma, vpn: number, page: number): void {
  const anon = swapInObject(m, vma, vpn, page);
  const index = anon.indexOf(vma, vpn);
  let read = 1;
  if (isReadAlone(m, page, false)) takeIn(m, page, anon.number, index);
  else if (m.settings.vmaReadAhead === 1) read = readAround(m, vma, vpn, page, anon.number, index);
  else read = readCluster(m, page, anon.number, index);
  waitForSwap(m, page, read, PART.major);
}

/** swap_vma_readahead. Returns the pages read. Room is made for the others as in `readCluster`. */
function readAround(m: State, vma: Vma, vpn: number, page: number, object: number, index: number): number {
  m.reclaim.faulted = page;
  try {
    return readWindow(m, vma, vpn, page, object, index);
  } finally {
    m.reclaim.faulted = -1;
  }
}

function readWindow(m: State, vma: Vma, vpn: number, page: number, object: number, index: number): number {
  const [from, to] = windowAround(m, vma, vpn);
  let read = 0;
  for (let near = from; near < to; near++) {
    if (near === vpn) {
      takeIn(m, page, object, index);
      read++;
    } else if (readNear(m, vma, near, page)) read++;
  }
  // There was no room for it and all that came after it.
  if (m.pages.resident[page] === 0) {
    takeIn(m, page, object, index);
    read++;
  }
  return read;
}

/** swap_vma_ra_win: the pages of the VMA to read for a fault, and within the same page of the page table. */
function windowAround(m: State, vma: Vma, vpn: number): readonly [from: number, to: number] {
  vma.swapHistory ??= newHistory();
  const history = vma.swapHistory;
  const { last } = history;
  const window = swapWindow(history, vpn, largestWindow(m.settings.pageCluster, true));
  history.last = vpn;
  history.window = window;
  history.hits = 0;
  let from = vpn - ((window - 1) >> 1);
  if (vpn === last + 1) from = vpn;
  else if (vpn === last - 1) from = vpn - window + 1;
  const leaf = vpn - entryInLeaf(vpn);
  return [Math.max(from, vma.start, leaf), Math.min(from + window, vma.end, leaf + LEAF_ENTRIES)];
}

/** @param asked the page of the fault: a merged one may be at several addresses, and is brought in for the one that faults */
function readNear(m: State, vma: Vma, vpn: number, asked: number): boolean {
  const at = vma.space.directory.entry(vpn);
  const entry = at < 0 ? 0 : m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  if (!isSwapEntry(entry) || page === asked || m.pages.resident[page] === 1) return false;
  const anon = swapInObject(m, vma, vpn, page);
  return takeInAhead(m, page, anon.number, anon.indexOf(vma, vpn));
}
