import type { Machine } from '../machine.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { PTE, PTE_SHIFT } from './page-table.js';
import { hasRecency, type Space } from './space.js';
import { VM, type Vma } from './vma.js';

/** Makes an entry for a page that has a frame. The entry must be empty. */
export function mapPage(m: Machine, space: Space, at: number, page: number, bits: number): void {
  const frame = m.pages.place[page] as number;
  m.shares.beforeMap(space, frame);
  const mappings = m.frames.mapcount[frame] as number;
  m.frames.mapcount[frame] = mappings + 1;
  if (mappings === 0) m.frames.mapped++;
  m.tables.set(at, (page << PTE_SHIFT) | PTE.present | bits);
  space.rss++;
  if (++m.rss > m.rssPeak) m.rssPeak = m.rss;
}

/** Makes an entry for the shared zero page. */
export function mapZeroPage(m: Machine, at: number): void {
  m.tables.set(at, (ZERO_PAGE << PTE_SHIFT) | PTE.present | PTE.young);
}

/**
 * Replaces a present entry of a page with a frame by `value` (0, or a swap entry) and notes a written-through page as
 * dirty. The page itself stays, even when this was its last mapping.
 */
export function unmapPage(m: Machine, space: Space, at: number, value: number): void {
  const entry = m.tables.entries[at] as number;
  const page = entry >>> PTE_SHIFT;
  const frame = m.pages.place[page] as number;
  m.shares.beforeUnmap(space, frame);
  const mappings = (m.frames.mapcount[frame] as number) - 1;
  m.frames.mapcount[frame] = mappings;
  if (mappings === 0) m.frames.mapped--;
  if (entry & PTE.dirty) m.pages.markDirty(page);
  m.tables.set(at, value);
  space.rss--;
  m.rss--;
}

/**
 * Empties an entry of a VMA, whatever it holds, and frees an anonymous page that nobody refers to any more. A page of
 * an object stays in the object.
 */
export function clearEntry(m: Machine, vma: Vma, at: number): void {
  const entry = m.tables.entries[at] as number;
  const page = entry >>> PTE_SHIFT;
  if ((entry & PTE.present) === 0) {
    if (entry === 0) return;
    m.tables.set(at, 0);
    m.swap.dropReference(m.swapSlotOf(page));
    freeIfUnreferenced(m, page);
    return;
  }
  if (page === ZERO_PAGE) {
    m.tables.set(at, 0);
    return;
  }
  unmapPage(m, vma.space, at, 0);
  if (isAnonPage(m, page)) freeIfUnreferenced(m, page);
  if (vma.has(VM.locked) && m.pages.resident[page] === 1) m.reclaim.recheck(page);
}

/** zap_pte_range: as `clearEntry`, and the use of a page of an object through this entry counts for reclaim. */
export function zapEntry(m: Machine, vma: Vma, at: number): void {
  const entry = m.tables.entries[at] as number;
  const page = entry >>> PTE_SHIFT;
  const used = (entry & (PTE.present | PTE.young)) === (PTE.present | PTE.young) && page !== ZERO_PAGE;
  const counts = used && hasRecency(vma) && !isAnonPage(m, page);
  clearEntry(m, vma, at);
  if (counts) m.reclaim.accessed(page);
}

/** Whether a page in memory is anonymous: filed under an anonymous object, not held by a shared one. */
export function isAnonPage(m: Machine, page: number): boolean {
  return m.objects.get(m.frames.object[m.pages.place[page] as number] as number).kind === 'anon';
}

/** Whether exactly one entry refers to an anonymous page in memory: it may be written in place. */
export function isExclusive(m: Machine, page: number): boolean {
  const frame = m.pages.place[page] as number;
  const slot = m.frames.slot[frame] as number;
  return m.frames.mapcount[frame] === 1 && (slot < 0 || m.swap.references(slot) === 0);
}

/** Frees an anonymous page when neither a present nor a swapped-out entry refers to it. */
function freeIfUnreferenced(m: Machine, page: number): void {
  const place = m.pages.place[page] as number;
  const slot = m.swapSlotOf(page);
  if (slot >= 0 && m.swap.references(slot) > 0) return;
  if (place >= 0 && (m.frames.mapcount[place] as number) > 0) return;
  m.freePage(page);
}
