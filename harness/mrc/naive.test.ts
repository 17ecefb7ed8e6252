import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { randomStream } from '../stats/random.js';
import { naivePolicies } from '../testing/naive-policies.js';
import { propertyRuns } from '../testing/property-runs.js';
import { simulate } from './simulate.js';
import { Simulation } from './simulation.js';

/** Settings other than the defaults, for policies that have parameters. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  clock: ['clock:bits=2', 'clock:bits=3'],
  slru: ['slru:segments=1', 'slru:segments=2', 'slru:segments=7'],
  twoq: ['twoq:kin=0.5,kout=1', 'twoq:kin=0,kout=2', 'twoq:kin=1,kout=0'],
  lirs: [
    'lirs:hir=0.1',
    'lirs:hir=0.4',
    'lirs:hir=1',
    'lirs:variant=authors',
    'lirs:variant=authors,hir=0.3',
  ],
  s3fifo: ['s3fifo:threshold=1', 's3fifo:small=0.4,ghost=0.3,threshold=3', 's3fifo:small=1,ghost=0'],
};

/** Runs a policy and its plainest form side by side; fails at the first request where they differ. */
function compare(spec: string, capacity: number, ids: readonly number[]): void {
  const chosen = reclaimPolicies.choose(spec);
  const sim = new Simulation(chosen, capacity, 1);
  sim.grow(Math.max(0, ...ids) + 1);
  const access = naivePolicies[chosen.info.name]?.(capacity, chosen.values as Record<string, number>);
  ids.forEach((id, i) => {
    const before = sim.misses;
    simulate(sim, Int32Array.of(id), 1);
    const hit = sim.misses === before;
    if (hit !== access?.(id)) expect.fail(`${spec} at ${capacity}: request ${i} of page ${id}, hit: ${hit}`);
    if (sim.cached > capacity) expect.fail(`${spec} at ${capacity}: ${sim.cached} pages`);
  });
  expect(sim.resident.reduce((sum, one) => sum + one, 0)).toBe(sim.cached);
}

/** Requests in the shapes that distinguish policies: repeats of few pages, loops, scans. */
const piece = fc.oneof(
  fc.array(fc.nat(5), { maxLength: 30 }),
  fc.array(fc.nat(60), { maxLength: 60 }),
  fc
    .tuple(fc.nat(30), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 3 }))
    .map(([first, length, rounds]) =>
      Array.from({ length: length * rounds }, (_, i) => first + (i % length)),
    ),
);
const requests = fc.array(piece, { minLength: 1, maxLength: 12, size: 'max' }).map((pieces) => pieces.flat());

/** Pages drawn so that a few are used often: the cube of a uniform draw. */
function skewed(seed: number, length: number, pages: number): number[] {
  const random = randomStream(seed, 'test');
  return Array.from({ length }, () => Math.floor(pages * random() ** 3));
}

describe('policies agree with their plainest form, request by request', () => {
  for (const name of Object.keys(naivePolicies)) {
    for (const spec of [name, ...(VARIANTS[name] ?? [])]) {
      it(`${spec}: capacities 1 to 40`, () => {
        const anyCapacity = fc.integer({ min: 1, max: 40 });
        fc.assert(
          fc.property(requests, anyCapacity, (ids, capacity) => compare(spec, capacity, ids)),
          { numRuns: propertyRuns(120) },
        );
      });

      it(`${spec}: larger capacities`, () => {
        for (const [seed, capacity] of [
          [1, 50],
          [2, 101],
          [3, 203],
          [4, 399],
        ] as const) {
          compare(spec, capacity, skewed(seed, 3000, 800));
        }
      });
    }
  }
});
