import { type Returned, SUCCESS } from './calls.js';
import { freeTables, hasTable, needTable, setEntry, zap } from './entries.js';
import { fault, isMapped } from './faults.js';
import { releaseIfDead } from './objects.js';
import { settle } from './reclaim.js';
import type { Entry, Flag, NaiveKernel, SharedObject, Space, Vma } from './state.js';
import {
  changeFlags,
  findVma,
  insertVma,
  mergeWithNeighbours,
  mergeWithNext,
  overlapping,
  splitAt,
} from './vmas.js';

/** What a mapping maps. */
export interface Mapping {
  readonly object: SharedObject | undefined;
  /** Page of the object at its start. */
  readonly offset: number;
  readonly flags: readonly Flag[];
  readonly populate: boolean;
}

/** mmap with MAP_FIXED. */
export function map(k: NaiveKernel, space: Space, page: number, count: number, mapping: Mapping): void {
  const end = page + count;
  unmap(k, space, page, count);
  const flags = new Set([...mapping.flags, ...space.futureLock]);
  if (flags.has('droppable')) unlocked(flags);
  if (flags.has('write') && !isFree(flags)) flags.add('account'); // accountable_mapping
  const offset = mapping.object ? mapping.offset : page;
  const vma: Vma = {
    start: page,
    end,
    flags,
    object: mapping.object,
    offset,
    anon: undefined,
    forked: false,
  };
  insertVma(space, vma);
  mergeWithNeighbours(space, vma);
  if (flags.has('locked') || mapping.populate || space.futureLock.length > 0)
    populate(k, space, page, end, true);
}

/** Memory that nothing is reserved for. */
function isFree(flags: ReadonlySet<Flag>): boolean {
  return flags.has('shared') || flags.has('droppable');
}

/** munmap: holes are skipped. */
export function unmap(k: NaiveKernel, space: Space, page: number, count: number): void {
  const end = page + count;
  splitAt(space, page);
  splitAt(space, end);
  const gone = overlapping(space, page, end);
  for (const vma of gone) {
    zap(k, space, vma, vma.start, vma.end);
    for (let vpn = vma.start; vpn < vma.end; vpn++) space.guards.delete(vpn);
  }
  space.vmas = space.vmas.filter((vma) => !gone.includes(vma));
  for (const { object } of gone) if (object) releaseIfDead(k, object);
  for (const vma of gone) freeTables(space, vma.start, vma.end);
}

/**
 * __mm_populate: faults in what is missing; private writable memory for writing. Where a page cannot be had, mmap goes
 * on with the next VMA (`ignoreErrors`) and mlock ends (false). No signal is sent.
 */
function populate(k: NaiveKernel, space: Space, start: number, end: number, ignoreErrors: boolean): boolean {
  for (const { start: vmaStart } of overlapping(space, start, end)) {
    const vma = findVma(space, vmaStart)!;
    if (!populateVma(k, space, vma, start, end) && !ignoreErrors) return false;
  }
  return true;
}

function populateVma(k: NaiveKernel, space: Space, vma: Vma, start: number, end: number): boolean {
  if (vma.flags.has('lockOnFault')) return true;
  const accessible = (['read', 'write', 'exec'] as const).some((flag) => vma.flags.has(flag));
  if (!accessible) return false;
  const write = vma.flags.has('write') && !vma.flags.has('shared');
  for (let vpn = Math.max(start, vma.start); vpn < Math.min(end, vma.end); vpn++) {
    if (!isMapped(space, vpn, write) && !fault(k, space, vma, vpn, write)) return false;
  }
  return true;
}

/** How mappings are locked: VM_LOCKED, and VM_LOCKONFAULT too. */
const LOCKS = { whole: ['locked'], onFault: ['locked', 'lockOnFault'] } as const satisfies Record<
  string,
  readonly Flag[]
>;

function unlocked(flags: Set<Flag>): void {
  for (const flag of LOCKS.onFault) flags.delete(flag);
}

function lockFlags(flags: Set<Flag>, onFault: boolean): void {
  unlocked(flags);
  if (!flags.has('droppable')) for (const flag of LOCKS[onFault ? 'onFault' : 'whole']) flags.add(flag);
}

/** mlock: marks and pins what is there, then populates. */
export function lock(k: NaiveKernel, space: Space, page: number, count: number, onFault: boolean): Returned {
  changeFlags(
    space,
    page,
    page + count,
    (flags) => lockFlags(flags, onFault),
    (part) => settlePages(k, space, part),
  );
  return populate(k, space, page, page + count, false) ? SUCCESS : { errno: 'ENOMEM', value: 0 };
}

/** munlock. */
export function unlock(k: NaiveKernel, space: Space, page: number, count: number): void {
  changeFlags(space, page, page + count, unlocked, (part) => settlePages(k, space, part));
}

/** mlockall of what there is, what will be, or both. */
export function lockAll(
  k: NaiveKernel,
  space: Space,
  { current, future, onFault }: { current: boolean; future: boolean; onFault: boolean },
): Returned {
  if (!current && !future) return { errno: 'EINVAL', value: 0 };
  space.futureLock = future ? LOCKS[onFault ? 'onFault' : 'whole'] : [];
  if (!current) return SUCCESS;
  const change = (flags: Set<Flag>): void => lockFlags(flags, onFault);
  changeFlags(space, 0, Number.POSITIVE_INFINITY, change, (part) => settlePages(k, space, part));
  populate(k, space, 0, Number.POSITIVE_INFINITY, true);
  return SUCCESS;
}

/** munlockall. */
export function unlockAll(k: NaiveKernel, space: Space): void {
  space.futureLock = [];
  changeFlags(space, 0, Number.POSITIVE_INFINITY, unlocked, (part) => settlePages(k, space, part));
}

/** Visits the pages that a part of a VMA maps, by address. */
function settlePages(k: NaiveKernel, space: Space, part: Vma): void {
  for (let vpn = part.start; vpn < part.end; vpn++) {
    const entry = space.entries.get(vpn);
    if (entry?.present) settle(k, entry.page);
  }
}

export type Protection = 'ro' | 'rw' | 'none';

/** mprotect of what may be protected so. Source: mprotect_fixup. */
export function protect(
  k: NaiveKernel,
  space: Space,
  page: number,
  count: number,
  protection: Protection,
): void {
  const change = (flags: Set<Flag>, vma: Vma): void => {
    flags.delete('read');
    flags.delete('write');
    if (protection !== 'none') flags.add('read');
    if (protection === 'rw') flags.add('write');
    // Private memory that can be written counts for good, or until nothing anonymous can be in it.
    if (protection === 'rw' && !isFree(flags)) flags.add('account');
    if (protection !== 'rw' && !vma.object && !vma.anon) flags.delete('account');
  };
  changeFlags(space, page, page + count, change, (part) => {
    for (let vpn = part.start; vpn < part.end; vpn++) {
      const entry = space.entries.get(vpn);
      if (entry?.present) entry.writable = protection === 'rw' && mayBeWritable(k, part, entry);
    }
  });
}

/** Shared shmem takes the VMA's rights; private memory only where no fault would copy (can_change_private_pte_writable). */
function mayBeWritable(k: NaiveKernel, vma: Vma, { page, dirty }: Entry): boolean {
  if (vma.flags.has('shared')) return !vma.object?.disk || dirty;
  return page.anon && k.references(page) === 1;
}

/** mremap in place: the VMA that ends at the range's end grows into a hole. */
export function grow(k: NaiveKernel, space: Space, end: number, pages: number): void {
  const vma = findVma(space, end - 1)!;
  vma.end = end + pages;
  const locked = vma.flags.has('locked');
  mergeWithNext(space, vma);
  if (locked) populate(k, space, end, end + pages, true);
}

/** mremap with MREMAP_FIXED, a call a VMA. The ranges do not overlap. */
export function move(k: NaiveKernel, space: Space, page: number, count: number, to: number): void {
  for (const { start, end } of overlapping(space, page, page + count)) {
    const first = Math.max(start, page);
    unmap(k, space, first - page + to, Math.min(end, page + count) - first);
  }
  splitAt(space, page);
  splitAt(space, page + count);
  // All are moved before any is merged: one that is still to be moved may be next to where another has come.
  const moves = overlapping(space, page, page + count).map((vma) => {
    const start = vma.start - page + to;
    moveEntries(space, vma, start);
    // Anonymous memory without pages of its own is filed by its new addresses (copy_vma).
    const offset = vma.object || vma.anon ? vma.offset : start;
    const moved: Vma = { ...vma, start, end: start + vma.end - vma.start, offset };
    space.vmas = space.vmas.filter((other) => other !== vma);
    insertVma(space, moved);
    return moved;
  });
  for (const moved of moves) if (space.vmas.includes(moved)) mergeWithNeighbours(space, moved);
  freeTables(space, page, page + count);
}

/** move_page_tables: where the old place has a page table the new one gets one too, even for no entry. */
function moveEntries(space: Space, vma: Vma, to: number): void {
  for (let vpn = vma.start; vpn < vma.end; vpn++) {
    const target = vpn - vma.start + to;
    if (hasTable(space, vpn)) needTable(space, target);
    if (space.guards.delete(vpn)) space.guards.add(target);
    const entry = space.entries.get(vpn);
    if (!entry) continue;
    space.entries.delete(vpn);
    setEntry(space, target, entry);
  }
}
