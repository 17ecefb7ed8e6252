import { GUARD, PTE } from '../state/page-table.js';
import type { State } from '../state/state.js';
import { type SharedObject, VM, type Vma } from '../state/vma.js';
import { unmapPage, zapEntry } from './entry.js';
import { zapHugetlb } from './hugetlb.js';

/** Visits the entries of pages [start, end) of a VMA that hold anything, by address. */
export function eachUsedEntry(
  m: State,
  vma: Vma,
  start: number,
  end: number,
  visit: (at: number, vpn: number) => void,
): void {
  for (const part of vma.space.directory.leavesIn(start, end)) {
    const end = part.at + part.to - part.from;
    for (let at = m.tables.nextUsed(part.at, end); at < end; at = m.tables.nextUsed(at + 1, end)) {
      visit(at, part.from + at - part.at);
    }
  }
}

/**
 * Empties the entries of [start, end) of a VMA, except guards: these go with their mapping alone (ZAP_FLAG_DROP_MARKER).
 * Returns how many were present, of hugetlb those of 2 MiB.
 *
 * @param guards whether guards go too
 */
export function zapRange(m: State, vma: Vma, start: number, end: number, guards = false): number {
  if (vma.flags & VM.hugetlb) return zapHugetlb(m, vma, start, end);
  const { tables } = m;
  let present = 0;
  for (const part of vma.space.directory.leavesIn(start, end)) {
    if (tables.isEmpty(part.leaf)) continue;
    m.huge?.zapping(part);
    const end = part.at + part.to - part.from;
    for (let at = tables.nextUsed(part.at, end); at < end; at = tables.nextUsed(at + 1, end)) {
      const entry = tables.get(at);
      if (entry === GUARD && !guards) continue;
      if (entry & PTE.present) present++;
      zapEntry(m, vma, at);
    }
    m.huge?.zapped();
  }
  return present;
}

/**
 * unmap_mapping_range for one page of an object: clears the entries that map it, whether it has a frame or not; private
 * copies stay. Returns how many there were.
 */
export function unmapObjectPage(m: State, object: SharedObject, index: number): number {
  const { rmap } = m;
  rmap.walkObjectPage(object, index);
  for (let i = 0; i < rmap.length; i++) unmapPage(m, rmap.spaces[i]!, rmap.entries[i]!, 0);
  return rmap.length;
}
