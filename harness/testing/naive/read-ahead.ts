import { bringInAhead } from './reclaim.js';
import { type NaiveKernel, type Page, type SharedObject, type Vma, ZERO } from './state.js';

/** Faults beyond those that found their page, after which nothing is read around. */
const MOST_MISSES = 100;
/** Pages of 2 MiB. */
const HUGE = 512;
/** Pages of the largest request. */
const IO_PAGES = 1024;

/** What a file remembers of what was read ahead (struct file_ra_state of Linux 6.18). */
export interface FileState {
  start: number;
  size: number;
  async: number;
  misses: number;
  random: boolean;
  twice: boolean;
  /** The page after the last that was read. */
  readTo: number | undefined;
  /** Pages of the last window that nothing waited for. */
  coming: ReadonlySet<number>;
}

export function newFileState(): FileState {
  return {
    start: 0,
    size: 0,
    async: 0,
    misses: 0,
    random: false,
    twice: false,
    readTo: undefined,
    coming: new Set(),
  };
}

function largest(k: NaiveKernel, { ahead }: SharedObject): number {
  return ahead.twice ? 2 * k.readAhead : k.readAhead;
}

/** Takes what is missing of a range into the page cache; a page at `mark` is marked. Returns whether any has to be read. */
function takeIn(k: NaiveKernel, object: SharedObject, first: number, count: number, async: number): boolean {
  const indexes = Array.from({ length: count }, (_, i) => first + i).filter((index) => index < object.size);
  const mark = async === 0 ? undefined : indexes[indexes.length - async];
  let reads = false;
  for (const index of indexes) {
    if (object.pages.has(index)) continue;
    const stored = object.disk!.get(index);
    const page: Page = { ...ZERO, content: stored ?? 0, file: true, marked: index === mark };
    if (!bringInAhead(k, page)) return reads;
    object.pages.set(index, page);
    k.counters.readahead_pages++;
    if (stored === undefined) continue;
    k.counters.file_pages_in++;
    reads = true;
  }
  return reads;
}

/** get_init_ra_size. */
function firstSize(wanted: number, most: number): number {
  let size = 1;
  while (size < wanted) size *= 2;
  if (size * 32 <= most) return 4 * size;
  return size * 4 <= most ? 2 * size : most;
}

/** get_next_ra_size. */
function nextSize(size: number, most: number): number {
  if (size < Math.floor(most / 16)) return 4 * size;
  return 2 * size <= most ? 2 * size : most;
}

function mostFor(k: NaiveKernel, object: SharedObject, wanted: number): number {
  const most = largest(k, object);
  return wanted > most ? Math.max(most, Math.min(wanted, IO_PAGES)) : most;
}

/** page_cache_sync_ra: a page is missing. */
export function readMissing(
  k: NaiveKernel,
  object: SharedObject,
  index: number,
  wanted: number,
  from?: number,
): void {
  const { ahead, pages } = object;
  const most = mostFor(k, object, wanted);
  if (ahead.random) {
    takeIn(k, object, index, Math.min(wanted, Math.max(IO_PAGES, largest(k, object))), 0);
    return;
  }
  const goesOn = from !== undefined && (index === from || index === from + 1);
  if (index === 0 || wanted > most || goesOn) {
    const size = firstSize(wanted, most);
    Object.assign(ahead, { start: index, size, async: size > wanted ? size - wanted : Math.floor(size / 2) });
  } else {
    let history = 0;
    while (history < most && pages.has(index - 1 - history)) history++;
    const fromStart = history === index && history < most;
    // Where no page is missing among the most that are looked at, the first of them is taken for missing.
    if (history === most) history--;
    if (history <= wanted) {
      takeIn(k, object, index, wanted, 0);
      return;
    }
    const size = Math.min((fromStart ? 2 * history : history) + wanted, most);
    Object.assign(ahead, { start: index, size, async: 1 });
  }
  takeIn(k, object, ahead.start, ahead.size, ahead.async);
}

/** page_cache_async_ra: a marked page is used. */
export function readNext(k: NaiveKernel, object: SharedObject, index: number, wanted: number): void {
  const { ahead, pages } = object;
  pages.get(index)!.marked = false;
  const most = mostFor(k, object, wanted);
  let { start, size } = ahead;
  if (index === start + size - ahead.async) {
    start += size;
    size = Math.max(size, nextSize(size, most));
  } else {
    start = index + 1;
    while (pages.has(start)) start++;
    if (start - index > most) return;
    size = nextSize(start - index + wanted, most);
  }
  // The end is that of a folio of up to four pages.
  const folio = [4, 2, 1].find((pagesOf) => most % pagesOf === 0)!;
  const end = start + size - ((start + size) % folio);
  if (end > start) size = end - start;
  Object.assign(ahead, { start, size, async: size });
  const window = Array.from({ length: size }, (_, i) => start + i);
  ahead.coming = new Set(takeIn(k, object, start, size, size) ? window : []);
}

/** do_sync_mmap_readahead: a fault whose page is missing. */
export function readAround(k: NaiveKernel, vma: Vma, object: SharedObject, index: number): void {
  const { ahead } = object;
  const most = largest(k, object);
  if (vma.flags.has('hugePage')) {
    Object.assign(ahead, { size: vma.flags.has('random') ? HUGE : 2 * HUGE, async: HUGE });
    takeIn(k, object, index - (index % HUGE), ahead.size, HUGE);
    return;
  }
  if (vma.flags.has('random') && !vma.flags.has('exec')) return;
  if (vma.flags.has('sequential')) {
    readMissing(k, object, index, most, ahead.readTo);
    return;
  }
  ahead.misses = Math.min(ahead.misses + 1, 10 * MOST_MISSES);
  if (ahead.misses > MOST_MISSES) return;
  if (vma.flags.has('exec')) {
    const end = Math.min(index + most, vma.offset + vma.end - vma.start);
    Object.assign(ahead, { start: index, size: end - index, async: 0 });
  } else {
    const start = Math.max(0, index - Math.floor(most / 2));
    Object.assign(ahead, { start, size: most, async: Math.floor(most / 4) });
  }
  takeIn(k, object, ahead.start, ahead.size, ahead.async);
}

/** do_async_mmap_readahead, for a page that fault-around has not mapped. Returns whether it reads on. */
export function readOn(
  k: NaiveKernel,
  vma: Vma,
  object: SharedObject,
  index: number,
  write: boolean,
): boolean {
  const { marked } = object.pages.get(index)!;
  if (vma.flags.has('random')) return false;
  // A fault that is handled again does not know it.
  object.ahead.misses = Math.max(0, object.ahead.misses - (write && marked ? 2 : 1));
  if (marked) readNext(k, object, index, largest(k, object));
  return marked;
}
