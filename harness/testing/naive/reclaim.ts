import { tablePages } from './entries.js';
import { NaiveKilled, outOfMemory } from './oom.js';
import {
  type Chooser,
  type NaiveKernel,
  NaiveOutOfMemory,
  type Page,
  type SharedObject,
  ZERO,
} from './state.js';
import { findVma } from './vmas.js';

/** Victims of one search at most, which a search that finds none that can go looks beyond. */
const MOST_VICTIMS = 512;

/** First in, first out; pages that the program gave up go before all others, in the order it did. */
export class FifoChooser implements Chooser {
  private queue: Page[] = [];
  private demoted: Page[] = [];

  evict(): { victims: readonly Page[]; scanned: number } {
    const victim = this.demoted.shift() ?? this.queue.shift();
    return victim ? { victims: [victim], scanned: 1 } : { victims: [], scanned: 0 };
  }

  insert(page: Page): void {
    this.queue.push(page);
  }

  reject(page: Page): void {
    this.queue.push(page);
  }

  remove(page: Page): void {
    this.queue = this.queue.filter((other) => other !== page);
    this.demoted = this.demoted.filter((other) => other !== page);
  }

  demote(page: Page): void {
    this.remove(page);
    this.demoted.push(page);
  }

  rotate(page: Page): void {
    this.remove(page);
    this.demoted.unshift(page);
  }
}

/** Whether there is a place for the page's contents, or no need for one. */
function couldGo(k: NaiveKernel, page: Page): boolean {
  return k.swap !== 'none' || page.lazyfree || page.file;
}

function isLocked(k: NaiveKernel, page: Page): boolean {
  return k
    .entriesOf(page)
    .some(({ space, vpn, entry }) => entry.present && findVma(space, vpn)?.flags.has('locked'));
}

/** Lets reclaim choose a page exactly while it is in memory, could go, and no locked VMA maps it. */
export function settle(k: NaiveKernel, page: Page): void {
  if (page === ZERO) return;
  const evictable = page.inMemory && couldGo(k, page) && !k.pinned.has(page) && !isLocked(k, page);
  if (evictable === k.evictable.has(page)) return;
  if (evictable) {
    k.evictable.add(page);
    k.chooser.insert(page);
  } else forgetPage(k, page);
}

/** Reclaim must not choose the page any more. */
export function forgetPage(k: NaiveKernel, page: Page): void {
  k.awaited.delete(page);
  k.chooser.remove(page);
  k.evictable.delete(page);
}

/** Pages that count against a limit, if there is one; of a space's page tables also the two of the levels above all directories. */
function charged(k: NaiveKernel): number {
  if (k.limit === Number.POSITIVE_INFINITY) return 0;
  if (!k.chargesTables) return k.frames();
  return [...k.spaces.values()].reduce((sum, space) => sum + tablePages(space) + 2, k.frames());
}

/** Makes room for a page under the limit, but for a space that was killed. */
function makeRoom(k: NaiveKernel, mayKill: boolean): void {
  if (k.dying) throw new NaiveKilled();
  while (charged(k) >= k.limit && !k.dying)
    if (!shrink(k) && !(mayKill && k.kills && outOfMemory(k))) throw new NaiveOutOfMemory();
}

/** Allocates a frame for a page that nothing has asked for, where there is room: for that nothing is killed. */
export function bringInAhead(k: NaiveKernel, page: Page): boolean {
  try {
    bringIn(k, page, false);
    return true;
  } catch (error) {
    if (error instanceof NaiveOutOfMemory) return false;
    throw error;
  }
}

/** Allocates a frame for a page, making room under the limit first. */
export function bringIn(k: NaiveKernel, page: Page, mayKill = true): void {
  makeRoom(k, mayKill);
  page.inMemory = true;
  page.ahead = false;
  if (!couldGo(k, page)) return;
  k.evictable.add(page);
  k.chooser.insert(page);
}

/** Sets the limit and reclaims down to it, as far as pages can go. */
export function setLimit(k: NaiveKernel, limit: number): void {
  k.limit = limit;
  while (charged(k) > limit && (shrink(k) || (k.kills && outOfMemory(k)))) {}
}

/** Direct reclaim of at least one page; false when none can go. */
function shrink(k: NaiveKernel): boolean {
  const freed = search(k);
  putBack(k);
  if (freed) return true;
  if (![...k.objects].some(({ dirty }) => dirty)) return false;
  flush(k);
  const last = shrinkOnce(k).taken > 0;
  putBack(k);
  return last;
}

/** Pages that had no place are chosen again in another search. */
function putBack(k: NaiveKernel): void {
  for (const page of k.placeless.splice(0)) {
    k.evictable.add(page);
    k.chooser.reject(page);
  }
}

function search(k: NaiveKernel): boolean {
  for (let patience = k.frames() + MOST_VICTIMS; patience > 0; ) {
    const { found, taken } = shrinkOnce(k);
    if (taken > 0) return true;
    if (found === 0) break;
    patience -= found;
  }
  return false;
}

function shrinkOnce(k: NaiveKernel): { found: number; taken: number } {
  const { victims, stay = [], scanned } = k.chooser.evict();
  for (const page of stay) if (take(k, page)) throw new Error('a page goes that was to stay');
  k.counters.pgscan_direct += scanned;
  const taken = victims.filter((victim) => take(k, victim)).length;
  k.counters.pgsteal_direct += taken;
  return { found: victims.length, taken };
}

/** Time moves on: a flusher that was woken writes all that is dirty. */
export function passTime(k: NaiveKernel): void {
  if (k.flushWanted) flush(k);
  k.flushWanted = false;
}

function flush(k: NaiveKernel): void {
  for (const object of k.objects) if (object.dirty) writeBack(k, object);
}

/** Write-back: pages are clean then, and write-protected, so that the next write is noticed. Returns those that were dirty. */
export function writeBack(
  k: NaiveKernel,
  object: SharedObject,
  start = 0,
  end: number = object.size,
): ReadonlySet<Page> {
  const written = new Set<Page>();
  if (start === 0 && end >= object.size) object.dirty = false;
  if (!object.disk) return written;
  for (const [index, page] of [...object.pages].sort(([a], [b]) => a - b)) {
    if (index < start || index >= end) continue;
    for (const { entry } of collectDirty(k, page)) {
      entry.dirty = false;
      entry.writable = false;
    }
    if (!page.dirty) continue;
    page.dirty = false;
    written.add(page);
    object.disk.set(index, page.content);
    k.counters.file_pages_out++;
    if (k.awaited.delete(page) && k.evictable.has(page)) k.chooser.rotate(page);
  }
  return written;
}

/** Takes a victim's frame; false when it stays. */
function take(k: NaiveKernel, page: Page): boolean {
  k.evictable.delete(page);
  const entries = collectDirty(k, page);
  if (page.lazyfree) {
    if (dropLazyfree(k, page, entries)) return true;
    k.evictable.add(page);
    k.chooser.reject(page);
    settle(k, page);
    return false;
  }
  if (page.file) return dropCached(k, page, entries);
  if (isUnwritten(page)) {
    dropUnwritten(k, page, entries);
    return true;
  }
  if (!hasSlot(k, page)) {
    k.placeless.push(page);
    return false;
  }
  addToSwap(k, page, entries);
  page.inMemory = false;
  return true;
}

/** Whether a page has a swap slot, or may get one: pages in memory that nothing swapped refers to give theirs up first. */
function hasSlot(k: NaiveKernel, page: Page): boolean {
  return page.inSwap || k.slotsFree() > 0;
}

function giveUpSlots(k: NaiveKernel): void {
  if (!k.swapScarce()) return;
  k.eachPage((page) => {
    if (!page.anon || !page.inMemory || !page.inSwap) return;
    if (k.entriesOf(page).some(({ entry }) => !entry.present)) return;
    page.inSwap = false;
    page.dirty = true;
  });
}

/** Whether a page of shared memory was only read since it came into a hole. */
function isUnwritten(page: Page): boolean {
  return !page.anon && !page.file && !page.dirty && !page.inSwap;
}

/** It goes for the hole that it was, swap or not. */
function dropUnwritten(k: NaiveKernel, page: Page, entries: Mapped): void {
  for (const { space, vpn } of entries) space.entries.delete(vpn);
  uncache(k, page);
}

/** A clean page of the page cache goes; a dirty one is unmapped and waits for the flusher. */
function dropCached(k: NaiveKernel, page: Page, entries: Mapped): boolean {
  for (const { space, vpn } of entries) space.entries.delete(vpn);
  if (page.dirty) {
    k.evictable.add(page);
    k.chooser.reject(page);
    k.awaited.add(page);
    k.flushWanted = true;
    return false;
  }
  uncache(k, page);
  return true;
}

function uncache(k: NaiveKernel, page: Page): void {
  for (const { pages } of k.objects)
    for (const [index, other] of pages) if (other === page) pages.delete(index);
  page.inMemory = false;
}

type Mapped = ReturnType<NaiveKernel['entriesOf']>;

/** The entries that map a page; what was written through them is known afterwards. */
function collectDirty(k: NaiveKernel, page: Page): Mapped {
  const entries = k.entriesOf(page).filter(({ entry }) => entry.present);
  if (entries.some(({ entry }) => entry.dirty)) page.dirty = true;
  return entries;
}

/** A page that was written since MADV_FREE is an ordinary one again (false), but for droppable memory. */
function dropLazyfree(k: NaiveKernel, page: Page, entries: Mapped): boolean {
  const droppable = entries.some(({ space, vpn }) => findVma(space, vpn)?.flags.has('droppable'));
  if (page.dirty && !droppable) {
    page.lazyfree = false;
    return false;
  }
  k.counters.pglazyfreed++;
  for (const { space, vpn } of entries) space.entries.delete(vpn);
  page.inMemory = false;
  return true;
}

/** Unmaps a page and writes it to swap, unless the copy there is good. */
function addToSwap(k: NaiveKernel, page: Page, entries: Mapped): void {
  if (!page.inSwap) {
    giveUpSlots(k);
    page.slot = k.nextSlot();
  }
  if (!page.inSwap || page.dirty) k.counters.pswpout++;
  for (const { space, vpn } of entries) {
    if (page.anon) space.entries.set(vpn, { page, present: false, writable: false, dirty: false });
    else space.entries.delete(vpn);
  }
  page.inSwap = true;
  page.dirty = false;
}

/**
 * reclaim_pages for one page. With a device that does not answer at once it stays in the swap cache, next to go. Without
 * swap, shared memory is unmapped before that turns out.
 */
export function pageOut(k: NaiveKernel, page: Page): void {
  const entries = collectDirty(k, page);
  if (k.pinned.has(page)) {
    // Shared memory is unmapped before it turns out that the page cannot go.
    if (!page.anon) for (const { space, vpn } of entries) space.entries.delete(vpn);
  } else if (page.lazyfree) {
    if (dropLazyfree(k, page, entries)) forgetPage(k, page);
    else settle(k, page);
  } else if (page.file) {
    for (const { space, vpn } of entries) space.entries.delete(vpn);
    k.chooser.remove(page);
    if (page.dirty) k.chooser.reject(page);
    else {
      forgetPage(k, page);
      uncache(k, page);
    }
  } else if (isUnwritten(page)) {
    forgetPage(k, page);
    dropUnwritten(k, page, entries);
  } else if (k.swap === 'none' || !hasSlot(k, page)) {
    if (!page.anon) for (const { space, vpn } of entries) space.entries.delete(vpn);
  } else {
    addToSwap(k, page, entries);
    if (k.swap === 'zram') {
      forgetPage(k, page);
      page.inMemory = false;
    } else k.chooser.rotate(page);
  }
}
