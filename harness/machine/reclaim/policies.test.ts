import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { choices, eventsOf, type FuzzedMachine, runBoth } from '../../testing/fuzz/lockstep.js';
import { propertyRuns } from '../../testing/property-runs.js';

/** Those that keep no limit, and those that take two replays: harness/replay/future.test.ts has them. */
const ELSEWHERE = new Set(
  reclaimPolicies
    .all()
    .filter(({ needsFuture, unbounded }) => needsFuture || unbounded)
    .map(({ name }) => name),
);

describe('every reclaim policy drives the machine: random events, a limit that changes, contents as they must be', () => {
  for (const { name } of reclaimPolicies.all()) {
    if (ELSEWHERE.has(name)) continue;
    it(name, async () => {
      const machine: FuzzedMachine = { reclaim: name, swap: 'ssd', limit: 'trace', without: [] };
      const counts = { events: 0, counters: {} as Record<string, number> };
      await fc.assert(
        fc.asyncProperty(choices(120), (chosen) => runBoth(machine, eventsOf(machine, chosen), counts)),
        { numRuns: propertyRuns(40), seed: 1 },
      );
      expect(counts.counters.pgscan_direct).toBeGreaterThan(0);
    });
  }
});
