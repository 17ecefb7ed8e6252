import { freeIfUnreferenced, freeWholeTables, zap } from './entries.js';
import { punch } from './objects.js';
import { settle } from './reclaim.js';
import type { Flag, NaiveKernel, SharedObject, Space, Vma } from './state.js';
import { ZERO } from './state.js';
import { changeFlags, findVma, overlapping } from './vmas.js';

/** 0, or the name of the error. */
export type Errno = 0 | 'EACCES' | 'EBADF' | 'EINVAL' | 'ENOMEM' | 'EPERM';

/** What a call returned. */
export interface Returned {
  readonly errno: Errno;
  readonly value: number;
}

export const SUCCESS: Returned = { errno: 0, value: 0 };

type Action = (k: NaiveKernel, space: Space, vma: Vma, start: number, end: number) => Errno;

/** Changes flags that say how a program accesses its memory. */
function pattern(...wanted: Flag[]): Action {
  return (_k, space, _vma, start, end) => {
    changeFlags(space, start, end, (flags) => {
      flags.delete('random');
      flags.delete('sequential');
      for (const flag of wanted) flags.add(flag);
    });
    return 0;
  };
}

const dontneed: Action = (k, space, vma, start, end) => {
  if (vma.flags.has('locked')) return 'EINVAL';
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
    return;
  }
  if (k.entriesOf(page).length > 1) return;
  page.inSwap = false;
  page.dirty = false;
  entry.dirty = false;
  if (page.lazyfree) return; // lru_lazyfree: marked once, until it meets reclaim
  page.lazyfree = true;
  k.counters.pglazyfree++;
  settle(k, page);
  if (k.evictable.has(page)) k.chooser.demote(page);
}

const ACTIONS = {
  MADV_NORMAL: pattern(),
  MADV_RANDOM: pattern('random'),
  MADV_SEQUENTIAL: pattern('sequential'),
  MADV_DONTNEED: dontneed,
  MADV_REMOVE: remove,
  MADV_FREE: free,
} satisfies Record<string, Action>;

/** Advices that the model knows. */
export const ADVICES = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];

/** madvise_walk_vmas: VMA by VMA; the first error ends the call, holes make it ENOMEM at the end. */
export function madvise(
  k: NaiveKernel,
  space: Space,
  page: number,
  count: number,
  advice: keyof typeof ACTIONS,
): Returned {
  const end = page + count;
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
    const refused = ACTIONS[advice](k, space, vma, at, stop);
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
