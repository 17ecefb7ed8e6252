import { setEntry } from './entries.js';
import { isShared } from './folios.js';
import { type Entry, Folio, Page, ZERO } from './page.js';
import { isHuge, splitPmd, TABLE } from './pmds.js';
import { bringInFolio } from './reclaim.js';
import type { NaiveKernel, Space, Vma } from './state.js';
import { prepareAnon } from './vmas.js';

function firstOf(vpn: number): number {
  return vpn - (vpn % TABLE);
}

/** Whether a VMA may have huge pages at all; memory that may vanish has none here. */
export function mayBeHuge(space: Space, vma: Vma): boolean {
  const { flags, object } = vma;
  return !object && !space.noHugePages && !flags.has('noHugePage') && !flags.has('droppable');
}

/** thp_vma_allowable_order, thp_vma_suitable_order: whether a fault at an address is to bring a huge page. */
function wantsHuge(k: NaiveKernel, space: Space, vma: Vma, vpn: number): boolean {
  if (!mayBeHuge(space, vma) || k.huge.enabled === 'never') return false;
  if (k.huge.enabled === 'madvise' && !vma.flags.has('hugePage')) return false;
  return vma.start <= firstOf(vpn) && firstOf(vpn) + TABLE <= vma.end;
}

/**
 * do_huge_pmd_anonymous_page, where there is no page table: the huge page of zeros at a read, or a new one. False: the fault is for
 * a page of 4 KiB.
 */
export function hugeFault(k: NaiveKernel, space: Space, vma: Vma, vpn: number, write: boolean): boolean {
  if (space.tables.has(Math.floor(vpn / TABLE)) || !wantsHuge(k, space, vma, vpn)) return false;
  prepareAnon(space, vma);
  if (!write && k.zeroPage && k.huge.useZeroPage) {
    if (!k.hugeZero) k.counters.thp_zero_page_alloc++;
    k.hugeZero = true;
    mapHuge(space, firstOf(vpn), () => ({ page: ZERO, present: true, writable: false, dirty: false }));
    return true;
  }
  const folio = faultFolio(k, space, vma);
  if (folio) mapFolio(space, vma, firstOf(vpn), folio);
  return folio !== undefined;
}

/** vma_alloc_anon_folio_pmd: a huge page of zeros, after reclaim for those that `defrag` says. Undefined where none can be charged. */
function faultFolio(k: NaiveKernel, space: Space, vma: Vma): Folio | undefined {
  const { defrag } = k.huge;
  const mayReclaim = defrag === 'always' || (defrag === 'madvise' && vma.flags.has('hugePage'));
  const folio = newFolio(k, space, vma, mayReclaim);
  if (folio) k.counters.thp_fault_alloc++;
  else {
    k.counters.thp_fault_fallback++;
    k.counters.thp_fault_fallback_charge++;
  }
  return folio;
}

/** A huge page of zeros in memory, which waits to be looked at: it may turn out to hold little else. */
export function newFolio(k: NaiveKernel, space: Space, vma: Vma, mayReclaim: boolean): Folio | undefined {
  prepareAnon(space, vma);
  const pages = Array.from({ length: TABLE }, () => new Page('anon'));
  const folio = new Folio(pages);
  for (const page of pages) page.folio = folio;
  if (!bringInFolio(k, folio, mayReclaim)) return undefined;
  if (k.huge.shrinkUnderused) k.deferred.add(folio);
  return folio;
}

/** map_anon_folio_pmd. */
export function mapFolio(space: Space, vma: Vma, first: number, folio: Folio): void {
  const writable = vma.flags.has('write');
  mapHuge(space, first, (i) => ({ page: folio.pages[i]!, present: true, writable, dirty: true }));
}

function mapHuge(space: Space, first: number, entry: (i: number) => Entry): void {
  for (let i = 0; i < TABLE; i++) setEntry(space, first + i, entry(i));
  space.huge.add(first / TABLE);
}

/**
 * do_huge_pmd_wp_page: a write to a huge page that may not be written. One that no other process maps is written where it is, that of
 * zeros becomes one of the VMA's own (do_huge_zero_wp_pmd); all else is mapped by a page table. Whether it may be written now.
 */
export function writeProtectedPmd(k: NaiveKernel, space: Space, vma: Vma, vpn: number): boolean {
  if (!isHuge(space, vpn)) return false;
  const first = firstOf(vpn);
  const { folio } = space.entries.get(first)!.page;
  const own = folio ? undefined : faultFolio(k, space, vma);
  if (own) mapFolio(space, vma, first, own);
  else if (folio && !isShared(folio)) {
    k.counters.cow_reuse++;
    for (let i = 0; i < TABLE; i++)
      Object.assign(space.entries.get(first + i)!, { writable: true, dirty: true });
  } else {
    splitPmd(k, space, first / TABLE);
    return false;
  }
  return true;
}
