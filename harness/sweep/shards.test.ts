import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PlanCell } from './plan-file.js';
import { runsOf, shareOut, simulate, worthwhileShards } from './shards.js';

const jobs = (...times: number[]) => times.map((ns) => ({ ns }));
const loads = (shared: readonly (readonly { ns: number }[])[]) =>
  shared.map((shard) => shard.reduce((sum, { ns }) => sum + ns, 0));

it('each job is in one shard, and the longest shard takes at most 4/3 of what any division must', () => {
  const times = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 40 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 12 }), (ns, shards) => {
      const all = jobs(...ns);
      const shared = shareOut(all, shards);
      expect(shared.flat().sort((a, b) => all.indexOf(a) - all.indexOf(b))).toEqual(all);
      const bound = Math.max(0, ...ns, ns.reduce((sum, one) => sum + one, 0) / shards);
      // Graham: (4/3 - 1/3m) of the best, which is at least this bound; two of the m + 1 longest share a shard in it.
      const sorted = ns.toSorted((a, b) => b - a);
      const best = Math.max(bound, (sorted[shards - 1] ?? 0) + (sorted[shards] ?? 0));
      expect(Math.max(...loads(shared))).toBeLessThanOrEqual(best * (4 / 3) + 1e-6);
    }),
  );
});

it('shares out the longest first', () => {
  expect(loads(shareOut(jobs(1, 2, 3, 4, 5, 6), 3))).toEqual([7, 7, 7]);
  expect(loads(shareOut(jobs(10, 1, 1), 2))).toEqual([10, 2]);
  expect(shareOut([], 2)).toEqual([[], []]);
});

it('a sweep is bounded by its longest cell, however many shards there are', () => {
  const sweep = jobs(...Array.from({ length: 10_000 }, (_, i) => 1e9 + (i % 100) * 1e8), 200e9);
  const total = sweep.reduce((sum, { ns }) => sum + ns, 0);
  const few = simulate(sweep, 100);
  expect(few.ns).toBeLessThan((total / 100) * 1.02);
  expect(few.busy).toBeGreaterThan(0.98);
  const many = simulate(sweep, 1000);
  expect(many.ns).toBe(200.6e9);
  expect(many.speedup).toBeCloseTo(total / 200e9, -1);
  expect(worthwhileShards(sweep)).toBeGreaterThan(200);
  expect(worthwhileShards(sweep)).toBeLessThan(500);
  expect(worthwhileShards([])).toBe(1);
});

it('cells that are run together are one run: the time of all, the memory of the largest', () => {
  const line = (cell: number, run: number, bytes: number) =>
    ({ id: '', run, estimate: { ns: 5, bytes }, cell: { cell } }) as PlanCell;
  expect(runsOf([line(1, 1, 7), line(2, 1, 9), line(3, 3, 1)])).toMatchObject([
    { ns: 10, bytes: 9, cells: [{ cell: { cell: 1 } }, { cell: { cell: 2 } }] },
    { ns: 5, bytes: 1 },
  ]);
});
