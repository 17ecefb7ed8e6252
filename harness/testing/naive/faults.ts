import { needTable, present, setEntry, TABLE, zapEntry } from './entries.js';
import { NaiveKilled } from './oom.js';
import { readAround, readOn } from './read-ahead.js';
import { bringIn, settle } from './reclaim.js';
import {
  type Entry,
  type NaiveKernel,
  type Page,
  type SharedObject,
  type Space,
  type Vma,
  ZERO,
} from './state.js';
import { foundInSwapCache, swapInAnon, swapInShared } from './swap-ahead.js';
import { isFull } from './tmpfs.js';
import { findVma, prepareAnon } from './vmas.js';

const FAULT_AROUND_PAGES = 16;

/** Contents of a write: `unique` for pages unlike all others, else the first id and what it grows by a page. */
export type WrittenContent = 'unique' | { readonly first: number; readonly step: 0 | 1 };

/** Reads or writes pages one after another, downwards for a negative count. All of them may be accessed so. */
export function access(
  k: NaiveKernel,
  space: Space,
  first: number,
  count: number,
  written?: WrittenContent,
): void {
  for (let i = 0; i < Math.abs(count); i++) {
    const vpn = first + Math.sign(count) * i;
    const vma = findVma(space, vpn)!;
    const reached = touch(k, space, vma, vpn, written !== undefined);
    // It is killed when the fault is over, and does not make the access.
    if (k.dying) throw new NaiveKilled();
    if (!reached) k.counters.sigbus++;
    else if (written)
      space.entries.get(vpn)!.page.content =
        written === 'unique' ? k.unique() : written.first + i * written.step;
  }
}

/** One access, with a fault if it needs one; false where it ends in SIGBUS. */
function touch(k: NaiveKernel, space: Space, vma: Vma, vpn: number, write: boolean): boolean {
  if (!isMapped(space, vpn, write)) return fault(k, space, vma, vpn, write);
  if (write) space.entries.get(vpn)!.dirty = true;
  return true;
}

/** handle_mm_fault. False beyond the end of an object, and for a guard. */
export function fault(k: NaiveKernel, space: Space, vma: Vma, vpn: number, write: boolean): boolean {
  if (k.dying) throw new NaiveKilled();
  k.counters.pgfault++;
  space.pgfault++;
  const reached = makeEntry(k, space, vma, vpn, write);
  const entry = space.entries.get(vpn);
  if (reached && entry && vma.flags.has('locked')) settle(k, entry.page);
  return reached;
}

function makeEntry(k: NaiveKernel, space: Space, vma: Vma, vpn: number, write: boolean): boolean {
  if (space.guards.has(vpn)) return false;
  const entry = space.entries.get(vpn);
  // The page table is there before the page: it counts when room is made.
  if (!vma.object || hasPage(k, vma.object, vma.offset + vpn - vma.start)) needTable(space, vpn);
  if (entry?.present) writeProtected(k, space, vma, vpn, entry);
  else if (entry) swappedOut(k, space, vma, vpn, entry, write);
  else if (vma.object) return ofObject(k, space, vma, vpn, vma.object, write);
  else if (write || !k.zeroPage) setEntry(space, vpn, readable(newAnon(k, space, vma, 0), vma));
  else setEntry(space, vpn, present(ZERO));
  return true;
}

/** Whether there is a page at an index of an object, or can be one. */
function hasPage(k: NaiveKernel, object: SharedObject, index: number): boolean {
  return index < object.size && !isFull(k, object, index);
}

/** do_anonymous_page: a page that the mapping may not write is there to be read, and is written to swap all the same. */
function readable(entry: Entry, vma: Vma): Entry {
  entry.page.dirty = true;
  return vma.flags.has('write') ? entry : present(entry.page);
}

/** An entry of a new anonymous page, written. */
export function newAnon(k: NaiveKernel, space: Space, vma: Vma, content: number): Entry {
  prepareAnon(space, vma);
  // Droppable memory is never backed by swap.
  const page: Page = { ...ZERO, content, anon: true, lazyfree: vma.flags.has('droppable') };
  bringIn(k, page);
  return present(page, { writable: true, dirty: true });
}

/** wp_page_copy: the page that was there is let go of once the copy has its frame. */
function copy(k: NaiveKernel, space: Space, vma: Vma, vpn: number, source: Page): void {
  const entry = newAnon(k, space, vma, source.content);
  k.counters.cow_breaks++;
  zapEntry(k, space, vma, vpn);
  setEntry(space, vpn, entry);
}

/** do_fault: the page of an object, or a private copy of it. */
function ofObject(
  k: NaiveKernel,
  space: Space,
  vma: Vma,
  vpn: number,
  object: SharedObject,
  write: boolean,
): boolean {
  const index = vma.offset + vpn - vma.start;
  if (!write && faultAround(k, space, vma, vpn, object)) return true;
  // do_cow_fault prepares the VMA before it looks for the page.
  if (write && !vma.flags.has('shared')) prepareAnon(space, vma);
  if (!hasPage(k, object, index)) return false;
  const page =
    object.disk && k.readAhead > 0
      ? filePage(k, space, vma, vpn, object, write)
      : objectPage(k, space, object, index);
  // Handled again, the fault has mapped it with its neighbours.
  if (!write && isMapped(space, vpn, false)) return true;
  if (write && !vma.flags.has('shared')) {
    copy(k, space, vma, vpn, page);
    return true;
  }
  if (write) dirtyPage(object, index, page);
  setEntry(space, vpn, present(page, { writable: mapsWritable(vma, write), dirty: write }));
  return true;
}

/** filemap_fault, with what is read ahead; a read fault that has read, or begun to, looks for neighbours again. */
function filePage(
  k: NaiveKernel,
  space: Space,
  vma: Vma,
  vpn: number,
  object: SharedObject,
  write: boolean,
): Page {
  const index = vma.offset + vpn - vma.start;
  const cached = object.pages.has(index);
  let again = !cached;
  if (cached) again = readOn(k, vma, object, index, write);
  else {
    countMajor(k, space);
    readAround(k, vma, object, index);
  }
  const page = object.pages.get(index) ?? cachePage(k, undefined, object, index);
  if (again && !write) faultAround(k, space, vma, vpn, object, cached);
  return page;
}

/**
 * Shared writable mappings of shmem are writable from the first access on: vm_page_prot has the right. Those of files
 * are at the first write.
 */
function mapsWritable(vma: Vma, write: boolean): boolean {
  return vma.flags.has('shared') && vma.flags.has('write') && (write || !vma.object?.disk);
}

/** do_fault_around, filemap_map_pages: maps pages that are in memory; whether the wanted one was among them. */
function faultAround(
  k: NaiveKernel,
  space: Space,
  vma: Vma,
  vpn: number,
  object: SharedObject,
  began = false,
): boolean {
  const from = Math.max(vma.start, Math.floor(vpn / FAULT_AROUND_PAGES) * FAULT_AROUND_PAGES);
  const to = Math.min(from + FAULT_AROUND_PAGES, vma.end, (Math.floor(vpn / TABLE) + 1) * TABLE);
  let found = 0;
  for (let around = from; around < to; around++) {
    const index = vma.offset + around - vma.start;
    const page = object.pages.get(index);
    // What is in the swap cache is not in the page cache.
    if (!page?.inMemory || page.inSwap || page.unused || page.marked) continue;
    if (began && object.ahead.coming.has(index)) continue;
    found++;
    if (space.entries.has(around)) continue;
    if (space.guards.has(around)) continue;
    setEntry(space, around, present(page, { writable: mapsWritable(vma, false) }));
    if (vma.flags.has('locked')) settle(k, page);
  }
  object.ahead.misses = Math.max(0, object.ahead.misses - found);
  return space.entries.has(vpn);
}

/** A page of an object is written: it is dirty, and a hole of a file gets a block. */
export function dirtyPage(object: SharedObject, index: number, page: Page): void {
  page.dirty = true;
  if (!object.disk) return;
  object.dirty = true;
  if (!object.disk.has(index)) object.disk.set(index, 0);
}

/**
 * shmem_get_folio: the page at an index in memory, from swap or new and zero. A fault of `space` that waits is a major one.
 */
export function objectPage(
  k: NaiveKernel,
  space: Space | undefined,
  object: SharedObject,
  index: number,
): Page {
  const known = object.pages.get(index);
  if (object.disk) return known ?? cachePage(k, space, object, index);
  if (known) {
    known.unused = false;
    if (!known.inMemory) {
      swapInShared(k, known);
      countMajor(k, space);
    } else if (!known.inSwap) return known;
    else foundInSwapCache(k, known);
    known.inSwap = false; // shmem_swapin_folio gives the slot back
    known.dirty = true;
    return known;
  }
  const page: Page = { ...ZERO };
  bringIn(k, page);
  object.pages.set(index, page);
  return page;
}

function countMajor(k: NaiveKernel, space: Space | undefined): void {
  if (!space) return;
  k.counters.pgmajfault++;
  space.pgmajfault++;
}

/** filemap_fault: a page that is not there counts as major, also one over a hole, for which nothing is read. */
export function cachePage(
  k: NaiveKernel,
  space: Space | undefined,
  object: SharedObject,
  index: number,
): Page {
  const stored = object.disk?.get(index);
  countMajor(k, space);
  const page: Page = { ...ZERO, content: stored ?? 0, file: true };
  bringIn(k, page);
  object.pages.set(index, page);
  if (stored !== undefined) k.counters.file_pages_in++;
  return page;
}

/** do_wp_page: a write to an entry that is present and not writable. */
function writeProtected(k: NaiveKernel, space: Space, vma: Vma, vpn: number, entry: Entry): void {
  const { page } = entry;
  if (vma.object && vma.flags.has('shared')) {
    dirtyPage(vma.object, vma.offset + vpn - vma.start, page);
    entry.writable = true;
    entry.dirty = true;
  } else if (page.anon && mayReuse(k, page)) {
    k.counters.cow_reuse++;
    entry.writable = true;
    entry.dirty = true;
  } else copy(k, space, vma, vpn, page);
}

/** wp_can_reuse_anon_folio: nothing else refers to the page, mapped or swapped out; its slot is freed. */
function mayReuse(k: NaiveKernel, page: Page): boolean {
  if (k.references(page) > 1) return false;
  freeSlot(page);
  return true;
}

/** folio_free_swap: the page leaves the swap cache. */
function freeSlot(page: Page): void {
  if (!page.inSwap) return;
  page.inSwap = false;
  page.dirty = true;
}

/** do_swap_page: from the swap cache, or read. */
function swappedOut(k: NaiveKernel, space: Space, vma: Vma, vpn: number, entry: Entry, write: boolean): void {
  const { page } = entry;
  // zram is read past the swap cache, if nothing else refers to the copy there.
  const bypassed = k.swap === 'zram' && !page.inMemory && k.references(page) === 1;
  if (page.inMemory) foundInSwapCache(k, page, vma, vpn);
  else {
    swapInAnon(k, space, vma, vpn, page);
    countMajor(k, space);
  }
  const scarce = k.swapScarce();
  space.entries.delete(vpn);
  const others = k.entriesOf(page);
  const alone = others.length === 0;
  // should_try_to_free_swap: a write, or a locked VMA, wants the page and not its slot.
  const wanted = (write && alone) || vma.flags.has('locked') || bypassed || scarce;
  if (wanted && others.every((other) => other.entry.present)) freeSlot(page);
  if (write && !alone) copy(k, space, vma, vpn, page);
  else setEntry(space, vpn, present(page, { writable: alone && vma.flags.has('write'), dirty: write }));
}

/** Whether an access would go on without a fault. */
export function isMapped(space: Space, vpn: number, write: boolean): boolean {
  const entry = space.entries.get(vpn);
  return entry?.present === true && (!write || entry.writable);
}
