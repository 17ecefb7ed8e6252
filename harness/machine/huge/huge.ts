import type { Errno } from '../../policy/discard/contract.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { type Folio, Folios } from '../memory/folios.js';
import type { HugeHooks } from '../state/hooks.js';
import { LEAF_ENTRIES, type LeafPart, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { NO_RECENCY, type Vma } from '../state/vma.js';
import { collapseRange } from './collapse.js';
import { hugeFault, isExclusiveFolio, isWholeLeaf, writeProtectedPmd } from './fault.js';
import type { HugeParts } from './parts.js';
import { Pmds } from './pmds.js';
import { shrinkDeferred } from './shrinker.js';
import { splitFolio, splitPmdsOf } from './split.js';
import { Unmapping } from './unmap.js';

/**
 * Transparent huge pages of private memory: folios of 512 pages that a fault, khugepaged or a call makes, and everything else
 * splits. Follows mm/huge_memory.c and mm/khugepaged.c of Linux 6.18.
 */
export class Huge implements HugeHooks, HugeParts {
  readonly folios = new Folios();
  readonly pmds: Pmds;
  /** Whether the huge page of zeros has been allocated; it stays. */
  zeroAllocated = false;
  dropped = 0;
  private readonly unmapping: Unmapping;

  constructor(readonly state: State) {
    this.pmds = new Pmds(state);
    this.unmapping = new Unmapping(state, this.folios);
  }

  /** Pages that page directories map in folios, over all spaces (AnonHugePages of /proc/meminfo). */
  get anonHugePages(): number {
    return this.pmds.folios.size * LEAF_ENTRIES;
  }

  fault(vma: Vma, vpn: number, write: boolean): boolean {
    return hugeFault(this, vma, vpn, write);
  }

  writeProtected(vma: Vma, vpn: number, at: number): boolean {
    return writeProtectedPmd(this, vma, vpn, at);
  }

  isExclusive(space: Space, page: number): boolean {
    return isExclusiveFolio(this, space, page);
  }

  isPmd(leaf: number): boolean {
    return this.pmds.has(leaf);
  }

  splitPmd(leaf: number): void {
    this.pmds.split(leaf);
  }

  splitPmdAcross(space: Space, vpn: number): void {
    if (vpn % LEAF_ENTRIES === 0) return;
    const leaf = space.directory.leaf(vpn);
    if (leaf >= 0) this.pmds.split(leaf);
  }

  zapping({ leaf, from, to }: LeafPart): void {
    if (this.pmds.has(leaf)) {
      if (isWholeLeaf(from, to)) this.drop(leaf);
      else this.pmds.split(leaf);
    }
    this.unmapping.begin();
  }

  private drop(leaf: number): void {
    if (this.pmds.folios.has(leaf)) this.dropped++;
    this.pmds.drop(leaf);
  }

  zapped(): void {
    this.unmapping.end();
  }

  pmdCopied(to: number): void {
    this.pmds.add(to);
  }

  pmdMoved(from: number, to: number): void {
    this.pmds.move(from, to);
  }

  unreferenced(page: number): boolean {
    const folio = this.folios.of(page);
    if (folio) this.unmapping.lost(folio);
    return folio !== undefined;
  }

  /** @param kept a page that stays where it is, though it may hold zeros */
  split(folio: Folio, kept?: number): void {
    splitFolio(this.state, this.folios, this.pmds, folio, kept);
  }

  splitPageOf(page: number): void {
    const folio = this.folios.of(page);
    if (folio) this.split(folio, page);
  }

  splitPartial(vma: Vma, start: number, end: number): void {
    for (const [folio, pages] of this.foliosIn(vma, start, end))
      if (pages < folio.size && isExclusiveFolio(this, vma.space, folio.head)) this.split(folio);
    this.splitZeros(vma, start, end, false);
  }

  splitAll(vma: Vma, start: number, end: number): void {
    for (const [folio] of this.foliosIn(vma, start, end)) this.split(folio);
    this.splitZeros(vma, start, end, true);
  }

  /** Mappings of the huge page of zeros, of a part or of whole ones too, are by page tables from now on. */
  private splitZeros(vma: Vma, start: number, end: number, whole: boolean): void {
    for (const { leaf, from, to } of vma.space.directory.leavesIn(start, end))
      if (this.pmds.zeros.has(leaf) && (whole || !isWholeLeaf(from, to))) this.pmds.split(leaf);
  }

  /** The folios that pages [start, end) of a VMA map, and how many pages of each. */
  private foliosIn(vma: Vma, start: number, end: number): Map<Folio, number> {
    const found = new Map<Folio, number>();
    eachUsedEntry(this.state, vma, start, end, (at) => {
      const entry = this.state.tables.entries[at]!;
      const folio = entry & PTE.present ? this.folios.of(entry >>> PTE_SHIFT) : undefined;
      if (folio) found.set(folio, (found.get(folio) ?? 0) + 1);
    });
    return found;
  }

  referenced({ pages }: Folio): number {
    const { state } = this;
    const { rmap, tables, frames } = state;
    const directories = new Set<number>();
    let used = 0;
    for (const page of pages) {
      const frame = state.pages.location[page]!;
      if (frames.mapcount[frame] === 0) continue;
      rmap.walk(frame);
      for (let i = 0; i < rmap.length; i++) {
        const at = rmap.entries[i]!;
        const entry = tables.entries[at]!;
        if (entry & PTE.dirty) state.pages.markDirty(pages[0]!);
        if ((entry & PTE.young) === 0) continue;
        tables.entries[at] = entry & ~PTE.young;
        if (rmap.vmas[i]!.flags & NO_RECENCY) continue;
        const leaf = Math.floor(at / LEAF_ENTRIES);
        // One bit of the directory stands for all of a leaf.
        if (this.pmds.has(leaf)) directories.add(leaf);
        else used++;
      }
    }
    return used + directories.size;
  }

  owedForSplits(): number {
    const { splitNs } = this.pmds;
    this.pmds.splitNs = 0;
    return splitNs;
  }

  shrink(): number {
    return shrinkDeferred(this);
  }

  collapse(vma: Vma, start: number, end: number): Errno {
    return collapseRange(this, vma, start, end);
  }

  /** A folio that nothing has mapped yet is not needed. */
  unmade(folio: Folio): void {
    this.unmapping.free(folio);
  }

  dissolve(folio: Folio): void {
    splitPmdsOf(this.state, this.pmds, folio);
    this.folios.remove(folio);
  }
}
