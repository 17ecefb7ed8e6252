import { afterAll, describe, expect, it } from 'vitest';
import { MACHINES, type MachineName } from '../testing/fuzz/machines.js';
import { fuzz } from '../testing/fuzz/report.js';
import { propertyRuns } from '../testing/property-runs.js';

/** What all machines together must have met to have tested anything. */
const MET = [
  'cow_breaks',
  'cow_reuse',
  'sigbus',
  'pgmajfault',
  'pgscan_direct',
  'pswpin',
  'pswpout',
  'pglazyfree',
  'pglazyfreed',
  'file_pages_in',
  'file_pages_out',
  'swap_ra',
  'swap_ra_hit',
  'oom_kills',
];
const EVENTS = propertyRuns(100_000);

describe('random events: the machine and the naive model agree after each', () => {
  let events = 0;
  const met: Record<string, number> = {};
  const names = Object.keys(MACHINES) as MachineName[];
  for (const machine of names) {
    it.each([
      { size: 30, runs: 60 },
      { size: 150, runs: 50 },
      { size: 1000, runs: 12 },
    ])(`${machine}, traces of $size`, async ({ size, runs }) => {
      const result = await fuzz({ machine, seed: size, runs: propertyRuns(runs), size });
      expect(result.failure).toBeUndefined();
      events += result.events;
      for (const [name, value] of Object.entries(result.counters)) met[name] = (met[name] ?? 0) + value;
    });
  }
  afterAll(() => {
    expect(events).toBeGreaterThan(EVENTS);
    for (const name of MET) expect(met[name], name).toBeGreaterThan(0);
  });
});
