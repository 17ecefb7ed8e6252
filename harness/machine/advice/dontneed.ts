import type { Errno } from '../../policy/discard/contract.js';
import { hugeFloor } from '../entries/hugetlb.js';
import { zapRange } from '../entries/page-walk.js';
import { freeTables } from '../mapping/mmap.js';
import { PMD_PAGES } from '../memory/folios.js';
import { LEAF_ENTRIES } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import { VM, type Vma } from '../state/vma.js';
import type { Call, StateAction } from './call.js';

function empty(m: State, vma: Vma, start: number, end: number, call: Call): Errno {
  call.shared = vma.has(VM.shared);
  if (vma.has(VM.hugetlb)) return emptyHuge(m, vma, start, end, call);
  if (vma.isAnonymous) m.purge.discarded(vma.space, start, end);
  const directories = m.settings.kernel < KERNELS['6.18'] ? hugeLeaves(m, vma, start, end) : undefined;
  const before = m.huge?.dropped ?? 0;
  const present = zapRange(m, vma, start, end);
  const dropped = (m.huge?.dropped ?? 0) - before;
  call.dropped += dropped;
  call.present += present - dropped * PMD_PAGES;
  if (directories) for (const first of directories) m.tables.release(vma.space.directory, first);
  else freeTables(m, vma.space, start, end, true);
  return 0;
}

/** First pages of what the page directory maps: its page tables go with it. Before Linux 6.14 all others stay (try_to_free_pte). */
function hugeLeaves(m: State, { space }: Vma, start: number, end: number): number[] {
  const { huge } = m;
  if (!huge) return [];
  const parts = [...space.directory.leavesIn(start, end)];
  const whole = parts.filter(({ leaf, from, to }) => to - from === LEAF_ENTRIES && huge.isPmd(leaf));
  return whole.map(({ from }) => from);
}

/**
 * Of a hugetlb mapping, whole pages only: what begins within one is refused, what ends within one is rounded down.
 * Source: madvise_dontneed_free_valid_vma in mm/madvise.c, since Linux 5.18.
 */
function emptyHuge(m: State, vma: Vma, start: number, end: number, call: Call): Errno {
  if (hugeFloor(start) !== start) return 'EINVAL';
  call.huge += zapRange(m, vma, start, hugeFloor(end));
  freeTables(m, vma.space, start, hugeFloor(end), true);
  return 0;
}

/**
 * MADV_DONTNEED: empties the entries. Private anonymous pages are gone, private copies of an object's pages too;
 * an object keeps its pages, and their use counts for reclaim. Source: madvise_dontneed_free in mm/madvise.c.
 */
export const dontneed: StateAction = (m, vma, start, end, call) =>
  refusesDontneed(vma) || empty(m, vma, start, end, call);

/** Why MADV_DONTNEED does nothing to a VMA. */
export function refusesDontneed(vma: Vma): Errno {
  return vma.has(VM.locked | VM.pfnMap) ? 'EINVAL' : 0;
}

/** MADV_DONTNEED_LOCKED: the same, on locked memory too. */
export const dontneedLocked: StateAction = (m, vma, start, end, call) =>
  vma.has(VM.pfnMap) ? 'EINVAL' : empty(m, vma, start, end, call);
