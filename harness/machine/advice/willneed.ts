import { isSwapEntry } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { swapInObject } from '../mapping/anon-page.js';
import { cacheHole, cachePage, WHERE, whereIs } from '../object/page-in.js';
import { PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import type { SharedObject, Vma } from '../state/vma.js';
import type { StateAction } from './call.js';

/**
 * MADV_WILLNEED: starts reading what is not in memory, and does not wait: swapped-out anonymous pages and shared
 * memory go to the swap cache, a file's pages to the page cache. Source: madvise_willneed in mm/madvise.c.
 */
export const willneed: StateAction = (m, vma, start, end, call) => {
  const { object } = vma;
  if (object) {
    const first = vma.objectPageAt(start);
    call.present += prefetchObject(m, object, first, first + end - start);
    return 0;
  }
  eachUsedEntry(m, vma, start, end, (at, vpn) => {
    const entry = m.tables.get(at);
    if (isSwapEntry(entry) && prefetchAnon(m, vma, vpn, entry >>> PTE_SHIFT)) call.present++;
  });
  return 0;
};

/** Starts reading pages [start, end) of an object that are not in memory. Returns how many these are. */
export function prefetchObject(m: State, object: SharedObject, start: number, end: number): number {
  const last = Math.min(end, object.size);
  let read = 0;
  for (let index = start; index < last; index++) if (prefetchObjectPage(m, object, index)) read++;
  return read;
}

/** Starts reading a swapped-out anonymous page into the swap cache; false when it is there already. */
function prefetchAnon(m: State, vma: Vma, vpn: number, page: number): boolean {
  if (m.pages.resident[page] === 1) return false;
  const anon = swapInObject(m, vma, vpn, page);
  m.reclaim.bringIn(page, anon.number, anon.indexOf(vma, vpn));
  m.counters.pswpin++;
  return true;
}

/** Starts reading a page of an object that is not in memory; false when there is nothing to read. */
function prefetchObjectPage(m: State, object: SharedObject, index: number): boolean {
  const where = whereIs(m, object, index);
  if (where === WHERE.swap) {
    m.reclaim.bringIn(object.page(index), object.number, index);
    m.counters.pswpin++;
  } else if (where === WHERE.disk) cachePage(m, object, index);
  else if (where === WHERE.hole && object.backing === 'file') cacheHole(m, object, index);
  else return false;
  return true;
}
