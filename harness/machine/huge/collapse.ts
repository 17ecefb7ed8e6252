import { PART, type StallIndex } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import type { Errno } from '../../policy/discard/contract.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { clearEntry, isAnonPage, isMerged, isSwapEntry } from '../entries/entry.js';
import { swapInEntry } from '../mapping/fault.js';
import { PMD_PAGES } from '../memory/folios.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { GUARD, LEAF_ENTRIES, PTE, PTE_SHIFT, PURGED } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { Vma } from '../state/vma.js';
import type { Collapsed, Wanted } from './collapsed.js';
import { mayBeHuge, mayCollapse } from './eligible.js';
import { mapFolio, newFolio } from './fault.js';
import type { HugeParts } from './parts.js';
import { mayCollapseShmem } from './shmem.js';
import { collapseShmem } from './shmem-collapse.js';

const ANYTHING: Wanted = { none: PMD_PAGES, swap: PMD_PAGES, shared: PMD_PAGES, used: false };

/** What the entries of a leaf hold. */
interface Census {
  none: number;
  swap: number;
  shared: number;
  used: number;
  writable: boolean;
  special: boolean;
  pinned: boolean;
}

function census(m: State, leaf: number): Census {
  const found: Census = {
    none: 0,
    swap: 0,
    shared: 0,
    used: 0,
    writable: false,
    special: false,
    pinned: false,
  };
  for (let at = leaf * LEAF_ENTRIES; at < (leaf + 1) * LEAF_ENTRIES; at++) count(m, m.tables.get(at), found);
  return found;
}

function count(m: State, entry: number, found: Census): void {
  const page = entry >>> PTE_SHIFT;
  if (entry === 0 || (page === ZERO_PAGE && entry & PTE.present)) found.none++;
  else if (entry === PURGED || entry === GUARD) found.special = true;
  else if (m.pins.has(page)) found.pinned = true;
  else if (isSwapEntry(entry)) found.swap++;
  else if (!isAnonPage(m, page) || (m.pages.traits[page]! & TRAIT.volatile) !== 0) found.special = true;
  else {
    if (isMerged(m, page) || m.frames.mapcount[m.pages.location[page]!]! > 1) found.shared++;
    if (entry & PTE.young) found.used++;
    if (entry & PTE.write) found.writable = true;
  }
}

/** hpage_collapse_scan_pmd: whether the pages of a leaf are to become a huge page. */
function isWorthIt({ none, swap, shared, used }: Census, wanted: Wanted): boolean {
  if (none > wanted.none || swap > wanted.swap || shared > wanted.shared) return false;
  if (!wanted.used) return true;
  return used > 0 && (swap === 0 || used >= PMD_PAGES / 2);
}

/**
 * collapse_huge_page: the pages around an address are copied to a folio that a page directory maps; what was empty is zeros.
 *
 * @param first the first page, aligned, of 512 that lie in the VMA @param part the stall part that pays
 */
export function collapse(
  huge: HugeParts,
  vma: Vma,
  first: number,
  wanted: Wanted,
  part: StallIndex,
): Collapsed {
  const m = huge.state;
  const leaf = vma.space.directory.leaf(first);
  if (leaf < 0) return 'nothing there';
  if (huge.pmds.has(leaf)) return 'huge already';
  const found = census(m, leaf);
  if (found.special) return 'special';
  if (found.pinned) return 'pinned';
  if (!found.writable && m.settings.kernel < KERNELS['6.18']) return 'read-only';
  if (!isWorthIt(found, wanted)) return 'not worth it';
  swapIn(m, vma, first);
  const mayReclaim = !wanted.used || m.settings.thp.khugepagedDefrag === 1;
  const folio = newFolio(huge, vma, first, mayReclaim);
  if (folio === 'frames') {
    m.counters.thp_collapse_alloc_failed++;
    return 'no frames';
  }
  // alloc_charge_folio counts what was allocated, whether it can be charged or not.
  m.counters.thp_collapse_alloc++;
  if (folio === 'charge') return 'no charge';
  // To make room, reclaim may have taken what was to be copied.
  const now = census(m, leaf);
  if (now.swap > 0 || now.special) {
    huge.unmade(folio);
    return 'swapped out';
  }
  copyPages(huge, vma, leaf, first, folio.pages);
  mapFolio(huge, vma, first, folio);
  m.ledger.cpu(part, callNs(m.costs.huge.collapse, PMD_PAGES - now.none, now.none));
  return 'made';
}

/** __collapse_huge_page_swapin: do_swap_page, which is no fault. */
function swapIn(m: State, vma: Vma, first: number): void {
  for (let vpn = first; vpn < first + PMD_PAGES; vpn++) {
    const at = vma.space.directory.entry(vpn);
    if (isSwapEntry(m.tables.get(at))) swapInEntry(m, vma, vpn, at);
  }
}

/** __collapse_huge_page_copy: contents go over, and the pages that held them are let go of. */
function copyPages(huge: HugeParts, vma: Vma, leaf: number, first: number, into: Int32Array): void {
  const m = huge.state;
  huge.zapping({ leaf, from: first, to: first + PMD_PAGES, at: leaf * LEAF_ENTRIES });
  for (let i = 0; i < PMD_PAGES; i++) {
    const at = leaf * LEAF_ENTRIES + i;
    const entry = m.tables.get(at);
    if (entry === 0) continue;
    const page = entry >>> PTE_SHIFT;
    m.pages.contents.set(into[i]!, m.pages.contents.get(page));
    clearEntry(m, vma, at);
  }
  huge.zapped();
}

/** The errors of a call that did not make all of them huge (madvise_collapse_errno). */
function errnoOf(why: Collapsed): Errno {
  if (why === 'no frames') return 'ENOMEM';
  if (why === 'pinned') return 'EAGAIN';
  return why === 'no charge' ? 'EBUSY' : 'EINVAL';
}

/** After which the call tries the rest of its range. */
const GOES_ON: ReadonlySet<Collapsed> = new Set(['nothing there', 'pinned', 'swapped out']);

/** madvise_collapse. */
export function collapseRange(huge: HugeParts, vma: Vma, start: number, end: number): Errno {
  const { isAnonymous } = vma;
  if (!mayBeHuge(vma) || !(isAnonymous ? mayCollapse(vma) : mayCollapseShmem(huge.state, vma)))
    return 'EINVAL';
  const from = Math.ceil(start / PMD_PAGES) * PMD_PAGES;
  const to = Math.floor(end / PMD_PAGES) * PMD_PAGES;
  if (from > to) return 'EINVAL';
  let failed: Collapsed = 'made';
  for (let first = from; first < to; first += PMD_PAGES) {
    const make = isAnonymous ? collapse : collapseShmem;
    const result = make(huge, vma, first, ANYTHING, PART.discard);
    if (result === 'made' || result === 'huge already') continue;
    failed = result;
    if (!GOES_ON.has(result)) break;
  }
  if (failed === 'made') return 0;
  return errnoOf(failed);
}
