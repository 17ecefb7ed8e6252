import { TRAIT } from '../../policy/reclaim/contract.js';
import { unmapPage } from '../entries/entry.js';
import type { Folio, Folios } from '../memory/folios.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import { VM } from '../state/vma.js';
import type { Pmds } from './pmds.js';

/** Leaves that may map a folio by the page directory, which then maps all of it: those that map its first page. */
export function mappingsOf(m: State, folio: Folio): number[] {
  m.rmap.walk(m.pages.location[folio.head]!);
  return m.rmap.entries.slice(0, m.rmap.length).map((at) => Math.floor(at / LEAF_ENTRIES));
}

/** The page directory stops mapping a folio, in every space (unmap_folio). */
export function splitPmdsOf(m: State, pmds: Pmds, folio: Folio): void {
  if (folio.unmapped > 0) return;
  for (const leaf of mappingsOf(m, folio)) pmds.split(leaf);
}

/**
 * Whether a folio is queued for its split while it is split: the first of its pages that is unmapped (try_to_migrate) leaves it with
 * others. Where the page directory maps it, all are unmapped at once, from Linux 6.8 on (folio_remove_rmap_pmd).
 */
function countsAsDeferred(m: State, pmds: Pmds, folio: Folio): boolean {
  if (folio.partlyMapped) return false;
  if (m.settings.kernel <= KERNELS['6.6']) return true;
  m.rmap.walk(m.pages.location[folio.head]!);
  for (let i = 0; i < m.rmap.length; i++)
    if (!pmds.folios.has(Math.floor(m.rmap.entries[i]! / LEAF_ENTRIES))) return true;
  return false;
}

/** Whether a folio is known to be dirty, or an entry of any of its pages is (try_to_migrate). */
function isDirty(m: State, { head, pages }: Folio): boolean {
  if ((m.pages.traits[head]! & TRAIT.dirty) !== 0) return true;
  return pages.some((page) => {
    m.rmap.walk(m.pages.location[page]!);
    for (let i = 0; i < m.rmap.length; i++) if (m.tables.get(m.rmap.entries[i]!) & PTE.dirty) return true;
    return false;
  });
}

/** What is known of the folio's contents is known of each page (__split_folio_to_order). */
function spreadTraits(m: State, folio: Folio): void {
  if (isDirty(m, folio)) for (const page of folio.pages) m.pages.markDirty(page);
}

/**
 * split_folio: the pages are by themselves. Those that nothing maps are free; those that hold zeros give way to the shared
 * page of zeros, from Linux 6.12 on (try_to_map_unused_to_zeropage), also where reads do not find it (mm.shared_zero_page).
 *
 * @param kept a page that stays where it is
 */
export function splitFolio(m: State, folios: Folios, pmds: Pmds, folio: Folio, kept?: number): void {
  if (countsAsDeferred(m, pmds, folio)) m.counters.thp_deferred_split_page++;
  splitPmdsOf(m, pmds, folio);
  spreadTraits(m, folio);
  folios.remove(folio);
  m.reclaim.folioSplit(folio);
  m.counters.thp_split_page++;
  pmds.splitNs += m.costs.huge.split_folio.ns;
  const zeros = m.settings.kernel >= KERNELS['6.12'];
  for (const page of folio.pages) {
    if (m.frames.mapcount[m.pages.location[page]!] === 0) m.freePage(page);
    else if (zeros && page !== kept && m.pages.contents.isZero(page)) mapZeros(m, page);
  }
}

/** The shared page of zeros takes the place of one that is not locked. */
function mapZeros(m: State, page: number): void {
  const { rmap } = m;
  rmap.walk(m.pages.location[page]!);
  for (let i = 0; i < rmap.length; i++) if (rmap.vmas[i]!.has(VM.locked)) return;
  const value = (ZERO_PAGE << PTE_SHIFT) | PTE.present;
  for (let i = 0; i < rmap.length; i++) unmapPage(m, rmap.spaces[i]!, rmap.entries[i]!, value);
  m.freePage(page);
}
