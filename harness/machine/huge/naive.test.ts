import { afterAll, describe, expect, it } from 'vitest';
import { HUGE_MACHINES, type HugeMachineName } from '../../testing/fuzz/machines.js';
import { fuzz } from '../../testing/fuzz/report.js';
import { propertyRuns } from '../../testing/property-runs.js';

/** What all machines together must have met to have tested anything. */
const MET = [
  'thp_fault_alloc',
  'thp_fault_fallback_charge',
  'thp_collapse_alloc',
  'thp_split_page',
  'thp_split_pmd',
  'thp_deferred_split_page',
  'thp_zero_page_alloc',
  'thp_swpout',
  'pglazyfreed',
  'cow_breaks',
  'pswpin',
];

describe('random events where memory may be huge: the machine and the naive model agree after each', () => {
  const met: Record<string, number> = {};
  const names = Object.keys(HUGE_MACHINES) as HugeMachineName[];
  names.forEach((machine, seed) => {
    it(machine, async () => {
      const result = await fuzz({ machine, seed, runs: propertyRuns(20), size: 150 });
      expect(result.failure).toBeUndefined();
      for (const [name, value] of Object.entries(result.counters)) met[name] = (met[name] ?? 0) + value;
    });
  });
  afterAll(() => {
    for (const name of MET) expect(met[name], name).toBeGreaterThan(0);
  });
});
