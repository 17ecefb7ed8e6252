import { ZERO_PAGE } from '../memory/pages.js';
import { LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';

/**
 * Which leaves of page tables the page directory maps as one (pmd_trans_huge). The 512 entries are there all the same, as
 * is the page table, which the kernel keeps for the day of the split (pgtable_trans_huge_deposit): a mapping of 4 KiB differs in
 * this mark only.
 */
export class Pmds {
  /** Leaves that map a folio. */
  readonly folios = new Set<number>();
  /** Leaves that map the huge page of zeros. */
  readonly zeros = new Set<number>();

  /** What splits cost that no one has paid yet, in ns. */
  splitNs = 0;

  constructor(private readonly state: State) {}

  has(leaf: number): boolean {
    return this.folios.has(leaf) || this.zeros.has(leaf);
  }

  /** All entries of a leaf have been made. */
  add(leaf: number): void {
    const page = this.state.tables.entries[leaf * LEAF_ENTRIES]! >>> PTE_SHIFT;
    if (page === ZERO_PAGE) this.zeros.add(leaf);
    else this.folios.add(leaf);
  }

  /** Entries are about to move from one leaf to another, as they are. */
  move(from: number, to: number): void {
    const leaves = this.zeros.has(from) ? this.zeros : this.folios;
    leaves.delete(from);
    leaves.add(to);
  }

  /** The mapping ends. Returns whether there was one. */
  drop(leaf: number): boolean {
    return this.folios.delete(leaf) || this.zeros.delete(leaf);
  }

  /**
   * split_huge_pmd: the page table takes over. What was used, or written, of the huge page counts for all of it, as one bit
   * had it before.
   */
  split(leaf: number): void {
    if (!this.drop(leaf)) return;
    const { tables, counters, costs } = this.state;
    counters.thp_split_pmd++;
    this.splitNs += costs.huge.split_pmd.ns;
    const first = leaf * LEAF_ENTRIES;
    let seen = 0;
    for (let at = first; at < first + LEAF_ENTRIES; at++) seen |= tables.entries[at]!;
    const bits = seen & (PTE.young | PTE.dirty);
    for (let at = first; at < first + LEAF_ENTRIES; at++) tables.entries[at] = tables.entries[at]! | bits;
  }

  /** Pages of a space that a page directory maps in a folio (AnonHugePages of smaps). */
  mappedBy(space: Space): number {
    if (this.folios.size === 0) return 0;
    let pages = 0;
    for (const { leaf } of space.directory.leaves()) if (this.folios.has(leaf)) pages += LEAF_ENTRIES;
    return pages;
  }
}
