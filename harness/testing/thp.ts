import { checkMachine } from '../machine/check.js';
import type { Machine } from '../machine/machine.js';
import type { Space } from '../machine/state/space.js';
import { OP } from '../trace/op.js';
import { run } from './machine.js';
import { spaceOf, type ThpScenario, timedScenario } from './thp-scenarios.js';
import { traceOf } from './traces.js';

/** Counters of /proc/vmstat that huge pages move, by their names there. */
export const COUNTERS = [
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
function thpReading(m: Machine, space: Space): ThpReading {
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

/**
 * The readings of a test on the simulated machine by the names of its marks; several of the same name are in their order.
 *
 * @param checked after what the machine's invariants are checked
 */
export async function simulatedReadings(
  { events, swap, merge }: ThpScenario,
  checked: 'events' | 'marks',
): Promise<Map<string, ThpReading[]>> {
  const { text, steps } = timedScenario(events);
  const readings = new Map<string, ThpReading[]>(steps.map((step) => [step, []]));
  let next = 0;
  await run(traceOf(text), {
    swap,
    merge,
    check: checked === 'events',
    limit: 'trace',
    completed: (m, _, block, row) => {
      if (block.op[row] !== OP.mark) return;
      if (checked === 'marks') checkMachine(m);
      const step = steps[next++]!;
      readings.get(step)!.push(thpReading(m, m.spaces.get(spaceOf(step))!));
    },
  });
  return readings;
}
