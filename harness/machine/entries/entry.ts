import { ZERO_PAGE } from '../memory/pages.js';
import { KSM_OBJECT } from '../state/objects.js';
import { GUARD, PTE, PTE_SHIFT, PURGED } from '../state/page-table.js';
import { hasRecency, type Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';

/** The frame that a present entry maps; -1 when it maps a page without a frame, or nothing. */
export function frameOf(m: State, entry: number): number {
  return entry & PTE.present ? Math.max(-1, m.pages.location[entry >>> PTE_SHIFT]!) : -1;
}

/** Whether an entry is that of a page that was swapped out. */
export function isSwapEntry(entry: number): boolean {
  return (entry & PTE.present) === 0 && entry >>> PTE_SHIFT !== 0;
}

/** Makes an entry for a page that has a frame, or lies where there are none. The entry must be empty. */
export function mapPage(m: State, space: Space, at: number, page: number, bits: number): void {
  const frame = m.pages.location[page]!;
  if (frame < 0) {
    mapSpecial(m, space, at, page, bits);
    return;
  }
  m.pss.beforeMap(space, frame);
  const mappings = m.frames.mapcount[frame]!;
  m.frames.setMapcount(frame, mappings + 1);
  if (mappings === 0) m.frames.mapped++;
  m.tables.set(at, (page << PTE_SHIFT) | PTE.present | bits);
  space.rss++;
  if (++m.rss > m.rssPeak) m.rssPeak = m.rss;
}

/**
 * Makes an entry for a page without a frame (XIP, or a range of page frame numbers). Only one that has a struct page is
 * counted (insert_pfn and insert_page in mm/memory.c).
 */
function mapSpecial(m: State, space: Space, at: number, page: number, bits: number): void {
  m.tables.set(at, (page << PTE_SHIFT) | PTE.present | bits);
  if (!m.structPages.has(page)) return;
  m.structPages.addMapping(page);
  space.rss++;
  if (++m.rss > m.rssPeak) m.rssPeak = m.rss;
}

/** Makes an entry for the shared zero page. */
export function mapZeroPage(m: State, at: number): void {
  m.tables.set(at, (ZERO_PAGE << PTE_SHIFT) | PTE.present | PTE.young);
}

/**
 * Replaces a present entry of a page by `value` (0, or a swap entry) and notes a written-through page as dirty. The page
 * itself stays, even when this was its last mapping.
 */
export function unmapPage(m: State, space: Space, at: number, value: number): void {
  if (m.shootdowns !== undefined) m.shootdowns.changed(space);
  const entry = m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  const frame = m.pages.location[page]!;
  if (frame < 0) {
    unmapSpecial(m, space, at, page, value);
    return;
  }
  m.pss.beforeUnmap(space, frame);
  const mappings = m.frames.mapcount[frame]! - 1;
  m.frames.mapcount[frame] = mappings;
  if (mappings === 0) m.frames.mapped--;
  if (entry & PTE.dirty) m.pages.markDirty(page);
  m.tables.set(at, value);
  space.rss--;
  m.rss--;
}

function unmapSpecial(m: State, space: Space, at: number, page: number, value: number): void {
  m.tables.set(at, value);
  if (!m.structPages.has(page)) return;
  m.structPages.dropMapping(page);
  space.rss--;
  m.rss--;
}

/**
 * Empties an entry of a VMA, whatever it holds, and frees an anonymous page that nothing refers to any more. A page of
 * an object stays in the object.
 */
export function clearEntry(m: State, vma: Vma, at: number): void {
  const entry = m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  if ((entry & PTE.present) === 0) {
    if (entry === 0) return;
    m.tables.set(at, 0);
    if (entry === PURGED || entry === GUARD) return;
    const left = m.swap.dropReference(m.swapSlotOf(page));
    if (!isReferred(m, page)) m.freePage(page);
    else if (left === 0 && m.reclaim.swapScarce(page)) freeSwapCache(m, page); // free_swap_and_cache
    return;
  }
  if (page === ZERO_PAGE) {
    if (m.shootdowns !== undefined) m.shootdowns.changed(vma.space);
    if (entry & PTE.dirty) m.ksm.zeroUnmapped(vma.space);
    m.tables.set(at, 0);
    return;
  }
  unmapPage(m, vma.space, at, 0);
  if (isAnonPage(m, page)) freeIfUnreferenced(m, page);
  if (!vma.has(VM.locked | VM.volatile) || m.pages.resident[page] === 0) return;
  if (vma.has(VM.volatile) && !m.rmap.isVolatile(page)) m.pages.clearVolatile(page);
  m.reclaim.recheck(page);
}

/** zap_pte_range: as `clearEntry`, and the use of a page of an object through this entry counts for reclaim. */
export function zapEntry(m: State, vma: Vma, at: number): void {
  const entry = m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  const used = (entry & PTE.young) !== 0 && frameOf(m, entry) >= 0;
  const counts = used && hasRecency(vma) && !isAnonPage(m, page);
  clearEntry(m, vma, at);
  if (counts) m.reclaim.accessed(page);
}

/** Whether a page is in memory and anonymous, merged or not: not held by a shared object. */
export function isAnonPage(m: State, page: number): boolean {
  const frame = m.pages.location[page]!;
  return frame >= 0 && m.objects.get(m.frames.object[frame]!).kind !== 'shared';
}

/** Whether a page in memory is a merged one: never written in place, however few map it. */
export function isMerged(m: State, page: number): boolean {
  const frame = m.pages.location[page]!;
  return frame >= 0 && m.frames.object[frame] === KSM_OBJECT;
}

/** Whether exactly one entry refers to an anonymous page in memory: it may be written in place. */
export function isExclusive(m: State, page: number): boolean {
  const frame = m.pages.location[page]!;
  const slot = m.frames.slotOf(frame);
  return m.frames.mapcount[frame] === 1 && (slot < 0 || m.swap.references(slot) === 0);
}

/** Whether a present or a swapped-out entry refers to an anonymous page. */
export function isReferred(m: State, page: number): boolean {
  const place = m.pages.location[page]!;
  const slot = m.swapSlotOf(page);
  return (slot >= 0 && m.swap.references(slot) > 0) || (place >= 0 && m.frames.mapcount[place]! > 0);
}

/** Frees the slot of a page in the swap cache unless something else refers to it (folio_free_swap). */
export function freeSwapCache(m: State, page: number): void {
  const frame = m.pages.location[page]!;
  const slot = m.frames.slotOf(frame);
  if (slot < 0 || m.swap.references(slot) > 0) return;
  m.frames.setSlot(frame, -1);
  m.swap.release(slot);
  m.pages.markDirty(page);
}

function freeIfUnreferenced(m: State, page: number): void {
  if (!isReferred(m, page) && !m.huge?.unreferenced(page)) m.freePage(page);
}
