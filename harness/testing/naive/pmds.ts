import type { NaiveKernel, Space } from './state.js';

/** Entries of a page-table page, page-table pages of a directory, and pages of a huge page. */
export const TABLE = 512;

/** A part of a range of pages, within one page-table page. */
export interface Part {
  /** Number of the page-table page. */
  readonly table: number;
  readonly start: number;
  readonly end: number;
}

/** [start, end), cut at the borders of page-table pages. */
export function partsOf(start: number, end: number): Part[] {
  const parts: Part[] = [];
  for (let from = start; from < end; ) {
    const table = Math.floor(from / TABLE);
    const to = Math.min(end, (table + 1) * TABLE);
    parts.push({ table, start: from, end: to });
    from = to;
  }
  return parts;
}

/** Whether a part is all of a page-table page. */
export function isWhole({ start, end }: Part): boolean {
  return end - start === TABLE;
}

/** Whether the page directory maps a page, as a part of 512. */
export function isHuge(space: Space, vpn: number): boolean {
  return space.huge.has(Math.floor(vpn / TABLE));
}

/** __split_huge_pmd: a page table maps what the page directory did. What one dirty bit said is said of each page. */
export function splitPmd(k: NaiveKernel, space: Space, table: number): void {
  if (!space.huge.delete(table)) return;
  k.counters.thp_split_pmd++;
  const entries = Array.from({ length: TABLE }, (_, i) => space.entries.get(table * TABLE + i)!);
  const dirty = entries.some((entry) => entry.dirty);
  for (const entry of entries) entry.dirty = dirty;
}

/** vma_adjust_trans_huge: a border of VMAs comes to lie within a huge page. */
export function splitPmdAcross(k: NaiveKernel, space: Space, at: number): void {
  if (at % TABLE !== 0) splitPmd(k, space, Math.floor(at / TABLE));
}
