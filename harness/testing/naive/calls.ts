import {
  freeIfUnreferenced,
  freeWholeTables,
  giveUpSlotWhereScarce,
  needTable,
  releasePage,
  zap,
} from './entries.js';
import { cachePage, fault, isMapped } from './faults.js';
import { type Action, type Errno, FLAG_ADVICE } from './flag-advice.js';
import { allocate, punch } from './objects.js';
import { bringIn, pageOut, settle, writeBack } from './reclaim.js';
import { type NaiveKernel, type Page, type SharedObject, type Space, ZERO } from './state.js';
import { findVma, overlapping, prepareAnon } from './vmas.js';

/** What a call returned: 0 or the name of the error, and the value. */
export interface Returned {
  readonly errno: Errno;
  readonly value: number;
}

export const SUCCESS: Returned = { errno: 0, value: 0 };

const dontneed: Action = (k, space, vma, start, end) =>
  vma.flags.has('locked') ? 'EINVAL' : dontneedLocked(k, space, vma, start, end);

const dontneedLocked: Action = (k, space, vma, start, end) => {
  zap(k, space, vma, start, end);
  freeWholeTables(space, start, end);
  return 0;
};

const remove: Action = (k, _space, vma, start, end) => {
  if (vma.flags.has('locked') || !vma.object) return 'EINVAL';
  if (!vma.flags.has('shared') || !vma.flags.has('mayWrite')) return 'EACCES';
  const index = vma.offset + start - vma.start;
  return punchHole(k, vma.object, index, end - start);
};

const free: Action = (k, space, vma, start, end) => {
  if (vma.flags.has('locked') || vma.object) return 'EINVAL';
  for (let vpn = start; vpn < end; vpn++) freePage(k, space, vpn);
  return 0;
};

/** madvise_free_pte_range: what others share is left alone. */
function freePage(k: NaiveKernel, space: Space, vpn: number): void {
  const entry = space.entries.get(vpn);
  if (!entry || entry.page === ZERO) return;
  const { page } = entry;
  if (!entry.present) {
    space.entries.delete(vpn);
    freeIfUnreferenced(k, page);
    giveUpSlotWhereScarce(k, page);
    return;
  }
  if (k.references(page) > 1) return;
  page.inSwap = false;
  page.dirty = false;
  entry.dirty = false;
  if (page.lazyfree) return; // lru_lazyfree: marked once, until it meets reclaim
  page.lazyfree = true;
  k.counters.pglazyfree++;
  settle(k, page);
  if (k.evictable.has(page)) k.chooser.demote(page);
}

/** Pages of a range that this VMA alone maps, by address (can_madv_lru_vma says where). */
function ownPages(k: NaiveKernel, space: Space, start: number, end: number): Page[] {
  const pages: Page[] = [];
  for (let vpn = start; vpn < end; vpn++) {
    const entry = space.entries.get(vpn);
    if (!entry?.present || entry.page === ZERO) continue;
    if (k.entriesOf(entry.page).filter((other) => other.entry.present).length === 1) pages.push(entry.page);
  }
  return pages;
}

const cold: Action = (k, space, vma, start, end) => {
  if (vma.flags.has('locked')) return 'EINVAL';
  for (const page of ownPages(k, space, start, end)) if (k.evictable.has(page)) k.chooser.demote(page);
  return 0;
};

const pageout: Action = (k, space, vma, start, end) => {
  if (vma.flags.has('locked')) return 'EINVAL';
  if (vma.flags.has('shared') && !vma.flags.has('mayWrite')) return 0;
  for (const page of ownPages(k, space, start, end)) pageOut(k, page);
  return 0;
};

/** Reads into the swap cache, without waiting: the object's pages, or those of anonymous memory. */
const willneed: Action = (k, space, vma, start, end) => {
  if (vma.object?.disk) return readAhead(k, vma.object, vma.offset + start - vma.start, end - start);
  for (let vpn = start; vpn < end; vpn++) {
    const page = vma.object
      ? vma.object.pages.get(vma.offset + vpn - vma.start)
      : space.entries.get(vpn)?.page;
    if (!page?.inSwap || page.inMemory) continue;
    bringIn(k, page);
    k.counters.pswpin++;
  }
  return 0;
};

/** Starts reading what a file has and the page cache has not. */
function readAhead(k: NaiveKernel, object: SharedObject, first: number, count: number): 0 {
  for (let index = first; index < Math.min(first + count, object.size); index++)
    if (!object.pages.has(index)) cachePage(k, undefined, object, index);
  return 0;
}

/** The range as a whole: ends at the first hole, unlike other advice. Source: madvise_populate. */
function populateRange(k: NaiveKernel, space: Space, start: number, end: number, write: boolean): Returned {
  for (let vpn = start; vpn < end; vpn++) {
    const vma = findVma(space, vpn);
    if (!vma) return { errno: 'ENOMEM', value: 0 };
    if (!vma.flags.has(write ? 'write' : 'read')) return { errno: 'EINVAL', value: 0 };
    if (!isMapped(space, vpn, write)) {
      if (!fault(k, space, vma, vpn, write)) return { errno: 'EFAULT', value: 0 };
    } else if (write) space.entries.get(vpn)!.page.dirty = true;
  }
  return SUCCESS;
}

/** What was there goes; of a shared mapping too, fork copies the guards, for which the VMA gets an anon_vma. */
const guardInstall: Action = (k, space, vma, start, end) => {
  if (vma.flags.has('locked')) return 'EINVAL';
  prepareAnon(space, vma);
  zap(k, space, vma, start, end);
  for (let vpn = start; vpn < end; vpn++) {
    needTable(space, vpn);
    space.guards.add(vpn);
  }
  return 0;
};

const guardRemove: Action = (_k, space, _vma, start, end) => {
  for (let vpn = start; vpn < end; vpn++) space.guards.delete(vpn);
  return 0;
};

const ACTIONS = {
  ...FLAG_ADVICE,
  MADV_DONTNEED: dontneed,
  MADV_DONTNEED_LOCKED: dontneedLocked,
  MADV_REMOVE: remove,
  MADV_FREE: free,
  MADV_COLD: cold,
  MADV_PAGEOUT: pageout,
  MADV_WILLNEED: willneed,
  MADV_GUARD_INSTALL: guardInstall,
  MADV_GUARD_REMOVE: guardRemove,
} satisfies Record<string, Action>;

type EachVma = keyof typeof ACTIONS;
export type Advice = EachVma | 'MADV_POPULATE_READ' | 'MADV_POPULATE_WRITE';

/** Advices that only change flags. */
export const FLAG_ADVICES = Object.keys(FLAG_ADVICE) as (keyof typeof FLAG_ADVICE)[];

/** Of guards. */
export const GUARD_ADVICES: readonly Advice[] = ['MADV_GUARD_INSTALL', 'MADV_GUARD_REMOVE'];

/** All others. */
export const ADVICES: readonly Advice[] = [
  ...(Object.keys(ACTIONS) as EachVma[]).filter(
    (advice) => !(advice in FLAG_ADVICE) && !GUARD_ADVICES.includes(advice),
  ),
  'MADV_POPULATE_READ',
  'MADV_POPULATE_WRITE',
];

/** madvise(2) on pages. */
export function madvise(k: NaiveKernel, space: Space, page: number, count: number, advice: Advice): Returned {
  const end = page + count;
  if (advice === 'MADV_POPULATE_READ' || advice === 'MADV_POPULATE_WRITE')
    return populateRange(k, space, page, end, advice === 'MADV_POPULATE_WRITE');
  return walkVmas(k, space, page, end, ACTIONS[advice]);
}

const REMOTE: readonly Advice[] = ['MADV_COLD', 'MADV_PAGEOUT', 'MADV_WILLNEED'];

/** process_madvise on pages of a space, by itself or by another. */
export function processMadvise(
  k: NaiveKernel,
  caller: Space,
  target: Space,
  { page, count }: { page: number; count: number },
  advice: Advice,
): Returned {
  if (caller !== target && !REMOTE.includes(advice)) return { errno: 'EINVAL', value: 0 };
  return madvise(k, target, page, count, advice);
}

/** posix_fadvise: of a file, whole pages are read ahead, or written and dropped where nothing maps them. */
export function fadvise(
  k: NaiveKernel,
  object: SharedObject,
  index: number,
  count: number,
  advice: string,
): Returned {
  if (!object.descriptor) return { errno: 'EBADF', value: 0 };
  if (!object.disk) return SUCCESS;
  if (advice === 'willneed') readAhead(k, object, index, count);
  if (advice === 'dontneed') dropCached(k, object, index, index + count);
  // RANDOM leaves the size of windows as it is.
  if (advice === 'normal') Object.assign(object.ahead, { random: false, twice: false });
  if (advice === 'sequential') Object.assign(object.ahead, { random: false, twice: true });
  if (advice === 'random') object.ahead.random = true;
  return SUCCESS;
}

/** What had to be written stays, and is next to go. */
function dropCached(k: NaiveKernel, object: SharedObject, start: number, end: number): void {
  const written = writeBack(k, object, start, end);
  for (const [index, page] of [...object.pages].sort(([a], [b]) => a - b)) {
    if (index < start || index >= end || k.entriesOf(page).length > 0) continue;
    if (!written.has(page)) {
      object.pages.delete(index);
      releasePage(k, page);
    } else if (k.evictable.has(page)) k.chooser.rotate(page);
  }
}

/** madvise_walk_vmas: VMA by VMA; the first error ends the call, holes make it ENOMEM at the end. */
function walkVmas(k: NaiveKernel, space: Space, page: number, end: number, act: Action): Returned {
  let errno: Errno = 0;
  let at = page;
  while (at < end) {
    const vma = findVma(space, at);
    if (!vma) {
      errno = 'ENOMEM';
      at = overlapping(space, at, end)[0]?.start ?? end;
      continue;
    }
    const stop = Math.min(end, vma.end);
    const refused = act(k, space, vma, at, stop);
    if (refused !== 0) return { errno: refused, value: 0 };
    at = stop;
  }
  return { errno, value: 0 };
}

function punchHole(k: NaiveKernel, object: SharedObject, index: number, count: number): Errno {
  if (object.sealed) return 'EPERM';
  punch(k, object, index, index + count);
  return 0;
}

/** fallocate with PUNCH_HOLE | KEEP_SIZE. */
export function fallocatePunch(k: NaiveKernel, object: SharedObject, index: number, count: number): Returned {
  if (!object.descriptor) return { errno: 'EBADF', value: 0 };
  if (count === 0) return { errno: 'EINVAL', value: 0 };
  return { errno: punchHole(k, object, index, count), value: 0 };
}

/** fallocate without flags, or with ZERO_RANGE, which shared memory does not know. */
export function fallocateBlocks(
  k: NaiveKernel,
  object: SharedObject,
  index: number,
  count: number,
  zero: boolean,
): Returned {
  if (!object.descriptor) return { errno: 'EBADF', value: 0 };
  if (zero && !object.disk) return { errno: 'EOPNOTSUPP', value: 0 };
  return { errno: allocate(k, object, index, count, zero), value: 0 };
}
