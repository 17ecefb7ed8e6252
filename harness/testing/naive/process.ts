import { hasTable, needTable, present, setEntry } from './entries.js';
import { newAnon } from './faults.js';
import { unmap } from './mmap.js';
import { letGo } from './pins.js';
import { partsOf } from './pmds.js';
import { type NaiveKernel, Space, type Vma } from './state.js';
import { findVma, insertVma } from './vmas.js';

/** A new empty space. */
export function spawn(k: NaiveKernel, id: number, oomScoreAdj = 0): Space {
  const space = new Space(id);
  space.oomScoreAdj = oomScoreAdj;
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
  child.noHugePages = parent.noHugePages;
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

/** copy_page_range, table by table: to copy what is pinned, reclaim may split what comes after it. */
function copyEntries(k: NaiveKernel, parent: Space, child: Space, vma: Vma): void {
  for (const { table, start, end } of partsOf(vma.start, vma.end)) {
    for (let vpn = start; vpn < end; vpn++) copyEntry(k, parent, child, vma, vpn);
    if (parent.huge.has(table)) child.huge.add(table);
  }
}

/** Of a shared mapping, which has an anon_vma for its guards, nothing becomes read-only. What is pinned is copied at once. */
function copyEntry(k: NaiveKernel, parent: Space, child: Space, vma: Vma, vpn: number): void {
  if (hasTable(parent, vpn)) needTable(child, vpn);
  if (parent.guards.has(vpn)) child.guards.add(vpn);
  const entry = parent.entries.get(vpn);
  if (!entry) return;
  if (vma.flags.has('shared')) {
    setEntry(child, vpn, present(entry.page, { writable: entry.writable }));
    return;
  }
  if (k.pinned.has(entry.page) && entry.page.anon) {
    const own = findVma(child, vpn)!;
    const made = newAnon(k, child, own, entry.page.content);
    setEntry(child, vpn, { ...made, writable: own.flags.has('write') });
    return;
  }
  entry.writable = false;
  setEntry(child, vpn, entry.present ? present(entry.page, { dirty: entry.dirty }) : { ...entry });
}
