import { unmapPage } from '../entries/entry.js';
import { ZERO_PAGE } from '../memory/pages.js';
import { LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM } from '../state/vma.js';

/** Where a leaf is: its first page in a space. */
interface Place {
  readonly space: Space;
  readonly first: number;
}

/**
 * Which leaves of page tables the page directory maps as one (pmd_trans_huge). The 512 entries are there all the same, as
 * is the page table, which the kernel keeps for the day of the split (pgtable_trans_huge_deposit): a mapping of 4 KiB differs in
 * this mark only.
 */
export class Pmds {
  /** Leaves that map a folio. */
  readonly folios = new Set<number>();
  /** Leaves that map a folio of shared memory, and where they are: no page table is kept for these (arch_needs_pgtable_deposit). */
  readonly shared = new Map<number, Place>();
  /** Leaves that map the huge page of zeros. */
  readonly zeros = new Set<number>();

  /** What splits cost that no one has paid yet, in ns. */
  splitNs = 0;

  constructor(private readonly state: State) {}

  has(leaf: number): boolean {
    return this.folios.has(leaf) || this.shared.has(leaf) || this.zeros.has(leaf);
  }

  /** All entries of a leaf have been made. */
  add(leaf: number): void {
    const page = this.state.tables.get(leaf * LEAF_ENTRIES) >>> PTE_SHIFT;
    if (page === ZERO_PAGE) this.zeros.add(leaf);
    else this.folios.add(leaf);
  }

  /** All entries of a leaf of shared memory have been made. @param first its first page */
  addShared(leaf: number, space: Space, first: number): void {
    this.shared.set(leaf, { space, first });
  }

  /** Entries are about to move from one leaf to another, as they are. @param first the first page of the other */
  move(from: number, to: number, first: number): void {
    const place = this.shared.get(from);
    if (place) {
      this.shared.delete(from);
      this.shared.set(to, { space: place.space, first });
      return;
    }
    const leaves = this.zeros.has(from) ? this.zeros : this.folios;
    leaves.delete(from);
    leaves.add(to);
  }

  /** The mapping ends. Returns whether there was one. */
  drop(leaf: number): boolean {
    return this.folios.delete(leaf) || this.shared.delete(leaf) || this.zeros.delete(leaf);
  }

  /** A mapping of shared memory ends, and there is nothing in its place. Returns whether there was one. */
  unmapShared(leaf: number): boolean {
    const place = this.shared.get(leaf);
    if (!place) return false;
    this.shared.delete(leaf);
    const { state: m } = this;
    const { space, first } = place;
    const start = leaf * LEAF_ENTRIES;
    const head = m.tables.get(start) >>> PTE_SHIFT;
    for (let at = start; at < start + LEAF_ENTRIES; at++) unmapPage(m, space, at, 0);
    m.tables.release(space.directory, first);
    // munlock_vma_folio
    if (space.find(first)?.has(VM.locked)) m.reclaim.recheck(head);
    return true;
  }

  /**
   * split_huge_pmd: the page table takes over. What was used, or written, of the huge page counts for all of it, as one bit
   * had it before. Shared memory is unmapped: its pages are found again in the page cache. That it was used is not kept
   * (PG_referenced), which saves no page of shared memory by itself.
   */
  split(leaf: number): void {
    const { tables, counters, costs } = this.state;
    const isUnmapped = this.unmapShared(leaf);
    if (!isUnmapped && !this.drop(leaf)) return;
    counters.thp_split_pmd++;
    this.splitNs += costs.huge.split_pmd.ns;
    if (isUnmapped) return;
    const first = leaf * LEAF_ENTRIES;
    let seen = 0;
    for (let at = first; at < first + LEAF_ENTRIES; at++) seen |= tables.get(at);
    const bits = seen & (PTE.young | PTE.dirty);
    for (let at = first; at < first + LEAF_ENTRIES; at++) tables.change(at, tables.get(at) | bits);
  }

  /** Pages of a space that a page directory maps in a folio: of private memory (AnonHugePages of smaps), and of objects (ShmemPmdMapped). */
  mappedBy(space: Space): { readonly anon: number; readonly shmem: number } {
    let anon = 0;
    if (this.folios.size > 0)
      for (const { leaf } of space.directory.leaves()) if (this.folios.has(leaf)) anon += LEAF_ENTRIES;
    let shmem = 0;
    for (const place of this.shared.values()) if (place.space === space) shmem += LEAF_ENTRIES;
    return { anon, shmem };
  }
}
