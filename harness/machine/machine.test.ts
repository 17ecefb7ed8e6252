import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { run } from '../testing/machine.js';
import { randomTrace, type Step } from '../testing/random-trace.js';
import { timed } from '../testing/traces.js';
import type { Machine, SwapKind } from './machine.js';
import { contentAt } from './mapping/access.js';

/** Compares every mapped page of every space with what the naive model says it holds. */
function compare(m: Machine, step: Step): void {
  expect([...m.spaces.keys()].sort()).toEqual([...step.expected.keys()].sort());
  for (const [id, pages] of step.expected) {
    const space = m.space(id);
    for (const [page, content] of pages) {
      expect(space && contentAt(m, space, page), `page ${page} of space ${id} after ${step.event}`).toBe(
        content,
      );
    }
  }
}

async function replaySteps(
  steps: readonly Step[],
  options: { discard: string; reclaim: string; swap: SwapKind; limit: number | 'none' },
) {
  let last = -1;
  const result = await run(timed(steps.map((step) => step.event)), {
    ...options,
    observe: (m) => {
      if (last >= 0) compare(m, steps[last] as Step);
      last++;
    },
  });
  return result;
}

/** Random traces a machine; RECLAIM_TEST_RUNS asks for more. */
const RUNS = Number(process.env.RECLAIM_TEST_RUNS ?? 100);

/** What random traces must have met, over all runs of a machine, to have tested anything. */
const MET = ['pgfault', 'cow_breaks', 'cow_reuse', 'discard_calls'];
const MET_UNDER_LIMIT = ['pgfault', 'cow_breaks', 'discard_calls', 'pgmajfault', 'pswpout', 'pgsteal_direct'];

describe('random traces under policies known from reference strings', () => {
  for (const name of ['clock', 'slru', 'twoq', 'arc', 'car', 'lirs', 'lfu', 's3fifo', 'sieve']) {
    it(name, async () => {
      const machine = { discard: 'dontneed', reclaim: name, swap: 'ssd', limit: 5 } as const;
      await fc.assert(
        fc.asyncProperty(randomTrace('dontneed', 120, false), async (steps) => {
          const { outcome, metrics } = await replaySteps(steps, machine);
          expect(outcome).toBe('ok');
          expect(metrics.resident_pages_peak).toBeLessThanOrEqual(machine.limit);
        }),
        { numRuns: Math.ceil(RUNS / 10) },
      );
    });
  }
});

describe('random traces: contents as the naive model has them, invariants after every event', () => {
  const machines = [
    { reclaim: 'linux', swap: 'ssd', limit: 'none' },
    { reclaim: 'linux', swap: 'ssd', limit: 9 },
    { reclaim: 'lru', swap: 'ssd', limit: 5 },
    { reclaim: 'fifo', swap: 'ssd', limit: 2 },
    { reclaim: 'linux', swap: 'none', limit: 'none' },
  ] as const;
  for (const discard of ['dontneed', 'remove'] as const) {
    for (const machine of machines) {
      it(`${discard}, ${machine.reclaim}, swap ${machine.swap}, limit ${machine.limit}`, async () => {
        const met = new Map<string, number>();
        await fc.assert(
          fc.asyncProperty(randomTrace(discard, 120, machine.limit === 'none'), async (steps) => {
            const result = await replaySteps(steps, { discard, ...machine });
            expect(result.outcome).toBe('ok');
            if (machine.limit !== 'none')
              expect(result.metrics.resident_pages_peak).toBeLessThanOrEqual(machine.limit);
            for (const [name, value] of Object.entries(result.metrics))
              met.set(name, (met.get(name) ?? 0) + Number(value));
          }),
          { numRuns: RUNS },
        );
        for (const name of machine.limit === 'none' ? MET : MET_UNDER_LIMIT)
          expect(met.get(name), name).toBeGreaterThan(0);
      });
    }
  }
});
