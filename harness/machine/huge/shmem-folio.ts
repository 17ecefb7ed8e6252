import { unmapPage } from '../entries/entry.js';
import { ZERO } from '../memory/contents.js';
import { type Folio, PMD_PAGES } from '../memory/folios.js';
import { objectAt } from '../object/lifetime.js';
import type { State } from '../state/state.js';
import type { Tmpfs } from '../state/tmpfs.js';
import type { SharedObject } from '../state/vma.js';
import { hugeStart } from './eligible.js';
import type { HugeParts } from './parts.js';
import { mappingsOf, splitPmdsOf } from './split.js';

/** The object that has a folio in its page cache, and the index of its first page there. */
export function placeOf(m: State, folio: Folio): { readonly object: SharedObject; readonly first: number } {
  const frame = m.pages.location[folio.head]!;
  return { object: objectAt(m, frame), first: m.frames.index[frame]! };
}

/** Whether a device has pinned a part of a folio, which keeps it whole (can_split_folio). */
function isPinned({ pins }: State, folio: Folio): boolean {
  return pins.any && folio.pages.some((page) => pins.has(page));
}

/** Empties the entries of page tables that map a page. */
function unmapPageOf(m: State, page: number): void {
  const { rmap } = m;
  rmap.walk(m.pages.location[page]!);
  for (let i = 0; i < rmap.length; i++) unmapPage(m, rmap.spaces[i]!, rmap.entries[i]!, 0);
}

/** unmap_folio: nothing maps it any more, locked memory neither. */
export function unmapAll({ state: m, pmds }: HugeParts, folio: Folio): void {
  splitPmdsOf(m, pmds, folio);
  for (const page of folio.pages) unmapPageOf(m, page);
}

/**
 * split_folio of one in the page cache: nothing maps the pages from then on, and those beyond the end of the object go. Returns
 * whether it is split: false, and nothing has changed, where a device has pinned a part.
 */
export function splitShmem(huge: HugeParts, folio: Folio): boolean {
  const { state: m, folios } = huge;
  if (isPinned(m, folio)) return false;
  const { object, first } = placeOf(m, folio);
  unmapAll(huge, folio);
  if (m.pages.anyDirty(folio.pages)) for (const page of folio.pages) m.pages.markDirty(page);
  folios.remove(folio);
  m.reclaim.folioSplit(folio);
  m.counters.thp_split_page++;
  huge.pmds.splitNs += m.costs.huge.split_folio.ns;
  for (let i = Math.max(0, object.size - first); i < PMD_PAGES; i++) {
    object.makeHole(first + i);
    m.freePage(folio.pages[i]!);
  }
  return true;
}

/** The pages are by themselves, on no list of reclaim: all of them are about to go. */
function takeApart({ state: m, pmds, folios }: HugeParts, folio: Folio): void {
  for (const leaf of mappingsOf(m, folio)) pmds.unmapShared(leaf);
  m.reclaim.forget(folio.head);
  folios.remove(folio);
}

/** A part of a folio that stays whole: it is unmapped, and zeros (folio_zero_range). */
function zeroPart(m: State, pages: Int32Array): void {
  for (const page of pages) {
    unmapPageOf(m, page);
    if (m.pages.contents.get(page) === ZERO) continue;
    m.pages.contents.set(page, ZERO);
    m.pages.markDirty(page);
  }
}

/**
 * Pages [from, to) of an object are about to go. Folios of which that is all are pages by themselves; those of which it is a part
 * are split, or where a device has pinned one, the part is zeroed, and stays. Returns how many entries are empty.
 * Source: shmem_undo_range in mm/shmem.c, truncate_inode_partial_folio in mm/truncate.c.
 */
export function cutShmem(huge: HugeParts, object: SharedObject, from: number, to: number): number {
  const { state: m, folios, pmds } = huge;
  const mapped = m.rss;
  let index = object.nextPresent(hugeStart(from), to);
  while (index < to) {
    const first = hugeStart(index);
    const folio = folios.of(object.page(index));
    if (folio && first >= from && first + PMD_PAGES <= to) takeApart(huge, folio);
    else if (folio) {
      splitPmdsOf(m, pmds, folio);
      if (!splitShmem(huge, folio))
        zeroPart(m, folio.pages.subarray(Math.max(0, from - first), Math.min(PMD_PAGES, to - first)));
    }
    index = object.nextPresent(first + PMD_PAGES, to);
  }
  return mapped - m.rss;
}

/** All folios with a page in [from, to) of an object are split, as far as that is possible. */
export function splitObject(huge: HugeParts, object: SharedObject, from: number, to: number): void {
  let index = object.nextPresent(hugeStart(from), to);
  while (index < to) {
    const folio = huge.folios.of(object.page(index));
    if (folio) splitShmem(huge, folio);
    index = object.nextPresent(hugeStart(index) + PMD_PAGES, to);
  }
}

/**
 * shmem_unused_huge_shrink: splits folios that reach beyond the end of their object, of a tmpfs or of all. Returns how many pages
 * are free.
 */
export function shrinkBeyondEnd(huge: HugeParts, tmpfs?: Tmpfs): number {
  const { state: m, folios } = huge;
  const before = m.frames.inUse;
  for (const folio of [...folios.beyondEnd]) {
    const { object, first } = placeOf(m, folio);
    if (tmpfs && object.tmpfs !== tmpfs) continue;
    if (first + PMD_PAGES > object.size) splitShmem(huge, folio);
    else folios.beyondEnd.delete(folio);
  }
  return before - m.frames.inUse;
}
