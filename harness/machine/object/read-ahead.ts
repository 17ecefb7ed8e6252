import type { StallIndex } from '../../cost/ledger.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { PAGE_FLAG } from '../memory/pages.js';
import { type FileAhead, firstWindow, ioPages, maxRequest, nextWindow } from '../state/file-ahead.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { depart } from './flight.js';
import { identify, WHERE, whereIs } from './page-in.js';

/** Pages that are asked for at once where a program said that it reads at random: 2 MiB (force_page_cache_ra). */
const FORCED_CHUNK = 512;
/**
 * A window that continues the last asks for folios of four pages, and ends at one. A file system without large folios takes single
 * pages, and the next window asks for folios of four again (page_cache_async_ra, page_cache_ra_order).
 */
const FOLIO_PAGES = 4;
/** No page of the file is missing before the one that is read. */
const BEFORE_ALL = -1;

/** Whether the page cache has the page at an index. */
export function isCached(m: State, object: SharedObject, index: number): boolean {
  const page = object.page(index);
  return page !== 0 && m.pages.resident[page] === 1;
}

/** Whether the use of a page in the page cache starts the next window (PG_readahead). */
export function isMarked(m: State, page: number): boolean {
  return m.frames.isReadahead(m.pages.location[page]!);
}

/**
 * page_cache_ra_unbounded: takes the pages [first, first + count) into the page cache that are not there, as far as the file
 * goes and memory is had without ending programs. Returns the pages that have to be read from the disk, and notes one that is back.
 *
 * @param lookahead pages before the end at which one is marked, if it is not there already; 0: none
 */
function takeIn(m: State, object: SharedObject, first: number, count: number, lookahead: number): number {
  const end = Math.min(first + count, object.size);
  // Since 7.2 a window that reaches the end of the file is the last, and has no mark.
  const last = m.settings.kernel >= KERNELS['7.2'] && first + count >= object.size;
  const mark = lookahead === 0 || lookahead > end - first || last ? -1 : end - lookahead;
  let read = 0;
  object.ahead.returned = undefined;
  for (let index = first; index < end; index++) {
    const where = whereIs(m, object, index);
    if (where === WHERE.memory) continue;
    const known = object.page(index);
    const page = where === WHERE.hole ? pageOverHole(m, object, index) : identify(m, object, index);
    if (!m.reclaim.bringInAhead(page, object.number, index)) {
      if (where === WHERE.hole) {
        object.makeHole(index);
        m.freePage(page);
      }
      break;
    }
    if (index === mark) m.frames.setReadahead(m.pages.location[page]!, true);
    if (where === WHERE.disk) read++;
    if (known > 0 && m.reclaim.isWorkingset(page)) object.ahead.returned = page;
    m.counters.readahead_pages++;
    m.merger.fileRead(page);
  }
  m.counters.file_pages_in += read;
  return read;
}

/** A page of zeros for a hole of a file: nothing is read for it. */
function pageOverHole(m: State, object: SharedObject, index: number): number {
  const page = m.pages.create();
  m.pages.setTrait(page, TRAIT.file | PAGE_FLAG.hole);
  object.setPage(index, page);
  return page;
}

/** Pages to read, and how many before their end one is marked (0: none). */
interface Window {
  readonly first: number;
  readonly count: number;
  readonly lookahead: number;
}

/**
 * Reads pages ahead.
 *
 * @param part of the stall time that waits for them; undefined: none does, and a later use of one waits for what is left
 */
export function readWindow(
  m: State,
  object: SharedObject,
  window: Window,
  part: StallIndex | undefined,
): void {
  const read = takeIn(m, object, window.first, window.count, window.lookahead);
  if (part === undefined) depart(m, object, window.first, window.count, read);
  else if (read > 0) m.readDevice(m.disk, part, object.ahead.returned, read);
}

/** Reads the window that a file's state describes. */
export function readState(
  m: State,
  object: SharedObject,
  ahead: FileAhead,
  part: StallIndex | undefined,
): void {
  readWindow(m, object, { first: ahead.start, count: ahead.size, lookahead: ahead.asyncSize }, part);
}

/** What a read is for. */
interface Request {
  /** Its first page that is not in the page cache. */
  readonly index: number;
  /** Pages that are wanted, from there on. */
  readonly wanted: number;
  /** The page after the last that was read; -1 for none. */
  readonly lastRead: number;
}

/** page_cache_sync_ra: a page that is wanted is not in the page cache. @param part of the stall time that waits */
export function syncReadAhead(
  m: State,
  object: SharedObject,
  ahead: FileAhead,
  request: Request,
  part: StallIndex,
): void {
  const { index, wanted } = request;
  if (ahead.random) {
    const most = Math.max(ioPages(m.settings), ahead.maxPages(m.settings));
    forceRead(m, object, index, Math.min(wanted, most), part);
    return;
  }
  const max = maxRequest(wanted, ahead.maxPages(m.settings), m.settings);
  const planned =
    m.settings.kernel < KERNELS['6.12']
      ? planBefore612(m, object, ahead, request, max)
      : plan(m, object, ahead, request, max);
  if (planned) readState(m, object, ahead, part);
  else readWindow(m, object, { first: index, count: wanted, lookahead: 0 }, part);
}

/** force_page_cache_ra: as much as is wanted, and no more. */
function forceRead(m: State, object: SharedObject, index: number, count: number, part: StallIndex): void {
  for (let done = 0; done < count; done += FORCED_CHUNK)
    readWindow(
      m,
      object,
      { first: index + done, count: Math.min(FORCED_CHUNK, count - done), lookahead: 0 },
      part,
    );
}

/** Whether a read goes on where the last ended, or in its last page. */
function continues(index: number, lastRead: number): boolean {
  return lastRead >= 0 && index - lastRead >= 0 && index - lastRead <= 1;
}

/** Plans the window for a read. False for one at random, which is read as it is and leaves the state alone. */
function plan(m: State, object: SharedObject, ahead: FileAhead, request: Request, max: number): boolean {
  const { index, wanted, lastRead } = request;
  if (index !== 0 && wanted <= max && !continues(index, lastRead))
    return planInContext(m, object, ahead, request, max);
  ahead.start = index;
  ahead.size = firstWindow(wanted, max);
  ahead.asyncSize = ahead.size > wanted ? ahead.size - wanted : ahead.size >> 1;
  return true;
}

/** Whether more pages before the wanted ones are in the page cache than these: a stream that has no state of its own. */
function planInContext(
  m: State,
  object: SharedObject,
  ahead: FileAhead,
  { index, wanted }: Request,
  max: number,
): boolean {
  const missing = previousMiss(m, object, index - 1, max);
  const history = index - missing - 1;
  if (history <= wanted) return false;
  ahead.start = index;
  ahead.size = Math.min((missing === BEFORE_ALL ? 2 * history : history) + wanted, max);
  ahead.asyncSize = 1;
  return true;
}

/**
 * page_cache_prev_miss: the last index up to `from` that is not in the page cache, of `most`; else the one before these, or
 * before 7.2 the first of these.
 */
function previousMiss(m: State, object: SharedObject, from: number, most: number): number {
  for (let index = from; index > from - most; index--)
    if (index < 0 || !isCached(m, object, index)) return index;
  return m.settings.kernel < KERNELS['7.2'] ? from - most + 1 : from - most;
}

/**
 * page_cache_next_miss: the first index from `from` on that is not in the page cache, of `most`; else the one behind these, or
 * before 6.12 the last of these.
 */
function nextMiss(m: State, object: SharedObject, from: number, most: number): number {
  for (let index = from; index < from + most; index++)
    if (index >= object.size || !isCached(m, object, index)) return index;
  return m.settings.kernel < KERNELS['6.12'] ? from + most - 1 : from + most;
}

/** ondemand_readahead of Linux 6.1, where a page is missing: a window that would meet its own mark is two in one. */
function planBefore612(
  m: State,
  object: SharedObject,
  ahead: FileAhead,
  request: Request,
  max: number,
): boolean {
  const { index, wanted, lastRead } = request;
  const end = ahead.start + ahead.size;
  if (index !== 0 && (index === end - ahead.asyncSize || index === end)) {
    ahead.start += ahead.size;
    ahead.size = Math.max(ahead.size, nextWindow(ahead.size, max));
    ahead.asyncSize = ahead.size;
  } else if (index === 0 || wanted > max || continues(index, lastRead)) {
    ahead.start = index;
    ahead.size = firstWindow(wanted, max);
    ahead.asyncSize = ahead.size > wanted ? ahead.size - wanted : ahead.size;
  } else if (!planInContext(m, object, ahead, request, max)) return false;
  if (index === ahead.start && ahead.size === ahead.asyncSize) mergeNext(ahead, max);
  return true;
}

/** The next window is read with this one. */
function mergeNext(ahead: FileAhead, max: number): void {
  const more = nextWindow(ahead.size, max);
  if (ahead.size + more <= max) {
    ahead.asyncSize = more;
    ahead.size += more;
  } else {
    ahead.size = max;
    ahead.asyncSize = max >> 1;
  }
}

/**
 * page_cache_async_ra: a marked page of the page cache is used, and the next window begins to be read. Clears the mark.
 *
 * @param wanted pages that are wanted, from `index` on
 */
export function asyncReadAhead(
  m: State,
  object: SharedObject,
  ahead: FileAhead,
  index: number,
  wanted: number,
): void {
  m.frames.setReadahead(m.pages.location[object.page(index)]!, false);
  const max = maxRequest(wanted, ahead.maxPages(m.settings), m.settings);
  const end = ahead.start + ahead.size;
  const before612 = m.settings.kernel < KERNELS['6.12'];
  if (index === end - ahead.asyncSize || (before612 && index === end)) {
    ahead.start += ahead.size;
    ahead.size = Math.max(ahead.size, nextWindow(ahead.size, max));
  } else {
    // The mark of another stream: its window is what the page cache has from here on.
    const missing = nextMiss(m, object, index + 1, max);
    if (missing - index > max) return;
    ahead.start = missing;
    ahead.size = nextWindow(missing - index + wanted, max);
  }
  if (m.settings.kernel >= KERNELS['6.18']) alignEnd(ahead, max);
  ahead.asyncSize = ahead.size;
  readState(m, object, ahead, undefined);
}

/** A window ends where a folio does. */
function alignEnd(ahead: FileAhead, max: number): void {
  // ffs: the lowest bit that is set.
  const align = Math.min(FOLIO_PAGES, max & -max);
  const end = ahead.start + ahead.size;
  const aligned = end - (end % align);
  if (aligned > ahead.start) ahead.size = aligned - ahead.start;
}

/** The state of a file's read-ahead; undefined where nothing is read ahead. */
export function aheadOf(m: State, object: SharedObject): FileAhead | undefined {
  if (m.settings.readAheadPages === 0 || object.backing !== 'file') return undefined;
  return object.ahead;
}
