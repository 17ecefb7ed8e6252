import { hasTable, needTable, present, setEntry } from './entries.js';
import { newAnon } from './faults.js';
import { unmap } from './mmap.js';
import { letGo } from './pins.js';
import type { NaiveKernel, Space, Vma } from './state.js';
import { findVma, insertVma } from './vmas.js';

/** A new empty space. */
export function spawn(k: NaiveKernel, id: number, oomScoreAdj = 0): Space {
  const space: Space = {
    id,
    vmas: [],
    entries: new Map(),
    guards: new Set(),
    pins: [],
    futureLock: [],
    oomScoreAdj,
    tables: new Set(),
    pgfault: 0,
    pgmajfault: 0,
  };
  k.spaces.set(id, space);
  return space;
}

/** Ends a space. */
export function exit(k: NaiveKernel, space: Space): void {
  const last = space.vmas.at(-1);
  if (last) unmap(k, space, 0, last.end);
  for (const pin of space.pins) letGo(k, pin);
  k.spaces.delete(space.id);
}

/** dup_mmap: a VMA with private pages is copied entry by entry, and its copy has an anon_vma of its own. */
export function fork(
  k: NaiveKernel,
  parent: Space,
  childId: number,
  oomScoreAdj: number = parent.oomScoreAdj,
): void {
  const child = spawn(k, childId, oomScoreAdj);
  for (const vma of parent.vmas) {
    const flags = new Set(vma.flags);
    flags.delete('locked');
    flags.delete('lockOnFault');
    if (flags.has('dontFork')) continue;
    const copied = vma.anon !== undefined && !flags.has('wipeOnFork');
    insertVma(child, { ...vma, flags, anon: copied ? {} : undefined, forked: copied });
    if (copied) copyEntries(k, parent, child, vma);
  }
}

/** copy_page_range; of a shared mapping, which has an anon_vma for its guards, nothing becomes read-only. What is pinned is copied at once. */
function copyEntries(k: NaiveKernel, parent: Space, child: Space, vma: Vma): void {
  for (let vpn = vma.start; vpn < vma.end; vpn++) {
    if (hasTable(parent, vpn)) needTable(child, vpn);
    if (parent.guards.has(vpn)) child.guards.add(vpn);
    const entry = parent.entries.get(vpn);
    if (!entry) continue;
    if (vma.flags.has('shared')) {
      setEntry(child, vpn, present(entry.page, { writable: entry.writable }));
      continue;
    }
    if (k.pinned.has(entry.page) && entry.page.anon) {
      const own = findVma(child, vpn)!;
      const made = newAnon(k, child, own, entry.page.content);
      setEntry(child, vpn, { ...made, writable: own.flags.has('write') });
      continue;
    }
    entry.writable = false;
    setEntry(child, vpn, entry.present ? present(entry.page, { dirty: entry.dirty }) : { ...entry });
  }
}
