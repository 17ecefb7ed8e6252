import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { run } from '../../testing/machine.js';
import { randomTrace } from '../../testing/random-trace.js';
import { timed } from '../../testing/traces.js';

describe('every reclaim policy drives the machine', () => {
  for (const { name, needsFuture, unbounded } of reclaimPolicies.all()) {
    if (needsFuture || unbounded) continue;

    it(`${name}: random traces under a limit that changes, invariants after every event`, async () => {
      let stolen = 0;
      const limit = fc.integer({ min: 2, max: 12 });
      await fc.assert(
        fc.asyncProperty(
          randomTrace('dontneed', 80, false),
          limit,
          limit,
          limit,
          async (steps, first, second, third) => {
            // No limit at first, as a policy may see it: then pages go until the limit is met.
            const events = steps.map(({ event }) => event);
            const at = Math.floor(events.length / 3);
            events.splice(2 * at, 0, `limit,,,${third},`);
            events.splice(at, 0, `limit,,,${first},`, `limit,,,${second},`);
            const result = await run(timed(events), { reclaim: name, swap: 'ssd', limit: 'trace' });
            expect(result.outcome).toBe('ok');
            expect(result.metrics.resident_pages_end).toBeLessThanOrEqual(third);
            stolen += Number(result.metrics.pgsteal_direct);
          },
        ),
        { numRuns: 40 },
      );
      expect(stolen).toBeGreaterThan(0);
    });
  }
});
