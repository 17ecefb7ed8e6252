import { PART } from '../../cost/ledger.js';
import { mapPage, mapZeroPage } from '../entries/entry.js';
import { anonObject } from '../mapping/anon-page.js';
import { lockEntry } from '../mapping/fault.js';
import { Folio, PMD_ORDER, PMD_PAGES } from '../memory/folios.js';
import { entryInLeaf, LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import { fits, hugeStart, wantsHuge } from './eligible.js';
import type { HugeParts } from './parts.js';

/**
 * vma_thp_gfp_mask: whether a fault in a VMA lets reclaim make room for a huge page, or falls back at once. The kernel tries a few
 * times, each for all 512 pages.
 */
export function mayReclaimFor(m: State, vma: Vma): boolean {
  const { defrag } = m.settings.thp;
  return (
    defrag === 'always' || (vma.has(VM.hugePage) && (defrag === 'madvise' || defrag === 'defer+madvise'))
  );
}

/** do_huge_pmd_anonymous_page. Returns whether the access can go on; false leaves the fault to pages of 4 KiB. */
export function hugeFault(huge: HugeParts, vma: Vma, vpn: number, write: boolean): boolean {
  const m = huge.state;
  if (vma.space.directory.leaf(vpn) >= 0 || !wantsHuge(m, vma) || !fits(vma, vpn)) return false;
  // The VMA gets its anonymous object first, also for a page of zeros: fork copies entries from then on.
  anonObject(m, vma, hugeStart(vpn));
  const { thp, sharedZeroPage } = m.settings;
  if (!write && sharedZeroPage === 1 && thp.useZeroPage === 1) {
    mapHugeZero(huge, vma, hugeStart(vpn));
    return true;
  }
  return allocateHuge(huge, vma, vpn);
}

/** set_huge_zero_folio: the huge page of zeros is the same for all, and charged to none. */
function mapHugeZero(huge: HugeParts, vma: Vma, first: number): void {
  const m = huge.state;
  const at = m.tables.make(vma.space.directory, first, PMD_PAGES);
  for (let i = 0; i < PMD_PAGES; i++) mapZeroPage(m, at + i);
  huge.pmds.add(Math.floor(at / LEAF_ENTRIES));
  if (!huge.zeroAllocated) m.counters.thp_zero_page_alloc++;
  huge.zeroAllocated = true;
  m.ledger.cpu(PART.minor, m.costs.huge.read.ns);
}

/** A new folio of zeros around an address. False, and nothing has changed, where there is no room for it (vma_alloc_anon_folio_pmd). */
function allocateHuge(huge: HugeParts, vma: Vma, vpn: number, clear?: () => void): boolean {
  const m = huge.state;
  const first = hugeStart(vpn);
  const folio = newFolio(huge, vma, first, mayReclaimFor(m, vma));
  if (typeof folio === 'string') {
    m.counters.thp_fault_fallback++;
    if (folio === 'charge') m.counters.thp_fault_fallback_charge++;
    return false;
  }
  clear?.();
  mapFolio(huge, vma, first, folio);
  m.counters.thp_fault_alloc++;
  m.ledger.cpu(PART.minor, m.costs.huge.fault.ns);
  return true;
}

/** A folio of zeros in memory, filed under the VMA's anonymous object, or what there was no room for. @param first its first page */
export function newFolio(
  huge: HugeParts,
  vma: Vma,
  first: number,
  mayReclaim: boolean,
): Folio | 'frames' | 'charge' {
  const m = huge.state;
  const anon = anonObject(m, vma, first);
  const place = { object: anon.number, index: anon.indexOf(vma, first), space: vma.space.id, shared: false };
  const folio = bringFolio(huge, place, mayReclaim);
  if (typeof folio === 'string') return folio;
  for (const page of folio.pages) m.pages.markDirty(page);
  // All are queued, for the shrinker to see whether they are used at all (deferred_split_folio with partially_mapped false).
  if (m.settings.thp.shrinkUnderused === 1 && m.settings.kernel >= KERNELS['6.12'])
    huge.folios.deferred.add(folio);
  return folio;
}

/** A folio of zeros in memory, filed under an object, or what there was no room for. @param place what it is of, and who pays */
export function bringFolio(
  huge: HugeParts,
  place: {
    readonly object: number;
    readonly index: number;
    readonly space: number | undefined;
    readonly shared: boolean;
  },
  mayReclaim: boolean,
): Folio | 'frames' | 'charge' {
  const m = huge.state;
  const ids = Int32Array.from({ length: PMD_PAGES }, () => m.pages.create());
  const folio = new Folio(PMD_ORDER, ids, place.space, place.shared);
  const lacks = m.reclaim.bringInFolio(folio, place.object, place.index, mayReclaim, (made) =>
    huge.folios.add(made, m.pages.count),
  );
  if (lacks === 'nothing') return folio;
  m.reclaim.forget(folio.head);
  for (const page of folio.pages) m.pages.release(page);
  return lacks;
}

/** Maps a folio where no page table is. */
export function mapFolio(huge: HugeParts, vma: Vma, first: number, folio: Folio): void {
  const m = huge.state;
  const { space } = vma;
  const at = m.tables.make(space.directory, first, PMD_PAGES);
  const written = vma.has(VM.write) ? PTE.write | PTE.dirty : 0;
  folio.pages.forEach((page, i) => {
    mapPage(m, space, at + i, page, PTE.young | written);
  });
  huge.pmds.add(Math.floor(at / LEAF_ENTRIES));
  for (let i = 0; i < PMD_PAGES; i++) m.merger.came(space, first + i);
  if (vma.has(VM.locked)) lockEntry(m, at);
}

/**
 * do_huge_pmd_wp_page: a huge page that no other space maps is written where it is; the huge page of zeros becomes one of the
 * VMA's own, from Linux 6.13 on; everything else is split, and the page at the address is copied. Returns whether it may be
 * written now.
 */
export function writeProtectedPmd(huge: HugeParts, vma: Vma, vpn: number, at: number): boolean {
  const m = huge.state;
  const leaf = Math.floor(at / LEAF_ENTRIES);
  if (!huge.pmds.has(leaf)) return false;
  const page = m.tables.get(at) >>> PTE_SHIFT;
  const isZero = huge.pmds.zeros.has(leaf);
  if (isZero && m.settings.kernel >= KERNELS['6.18'] && replaceHugeZero(huge, vma, vpn, leaf)) return true;
  if (isZero || !isExclusiveFolio(huge, vma.space, page)) {
    huge.pmds.split(leaf);
    m.paySplits(PART.cow);
    return false;
  }
  const bits = PTE.write | PTE.young | PTE.dirty;
  for (let i = leaf * LEAF_ENTRIES; i < (leaf + 1) * LEAF_ENTRIES; i++)
    m.tables.change(i, m.tables.get(i) | bits);
  m.counters.cow_reuse++;
  m.ledger.cpu(PART.cow, m.costs.faults.cow_reuse.ns);
  m.reclaim.used(page);
  return true;
}

/** do_huge_zero_wp_pmd. False, and nothing has changed, where there is no room. Reclaim changes no entries of zeros. */
function replaceHugeZero(huge: HugeParts, vma: Vma, vpn: number, leaf: number): boolean {
  const { tables } = huge.state;
  return allocateHuge(huge, vma, vpn, () => {
    huge.pmds.drop(leaf);
    for (let at = leaf * LEAF_ENTRIES; at < (leaf + 1) * LEAF_ENTRIES; at++) tables.set(at, 0);
  });
}

/** __wp_can_reuse_large_anon_folio: whether all mappings of a folio are one space's. */
export function isExclusiveFolio(huge: HugeParts, space: Space, page: number): boolean {
  const m = huge.state;
  const folio = huge.folios.of(page);
  if (!folio) return true;
  for (const other of folio.pages) {
    const frame = m.pages.location[other]!;
    const mappings = m.frames.mapcount[frame]!;
    if (mappings === 0) continue;
    m.rmap.walk(frame);
    if (mappings > 1 || m.rmap.spaces[0] !== space) return false;
  }
  return true;
}

/** Whether pages [from, to) are all of a leaf. */
export function isWholeLeaf(from: number, to: number): boolean {
  return to - from === LEAF_ENTRIES && entryInLeaf(from) === 0;
}
