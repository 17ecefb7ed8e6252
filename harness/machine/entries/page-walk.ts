import type { Machine } from '../machine.js';
import type { Vma } from '../state/vma.js';

/** Visits the entries of pages [start, end) of a VMA that hold anything, by address. */
export function eachUsedEntry(
  m: Machine,
  vma: Vma,
  start: number,
  end: number,
  visit: (at: number, vpn: number) => void,
): void {
  for (const part of vma.space.directory.leavesIn(start, end)) {
    if (m.tables.isEmpty(part.leaf)) continue;
    for (let i = 0; i < part.to - part.from; i++) {
      if (m.tables.entries[part.at + i] !== 0) visit(part.at + i, part.from + i);
    }
  }
}
