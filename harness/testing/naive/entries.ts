import { forgetPage, settle } from './reclaim.js';
import { type Entry, type NaiveKernel, type Page, type Space, type Vma, ZERO } from './state.js';
import { overlapping } from './vmas.js';

/** Entries of a page-table page, and page-table pages of a directory. */
export const TABLE = 512;

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

/** zap_pte_range: empties [start, end) of a VMA, except guards. */
export function zap(k: NaiveKernel, space: Space, vma: Vma, start: number, end: number): void {
  for (let vpn = start; vpn < end; vpn++) zapEntry(k, space, vma, vpn);
}

/** Empties one entry, and frees what nothing refers to any more. */
export function zapEntry(k: NaiveKernel, space: Space, vma: Vma, vpn: number): void {
  const entry = space.entries.get(vpn);
  if (!entry) return;
  space.entries.delete(vpn);
  if (entry.page === ZERO) return;
  if (entry.present && entry.dirty) entry.page.dirty = true;
  if (entry.page.anon) freeIfUnreferenced(k, entry.page);
  if (!entry.present) giveUpSlotWhereScarce(k, entry.page);
  if (vma.flags.has('locked')) settle(k, entry.page);
}

/** free_swap_and_cache: where swap is short, a page in memory gives up a slot that nothing swapped out refers to any more. */
export function giveUpSlotWhereScarce(k: NaiveKernel, page: Page): void {
  if (!page.inMemory || !page.inSwap || !k.swapScarce()) return;
  if (k.entriesOf(page).some(({ entry }) => !entry.present)) return;
  page.inSwap = false;
  page.dirty = true;
}

/** An anonymous page lives while an entry, present or swapped out, refers to it. */
export function freeIfUnreferenced(k: NaiveKernel, page: Page): void {
  if (k.references(page) === 0) releasePage(k, page);
}

/** The page's contents are gone: frame and slot are free, but for the frame of a page that a device has pinned. */
export function releasePage(k: NaiveKernel, page: Page): void {
  forgetPage(k, page);
  page.inSwap = false;
  page.lazyfree = false;
  page.inMemory = k.pinned.has(page);
}
