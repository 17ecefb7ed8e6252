import { PART, type StallIndex } from '../../cost/ledger.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { PAGE_FLAG } from '../memory/pages.js';
import type { State } from '../state/state.js';
import type { SharedObject } from '../state/vma.js';
import { foundInSwapCache, swapInShared } from './swap-ahead.js';
import { leaveSwapCache } from './swap-cache.js';

/** Where the page of an object is. */
export const WHERE = {
  /** In a frame. */
  memory: 0,
  /** Nowhere: reads find zeros. */
  hole: 1,
  swap: 2,
  /** Not in the page cache. */
  disk: 3,
  /** In memory that has no frames (XIP). */
  mappedInPlace: 4,
} as const;

/** Where the page at an index of an object is. The index is below the object's size. */
export function whereIs(m: State, object: SharedObject, index: number): number {
  const page = object.page(index);
  if (page === 0) {
    if (object.isHole(index)) return WHERE.hole;
    return object.backing === 'file' ? WHERE.disk : WHERE.mappedInPlace;
  }
  if (m.pages.resident[page] === 1) return WHERE.memory;
  if (object.backing === 'shmem') return WHERE.swap;
  return isCached(m, page) ? WHERE.disk : WHERE.mappedInPlace;
}

/** Whether a page goes through the page cache: all pages of files, and those of an XIP object that moved there. */
function isCached(m: State, page: number): boolean {
  return (m.pages.traits[page]! & TRAIT.file) !== 0;
}

/**
 * filemap_fault, shmem_fault: makes the page at an index of an object usable. Returns its id. `where` is what
 * `whereIs` said.
 *
 * @param part what reading it from a device stalls: a fault, or a call
 */
export function pageIn(
  m: State,
  object: SharedObject,
  index: number,
  where: number,
  part: StallIndex = PART.major,
): number {
  const page = bringIn(m, object, index, where, part);
  if (object.backing !== 'shmem') m.merger.fileRead(page);
  return page;
}

function bringIn(m: State, object: SharedObject, index: number, where: number, part: StallIndex): number {
  const known = object.page(index);
  // What fallocate has made is cleared now (shmem_get_folio).
  if (object.backing === 'shmem' && m.pages.isOverHole(known)) clearHole(m, known);
  switch (where) {
    case WHERE.memory:
      m.reclaim.used(known);
      if (object.backing === 'shmem') {
        if (m.swapSlotOf(known) >= 0) foundInSwapCache(m, known, undefined, 0);
        leaveSwapCache(m, known);
      }
      return known;
    case WHERE.hole:
      return object.backing === 'shmem' ? newObjectPage(m, object, index) : cacheHole(m, object, index);
    case WHERE.swap:
      swapInShared(m, known, object, index, part);
      leaveSwapCache(m, known);
      return known;
    case WHERE.disk:
      return readPage(m, object, index, part);
    default:
      return identify(m, object, index);
  }
}

/** What fallocate has made has been used, all of a folio at once. */
export function clearHole(m: State, page: number): void {
  for (const one of m.huge?.folios.of(page)?.pages ?? [page]) m.pages.clearTrait(one, PAGE_FLAG.hole);
}

/** Whether a tmpfs is full, and a hole stays one: huge pages beyond the ends of its files give up what they can. */
export function lacksBlock(m: State, object: SharedObject, index: number): boolean {
  if (!object.lacksBlock(index)) return false;
  return m.huge === undefined || m.huge.shrinkBeyondEnd(object.tmpfs!) === 0;
}

/**
 * A page of zeros in memory at a hole of a shared-memory object. It is clean until something is written, or the program has asked
 * for it (fallocate): reclaim may take it for the hole that it was.
 */
export function newObjectPage(m: State, object: SharedObject, index: number): number {
  const page = m.newPage();
  m.reclaim.bringIn(page, object.number, index);
  m.purge.objectPageCame(object, index, page);
  object.setPage(index, page);
  return page;
}

/** A page of zeros in the page cache over a hole of a file. */
export function cacheHole(m: State, object: SharedObject, index: number): number {
  const page = m.newPage();
  m.pages.setTrait(page, TRAIT.file | PAGE_FLAG.hole);
  m.reclaim.bringIn(page, object.number, index);
  object.setPage(index, page);
  return page;
}

/** The id of a page of a file or image: it gets one at its first use, with the contents it has had all along. */
export function identify(m: State, object: SharedObject, index: number): number {
  const known = object.page(index);
  if (known !== 0) return known;
  const page = m.pages.create();
  const { contents, structPages } = object.options;
  if (contents) m.pages.contents.set(page, contents.content + (contents.up ? index : 0));
  else m.pages.contents.setUnique(page);
  if (object.backing === 'file') m.pages.setTrait(page, TRAIT.file);
  else {
    // Reclaim has no page of an image to choose, however often it is touched.
    m.pages.setTrait(page, PAGE_FLAG.unevictable);
    if (structPages) m.structPages.add(page);
  }
  object.setPage(index, page);
  return page;
}

/** Takes a page that is on disk into the page cache, without waiting for it. */
export function cachePage(m: State, object: SharedObject, index: number): number {
  const page = identify(m, object, index);
  m.reclaim.bringIn(page, object.number, index);
  if (object.backing === 'file') m.counters.file_pages_in++;
  return page;
}

/** Reads a page into the page cache, and waits. One of an XIP object is copied from memory. */
function readPage(m: State, object: SharedObject, index: number, part: StallIndex): number {
  const known = object.page(index);
  const page = cachePage(m, object, index);
  if (object.backing === 'file') m.readDevice(m.disk, part, known === 0 ? undefined : known);
  else m.ledger.cpu(part, m.costs.faults.cow_copy.ns);
  return page;
}

/**
 * A page of an object is written: it is dirty, and a page over a hole of a file gets a block.
 * Source: folio_mark_dirty, and delayed allocation in the file system.
 */
export function dirtyObjectPage(m: State, object: SharedObject, page: number): void {
  if (m.pages.resident[page] === 0) return; // an image in place
  m.pages.markDirty(page);
  if (object.backing === 'shmem') return;
  if (m.pages.isOverHole(page)) {
    m.pages.clearTrait(page, PAGE_FLAG.hole);
    object.blocks++;
  }
  if (object.dirtySinceUs === undefined) {
    object.dirtySinceUs = m.nowUs;
    m.flusher.dirtied();
  }
}
