import type { Errno } from '../../policy/discard/contract.js';
import { eachUsedEntry } from '../entries/page-walk.js';
import { type Folio, Folios } from '../memory/folios.js';
import type { HugeHooks, ShmemAsker } from '../state/hooks.js';
import { LEAF_ENTRIES, type LeafPart, PTE, PTE_SHIFT } from '../state/page-table.js';
import { hasRecency, type Space } from '../state/space.js';
import type { State } from '../state/state.js';
import type { Tmpfs } from '../state/tmpfs.js';
import { NO_RECENCY, type SharedObject, type Vma } from '../state/vma.js';
import { collapseRange } from './collapse.js';
import { hugeFault, isExclusiveFolio, isWholeLeaf, writeProtectedPmd } from './fault.js';
import type { HugeParts } from './parts.js';
import { Pmds } from './pmds.js';
import { allocateShmem, shmemFault } from './shmem.js';
import { cutShmem, shrinkBeyondEnd, splitObject, splitShmem, unmapAll } from './shmem-folio.js';
import { shrinkDeferred } from './shrinker.js';
import { splitFolio, splitPmdsOf } from './split.js';
import { Unmapping } from './unmap.js';

/**
 * Transparent huge pages of private and shared memory: folios of 512 pages that a fault, khugepaged or a call makes, and everything else
 * splits. Follows mm/huge_memory.c, mm/khugepaged.c and mm/shmem.c of Linux 6.18.
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

  /** Pages that page directories map in folios of private memory, over all spaces (AnonHugePages of /proc/meminfo). */
  get anonHugePages(): number {
    return this.pmds.folios.size * LEAF_ENTRIES;
  }

  /** The same of shared memory (ShmemPmdMapped of smaps, over all spaces). */
  get shmemPmdMapped(): number {
    return this.pmds.shared.size * LEAF_ENTRIES;
  }

  /** Pages of shared memory in folios (ShmemHugePages of /proc/meminfo). */
  get shmemHugePages(): number {
    let pages = 0;
    for (const { shared, size } of this.folios.all()) if (shared) pages += size;
    return pages;
  }

  fault(vma: Vma, vpn: number, write: boolean): boolean {
    if (vma.isAnonymous) return hugeFault(this, vma, vpn, write);
    return vma.object!.backing === 'shmem' && shmemFault(this, vma, vpn, write);
  }

  isSharedPmd(leaf: number): boolean {
    return this.pmds.shared.has(leaf);
  }

  allocateShmem(object: SharedObject, index: number, asker: ShmemAsker): Folio | undefined {
    return allocateShmem(this, object, index, asker);
  }

  cutShmem(object: SharedObject, from: number, to: number): number {
    return cutShmem(this, object, from, to);
  }

  splitObject(object: SharedObject, from: number, to: number): void {
    splitObject(this, object, from, to);
  }

  shrinkBeyondEnd(tmpfs?: Tmpfs): number {
    return shrinkBeyondEnd(this, tmpfs);
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

  zapping(part: LeafPart): void {
    const { leaf, from, to } = part;
    if (this.pmds.has(leaf)) {
      if (!isWholeLeaf(from, to)) this.pmds.split(leaf);
      else if (this.pmds.shared.has(leaf)) this.zapPmd(part);
      else this.drop(leaf);
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

  /** zap_huge_pmd of shared memory: its use counts once for all of it. */
  private zapPmd({ leaf, from }: LeafPart): void {
    const { state: m, pmds } = this;
    const { space } = pmds.shared.get(leaf)!;
    const start = leaf * LEAF_ENTRIES;
    const head = m.tables.get(start) >>> PTE_SHIFT;
    let seen = 0;
    for (let at = start; at < start + LEAF_ENTRIES; at++) seen |= m.tables.get(at);
    pmds.unmapShared(leaf);
    if (seen & PTE.young && hasRecency(space.find(from)!)) m.reclaim.accessed(head);
  }

  pmdCopied(to: number): void {
    this.pmds.add(to);
  }

  pmdMoved(from: number, to: number, first: number): void {
    this.pmds.move(from, to, first);
  }

  unreferenced(page: number): boolean {
    const folio = this.folios.of(page);
    if (folio) this.unmapping.lost(folio);
    return folio !== undefined;
  }

  /** @param kept a page that stays where it is, though it may hold zeros @returns whether it is split */
  split(folio: Folio, kept?: number): boolean {
    if (folio.shared) return splitShmem(this, folio);
    splitFolio(this.state, this.folios, this.pmds, folio, kept);
    return true;
  }

  splitPageOf(page: number): boolean {
    const folio = this.folios.of(page);
    return folio === undefined || this.split(folio, page);
  }

  splitPartial(vma: Vma, start: number, end: number): (at: number) => boolean {
    const shared = new Set<Folio>();
    for (const { from, to } of [...vma.space.directory.leavesIn(start, end)])
      for (const [folio, pages] of this.foliosIn(vma, from, to))
        if (!isExclusiveFolio(this, vma.space, folio.head)) shared.add(folio);
        else if (pages < folio.size) this.split(folio);
    if (shared.size === 0) return () => false;
    const { tables } = this.state;
    return (at) => {
      const folio = this.folios.of(tables.get(at) >>> PTE_SHIFT);
      return folio !== undefined && shared.has(folio);
    };
  }

  splitAll(vma: Vma, start: number, end: number): void {
    for (const [folio] of this.foliosIn(vma, start, end)) this.split(folio);
    for (const { leaf } of vma.space.directory.leavesIn(start, end))
      if (this.pmds.zeros.has(leaf)) this.pmds.split(leaf);
  }

  /** The folios that pages [start, end) of a VMA map, and how many pages of each. */
  private foliosIn(vma: Vma, start: number, end: number): Map<Folio, number> {
    const found = new Map<Folio, number>();
    eachUsedEntry(this.state, vma, start, end, (at) => {
      const entry = this.state.tables.get(at);
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
        const entry = tables.get(at);
        if (entry & PTE.dirty) state.pages.markDirty(pages[0]!);
        if ((entry & PTE.young) === 0) continue;
        tables.change(at, entry & ~PTE.young);
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

  unmap(folio: Folio): void {
    unmapAll(this, folio);
  }

  dissolve(folio: Folio): void {
    splitPmdsOf(this.state, this.pmds, folio);
    this.folios.remove(folio);
  }
}
