import { PART, type StallIndex } from '../../cost/ledger.js';
import { callNs } from '../../cost/table.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { unmapPage } from '../entries/entry.js';
import { type Folio, PMD_PAGES } from '../memory/folios.js';
import { freeObjectPage } from '../object/lifetime.js';
import { pageIn, WHERE, whereIs } from '../object/page-in.js';
import { LEAF_ENTRIES, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import type { SharedObject, Vma } from '../state/vma.js';
import type { Collapsed, Wanted } from './collapsed.js';
import { bringFolio } from './fault.js';
import type { HugeParts } from './parts.js';
import { addToObject, mapByDirectory } from './shmem.js';

/** What lies behind 512 pages of an object. */
interface Census {
  none: number;
  swap: number;
  pinned: boolean;
  special: boolean;
}

function census(m: State, object: SharedObject, first: number): Census {
  const found: Census = {
    none: 0,
    swap: 0,
    pinned: false,
    special: object.anyPurged(first, first + PMD_PAGES),
  };
  for (let index = first; index < first + PMD_PAGES; index++) {
    const page = object.page(index);
    if (page === 0) found.none++;
    else if (m.pages.resident[page] === 0) found.swap++;
    if (page !== 0 && m.pins.has(page)) found.pinned = true;
    if (page !== 0 && m.pages.traits[page]! & TRAIT.volatile) found.special = true;
  }
  return found;
}

/**
 * hpage_collapse_scan_file, collapse_file: what is behind the pages around an address becomes one folio; holes are zeros. All
 * mappings lose their entries, and page tables that hold nothing else. MADV_COLLAPSE maps it by the page directory then, khugepaged
 * leaves that to the next fault.
 *
 * @param vpn the first page, aligned as that of the object, of 512 that lie in the VMA
 */
export function collapseShmem(
  huge: HugeParts,
  vma: Vma,
  vpn: number,
  wanted: Wanted,
  part: StallIndex,
): Collapsed {
  const m = huge.state;
  const object = vma.object!;
  const first = vma.objectPageAt(vpn);
  const known = huge.folios.of(object.page(first));
  if (known) return wanted.used ? 'huge already' : install(huge, vma, vpn, known);
  const found = census(m, object, first);
  if (found.pinned) return 'pinned';
  if (found.special || found.none === PMD_PAGES) return 'special';
  if (found.none > wanted.none || found.swap > wanted.swap) return 'not worth it';
  if (object.tmpfs && object.tmpfs.free < found.none) return 'special';
  for (let index = first; index < first + PMD_PAGES; index++)
    if (whereIs(m, object, index) === WHERE.swap) pageIn(m, object, index, WHERE.swap, PART.major);
  const folio = bringFolio(
    huge,
    { object: object.number, index: first, space: vma.space.id, shared: true },
    !wanted.used || m.settings.thp.khugepagedDefrag === 1,
  );
  if (typeof folio === 'string') {
    m.counters.thp_collapse_alloc_failed++;
    return folio === 'frames' ? 'no frames' : 'no charge';
  }
  m.counters.thp_collapse_alloc++;
  // To make room, reclaim may have taken what was to be copied.
  const now = census(m, object, first);
  if (now.swap > 0) {
    huge.unmade(folio);
    return 'no charge';
  }
  replacePages(huge, object, first, folio);
  m.ledger.cpu(part, callNs(m.costs.huge.collapse, PMD_PAGES - now.none, now.none));
  return wanted.used ? 'made' : install(huge, vma, vpn, folio);
}

/** Contents go over, the pages that held them are free, and so are page tables that mapped them. */
function replacePages(huge: HugeParts, object: SharedObject, first: number, folio: Folio): void {
  const { state: m } = huge;
  for (let i = 0; i < PMD_PAGES; i++) {
    const page = object.page(first + i);
    if (page !== 0) {
      m.pages.contents.set(folio.pages[i]!, m.pages.contents.get(page));
      freeObjectPage(m, object, first + i);
    }
    m.pages.markDirty(folio.pages[i]!);
  }
  addToObject(huge, object, first, folio);
  for (const vma of object.mappings) retractTable(m, vma, vma.start + first - vma.objectPage);
}

/** retract_page_tables: an empty table that covers the huge page goes, unless the VMA has private pages. */
function retractTable(m: State, vma: Vma, vpn: number): void {
  const { directory } = vma.space;
  if (vma.anon || vpn % PMD_PAGES !== 0 || vpn < vma.start || vpn + PMD_PAGES > vma.end) return;
  const leaf = directory.leaf(vpn);
  if (leaf >= 0 && m.tables.isEmpty(leaf)) m.tables.release(directory, vpn);
}

/** collapse_pte_mapped_thp: the page directory maps a folio in place of a page table that maps nothing else. */
function install(huge: HugeParts, vma: Vma, vpn: number, folio: Folio): Collapsed {
  const { state: m, pmds } = huge;
  const { directory } = vma.space;
  const leaf = directory.leaf(vpn);
  if (leaf >= 0) {
    if (pmds.has(leaf)) return 'huge already';
    const at = leaf * LEAF_ENTRIES;
    const isOther = (page: number, i: number) => {
      const entry = m.tables.get(at + i);
      return entry !== 0 && entry >>> PTE_SHIFT !== page;
    };
    if (folio.pages.some(isOther)) return 'special';
    for (let i = 0; i < LEAF_ENTRIES; i++) if (m.tables.get(at + i) !== 0) unmapPage(m, vma.space, at + i, 0);
    m.tables.release(directory, vpn);
  }
  mapByDirectory(huge, vma, vpn, folio, false);
  return 'made';
}
