import { PART } from '../../cost/ledger.js';
import { waitFor } from '../object/flight.js';
import { WHERE } from '../object/page-in.js';
import { asyncReadAhead, isMarked, readState, readWindow, syncReadAhead } from '../object/read-ahead.js';
import type { FileAhead } from '../state/file-ahead.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import { type SharedObject, VM, type Vma } from '../state/vma.js';

/** Faults that had to read, beyond those that had not, after which nothing is read around any more. Source: mm/filemap.c. */
const MMAP_LOTSAMISS = 100;
/** As far as they are counted. */
const MOST_MISSES = 10 * MMAP_LOTSAMISS;
/** Pages of 2 MiB. */
const HUGE_PAGES = 512;
/** Of the window around a fault, the mark is this part before the end. */
const AROUND_ASYNC = 4;
/** Mappings whose faults are not counted since 7.2. */
const NOT_COUNTED = VM.sequential | VM.exec;

/** What a fault on a page of a file did, besides what it is for. */
export const DID = {
  nothing: 0,
  /** It read ahead; the page is in the page cache, if there was room for it. It is handled again from the start. */
  read: 1,
  /** It began to read the next window, and is handled again from the start. */
  began: 2,
} as const;

/**
 * filemap_fault, as far as it reads ahead.
 *
 * @param where the page is, as `whereIs` said
 * @param write whether nothing has been mapped around
 * @returns one of `DID`
 */
export function readAtFault(
  m: State,
  vma: Vma,
  ahead: FileAhead,
  index: number,
  where: number,
  write: boolean,
): number {
  const object = vma.object!;
  if (where !== WHERE.memory) return syncAtFault(m, vma, object, ahead, index) ? DID.read : DID.nothing;
  const marked = isMarked(m, object.page(index));
  // What fault-around has mapped does not get here.
  const began = (write || marked) && asyncAtFault(m, vma, object, ahead, index, marked);
  waitFor(m, object, index, PART.major);
  if (!began) return DID.nothing;
  // Under the lock of the VMA a fault that is handled again does not know it (since 6.4).
  if (write && m.settings.kernel >= KERNELS['6.6']) countHit(m, vma, ahead);
  return DID.began;
}

/** do_async_mmap_readahead. Returns whether it began to read. */
function asyncAtFault(
  m: State,
  vma: Vma,
  object: SharedObject,
  ahead: FileAhead,
  index: number,
  marked: boolean,
): boolean {
  if (vma.has(VM.random)) return false;
  countHit(m, vma, ahead);
  if (marked) asyncReadAhead(m, object, ahead, index, ahead.maxPages(m.settings));
  return marked;
}

function countHit(m: State, vma: Vma, ahead: FileAhead): void {
  if (m.settings.kernel >= KERNELS['7.2'] && vma.has(NOT_COUNTED)) return;
  if (ahead.mmapMiss > 0) ahead.mmapMiss--;
}

/** do_sync_mmap_readahead. Returns whether it read ahead. */
function syncAtFault(m: State, vma: Vma, object: SharedObject, ahead: FileAhead, index: number): boolean {
  const { kernel } = m.settings;
  const max = ahead.maxPages(m.settings);
  // Since 7.2 only where the file system has large folios.
  if (vma.has(VM.hugePage) && kernel < KERNELS['7.2']) {
    readHuge(m, vma, object, ahead, index);
    return true;
  }
  const exec = vma.has(VM.exec) && kernel >= KERNELS['6.18'];
  if (vma.has(VM.random) && !exec) return false;
  if (vma.has(VM.sequential)) {
    syncReadAhead(m, object, ahead, { index, wanted: max, lastRead: object.lastRead + 1 }, PART.major);
    return true;
  }
  if (kernel < KERNELS['7.2'] || !vma.has(NOT_COUNTED)) {
    if (ahead.mmapMiss < MOST_MISSES) ahead.mmapMiss++;
    if (ahead.mmapMiss > MMAP_LOTSAMISS) return false;
  }
  if (exec) {
    ahead.start = index;
    ahead.size = Math.min(index + max, vma.objectPageAt(vma.end)) - index;
    ahead.asyncSize = 0;
  } else {
    ahead.start = Math.max(0, index - (max >> 1));
    ahead.size = max;
    ahead.asyncSize = Math.floor(max / AROUND_ASYNC);
  }
  readState(m, object, ahead, PART.major);
  return true;
}

/** What MADV_HUGEPAGE makes of it: two times 2 MiB, whose place the file's state does not keep. */
function readHuge(m: State, vma: Vma, object: SharedObject, ahead: FileAhead, index: number): void {
  ahead.size = vma.has(VM.random) ? HUGE_PAGES : 2 * HUGE_PAGES;
  ahead.asyncSize = HUGE_PAGES;
  const first = index - (index % HUGE_PAGES);
  readWindow(m, object, { first, count: ahead.size, lookahead: ahead.asyncSize }, PART.major);
}

/** Whether a page that a read fault finds makes up for one that had to be read: from 6.10 on none that was evicted and is of the working set. */
export function makesUp(m: State, page: number): boolean {
  return m.settings.kernel < KERNELS['6.12'] || !m.reclaim.isWorkingset(page, false);
}

/**
 * filemap_map_pages: a read fault that finds pages in the page cache makes up for faults that had to read.
 *
 * @param found pages in reach that are not marked, mapped already or not
 * @param own whether the page of the fault is one
 * @param tried whether the fault has read, and is handled again
 */
export function foundAround(
  m: State,
  vma: Vma,
  ahead: FileAhead,
  found: number,
  own: boolean,
  tried: boolean,
): void {
  if (m.settings.kernel < KERNELS['7.2']) ahead.mmapMiss = Math.max(0, ahead.mmapMiss - found);
  else if (own && !tried) countHit(m, vma, ahead);
}
