import type { Machine } from '../machine/machine.js';
import type { Space } from '../machine/state/space.js';

/** Counters of /proc/vmstat that huge pages move, by their names there. */
const COUNTERS = [
  'thp_fault_alloc',
  'thp_collapse_alloc',
  'thp_split_page',
  'thp_deferred_split_page',
  'thp_split_pmd',
  'thp_swpout',
  'thp_file_alloc',
  'pswpin',
  'pswpout',
  'pglazyfree',
  'pglazyfreed',
  'cow_ksm',
] as const;

/** What the probe printed at a step: sizes in KiB, counts since the test began. */
export type ThpReading = Readonly<Record<string, number>>;

/** Reads what the probe `thp.c` read: /proc/self/smaps of a process, its cgroup, /proc/vmstat. */
export function thpReading(m: Machine, space: Space): ThpReading {
  const counters = m.counters as unknown as Readonly<Record<string, number>>;
  return {
    rss_kib: space.rss * 4,
    memcg_user_kib: m.frames.inUse * 4,
    lazyfree_kib: m.pages.lazyfreeCount * 4,
    swap_kib: (m.swap.inUse - m.frames.inSwapCache) * 4,
    faults: space.pgfault,
    anonhuge_kib: (m.huge?.pmds.mappedBy(space).anon ?? 0) * 4,
    shmempmd_kib: (m.huge?.pmds.mappedBy(space).shmem ?? 0) * 4,
    ...Object.fromEntries(COUNTERS.map((name) => [name, counters[name] ?? 0])),
  };
}
