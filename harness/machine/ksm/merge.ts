import type { StallIndex } from '../../cost/ledger.js';
import { clearEntry, isAnonPage, isMerged, mapPage } from '../entries/entry.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { lockEntry, unshare } from '../mapping/fault.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { KSM_OBJECT } from '../state/objects.js';
import { PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM, VM_SPECIAL, type Vma } from '../state/vma.js';
import { NONE } from './content-table.js';
import type { MergeIndex } from './merge-index.js';

/**
 * Whether KSM may merge pages of a mapping with these flags. A shared mapping counts whether it may write or not.
 * Source: vma_ksm_compatible in mm/ksm.c.
 */
export function mayMerge(flags: number): boolean {
  return (flags & (VM.shared | VM_SPECIAL | VM.droppable)) === 0;
}

/** Where an item's page is mapped now. */
export interface Place {
  readonly vma: Vma;
  readonly at: number;
  readonly page: number;
}

/** The stable node of a page in memory; `NONE` for one that is not merged. */
export function nodeOf(m: State, page: number): number {
  const frame = m.pages.location[page]!;
  return frame >= 0 && m.frames.object[frame] === KSM_OBJECT ? m.frames.index[frame]! : NONE;
}

/** get_mergeable_page: the anonymous page at an item's address, if it is there and may be merged. */
export function placeOf(m: State, index: MergeIndex, item: number): Place | undefined {
  const { space, exited } = index.mms.get(index.items.slot[item]!);
  const vpn = index.items.vpn[item]!;
  const vma = exited ? undefined : space?.find(vpn);
  if (!vma?.anon || !vma.has(VM.mergeable)) return undefined;
  const at = vma.space.directory.entry(vpn);
  const entry = at < 0 ? 0 : m.tables.get(at);
  const page = entry >>> PTE_SHIFT;
  if ((entry & PTE.present) === 0 || page === ZERO_PAGE || !isAnonPage(m, page)) return undefined;
  if (m.pins.has(page)) return undefined; // write_protect_page finds a reference too many
  return { vma, at, page };
}

/** replace_page: an entry maps the merged page from now on, write-protected. The item is put on the page's node. */
export function mergeInto(m: State, index: MergeIndex, item: number, place: Place, node: number): void {
  const { vma, at, page } = place;
  m.huge?.splitPageOf(page);
  // A page of zeros may have gone when the folio of the page that it is merged with was split.
  if (m.tables.get(at) >>> PTE_SHIFT !== page) return;
  const merged = index.nodes.page[node]!;
  // A page that MADV_FREE marked before it was merged is another mapping's too now.
  m.pages.markDirty(merged);
  if (page !== merged) {
    clearEntry(m, vma, at);
    mapPage(m, vma.space, at, merged, PTE.young);
  }
  index.append(item, node, vma.anon?.number ?? NONE);
  if (vma.has(VM.locked)) lockEntry(m, at);
}

/**
 * A page becomes a merged one, with a node of its own, where it is: write_protect_page, folio_set_stable_node,
 * stable_tree_insert. Returns the node.
 */
export function makeMerged(m: State, index: MergeIndex, { vma, at, page }: Place): number {
  const { pages, frames, tables } = m;
  m.huge?.splitPageOf(page);
  tables.change(at, tables.get(at) & ~(PTE.write | PTE.dirty));
  m.shootdowns?.changed(vma.space);
  const content = pages.contents.get(page);
  index.search(content, false);
  const node = index.nodes.insert(page, content, m.nowUs);
  const frame = pages.location[page]!;
  frames.setOwner(frame, KSM_OBJECT, node);
  pages.markDirty(page); // so that reclaim swaps it, and does not just drop it
  pages.clearVolatile(page); // the reverse map of the 2014 patches finds no merged pages
  m.reclaim.accessed(page);
  return node;
}

/** The shared zero page takes the place of a page of zeros. Its entry is identified by its dirty bit (ksm_map_zero_page). */
export function mapKsmZero(m: State, { vma, at, page }: Place): void {
  m.huge?.splitPageOf(page);
  clearEntry(m, vma, at);
  m.tables.set(at, (ZERO_PAGE << PTE_SHIFT) | PTE.present | PTE.dirty);
  m.ksm.zeroMapped(vma.space);
}

/** unmerge_ksm_pages: every page of [start, end) of a VMA that KSM merged gets a copy of its own. The items stay. */
export function unmerge(m: State, vma: Vma, start: number, end: number, part: StallIndex): void {
  eachUsedEntry(m, vma, start, end, (at, vpn) => {
    const entry = m.tables.get(at);
    if ((entry & PTE.present) === 0) return;
    const page = entry >>> PTE_SHIFT;
    const merged = page === ZERO_PAGE ? (entry & PTE.dirty) !== 0 : isMerged(m, page);
    if (merged) unshare(m, vma, vpn, at, part);
  });
}
