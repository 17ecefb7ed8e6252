import { HUGETLB_PAGES } from '../memory/hugetlb-pool.js';
import { LEAF_ENTRIES, PTE, PTE_SHIFT } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';

/** The first page of the 2 MiB that a page lies in. */
export function hugeFloor(page: number): number {
  return page - (page % HUGETLB_PAGES);
}

/** The first page behind the last whole or begun 2 MiB. */
export function hugeCeil(page: number): number {
  return hugeFloor(page + HUGETLB_PAGES - 1);
}

/** Makes the entry of a hugetlb page: all 512 that stand for it. They must be empty. @param pages ids by place */
export function mapHuge(m: State, vma: Vma, vpn: number, pages: ArrayLike<number>, bits: number): void {
  const at = m.tables.makeStandIn(vma.space.directory, vpn);
  for (let i = 0; i < LEAF_ENTRIES; i++) m.tables.set(at + i, (pages[i]! << PTE_SHIFT) | PTE.present | bits);
}

/** Id of the first part of the hugetlb page that is mapped at an aligned page number; 0 where none is. */
export function hugeAt(m: State, vma: Vma, vpn: number): number {
  const at = vma.space.directory.entry(vpn);
  return at < 0 ? 0 : m.tables.get(at) >>> PTE_SHIFT;
}

/** Empties the entry of a hugetlb page; one of a private mapping goes with its last. Returns whether there was one. */
export function clearHuge(m: State, vma: Vma, vpn: number): boolean {
  const head = hugeAt(m, vma, vpn);
  if (head === 0) return false;
  const at = vma.space.directory.entry(vpn);
  for (let i = 0; i < LEAF_ENTRIES; i++) m.tables.set(at + i, 0);
  const own = m.hugetlb.privates.get(head);
  if (!own) return true;
  own.mappings--;
  if (own.mappings > 0) return true;
  m.hugetlb.privates.delete(head);
  for (const page of own.pages) m.freePage(page);
  // A private page that its mapping was promised is promised again, so that no one else gets it (__unmap_hugepage_range).
  const again = !vma.has(VM.noReserve);
  if (again) m.hugetlb.promisesOf(vma.space).add(vpn);
  m.hugetlb.pool.give(again);
  return true;
}

/** Empties all entries of [start, end), which is aligned, of a hugetlb VMA. Returns how many huge pages were mapped. */
export function zapHugetlb(m: State, vma: Vma, start: number, end: number): number {
  let mapped = 0;
  for (const part of [...vma.space.directory.leavesIn(start, end)]) {
    if (!m.tables.isEmpty(part.leaf) && clearHuge(m, vma, part.from)) mapped++;
  }
  return mapped;
}
