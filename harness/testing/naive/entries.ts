import { type Entry, type Folio, type Page, ZERO } from './page.js';
import { isWhole, partsOf, splitPmd, TABLE } from './pmds.js';
import { forgetPage, settle } from './reclaim.js';
import type { NaiveKernel, Space, Vma } from './state.js';
import { overlapping } from './vmas.js';

/** The page table that an entry needs. */
export function needTable(space: Space, vpn: number): void {
  space.tables.add(Math.floor(vpn / TABLE));
}

export function hasTable(space: Space, vpn: number): boolean {
  return space.tables.has(Math.floor(vpn / TABLE));
}

/** Page-table pages and their directories (PMD pages), which the machine counts while they have a page table. */
export function tablePages(space: Space): number {
  return space.tables.size + new Set([...space.tables].map((table) => Math.floor(table / TABLE))).size;
}

/** Makes an entry. */
export function setEntry(space: Space, vpn: number, entry: Entry): void {
  needTable(space, vpn);
  space.entries.set(vpn, entry);
}

/** An entry that maps a page. */
export function present(page: Page, bits: { writable?: boolean; dirty?: boolean } = {}): Entry {
  return {
    page,
    present: true,
    writable: bits.writable === true,
    dirty: bits.dirty === true,
  };
}

/** free_pgtables: page tables that [start, end) used and no VMA reaches into any more go. */
export function freeTables(space: Space, start: number, end: number): void {
  for (const table of space.tables) {
    const first = table * TABLE;
    if (first < end && start < first + TABLE && overlapping(space, first, first + TABLE).length === 0)
      space.tables.delete(table);
  }
}

/** MADV_DONTNEED gives back page tables that lie wholly in what it emptied (try_to_free_pte). */
export function freeWholeTables(space: Space, start: number, end: number): void {
  for (const table of space.tables)
    if (table * TABLE >= start && (table + 1) * TABLE <= end && !hasGuards(space, table))
      space.tables.delete(table);
}

function hasGuards(space: Space, table: number): boolean {
  return [...space.guards].some((vpn) => Math.floor(vpn / TABLE) === table);
}

/**
 * unmap_page_range: empties [start, end) of a VMA, except guards. A whole huge page goes as one, a part of one is split off; what a
 * page table loses at once is looked at once (zap_present_folio_ptes).
 */
export function zap(k: NaiveKernel, space: Space, vma: Vma, start: number, end: number): void {
  for (const part of partsOf(start, end)) {
    if (isWhole(part)) space.huge.delete(part.table);
    else splitPmd(k, space, part.table);
    const losers = new Set<Folio>();
    for (let vpn = part.start; vpn < part.end; vpn++) zapEntry(k, space, vma, vpn, losers);
    for (const folio of losers) lostPages(k, folio);
  }
}

/**
 * Empties one entry, and frees what nothing refers to any more. A huge page that lost a page is put into `losers`, where that is
 * given.
 */
export function zapEntry(k: NaiveKernel, space: Space, vma: Vma, vpn: number, losers?: Set<Folio>): void {
  const entry = space.entries.get(vpn);
  if (!entry) return;
  space.entries.delete(vpn);
  if (entry.page === ZERO) return;
  const { folio } = entry.page;
  if (entry.present && entry.dirty && !folio) entry.page.dirty = true;
  if (folio) {
    if (k.references(entry.page) === 0 && !losers) lostPages(k, folio);
    else if (k.references(entry.page) === 0) losers?.add(folio);
  } else if (entry.page.anon) freeIfUnreferenced(k, entry.page);
  if (!entry.present) giveUpSlotWhereScarce(k, entry.page);
  if (vma.flags.has('locked')) settle(k, entry.page);
}

/** free_swap_and_cache: where swap is short, a page in memory gives up a slot that nothing swapped out refers to any more. */
export function giveUpSlotWhereScarce(k: NaiveKernel, page: Page): void {
  if (!page.inMemory || !page.inSwap || !k.swapScarce()) return;
  if (k.entriesOf(page).some(({ entry }) => !entry.present)) return;
  k.setInSwap(page, false);
  page.dirty = true;
}

/**
 * __folio_remove_rmap: pages of a huge page have lost their last mapping. It is free with the last of them; until then all keep
 * their frames, and it waits to be split (deferred_split_folio).
 */
function lostPages(k: NaiveKernel, folio: Folio): void {
  if (folio.pages.every((page) => k.references(page) === 0)) freeFolio(k, folio);
  else if (!folio.partlyMapped) {
    folio.partlyMapped = true;
    k.counters.thp_deferred_split_page++;
    k.deferred.add(folio);
  }
}

/** All of a huge page is free. */
export function freeFolio(k: NaiveKernel, folio: Folio): void {
  forgetPage(k, folio.head);
  k.deferred.delete(folio);
  for (const page of folio.pages) {
    page.folio = undefined;
    releasePage(k, page);
  }
}

/** An anonymous page lives while an entry, present or swapped out, refers to it. */
export function freeIfUnreferenced(k: NaiveKernel, page: Page): void {
  if (k.references(page) === 0) releasePage(k, page);
}

/** The page's contents are gone: frame and slot are free, but for the frame of a page that a device has pinned. */
export function releasePage(k: NaiveKernel, page: Page): void {
  forgetPage(k, page);
  k.setInSwap(page, false);
  page.lazyfree = false;
  k.setInMemory(page, k.pinned.has(page));
}
