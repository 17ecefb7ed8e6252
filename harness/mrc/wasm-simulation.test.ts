import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { propertyRuns } from '../testing/property-runs.js';
import { wasmMisfit, wasmPolicies } from './backend.js';
import { simulate } from './simulate.js';
import { Simulation } from './simulation.js';
import { WasmSimulation } from './wasm-simulation.js';

/** Settings other than the defaults, for policies that have parameters. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  clock: ['clock:bits=2', 'clock:bits=8'],
  slru: ['slru:segments=1', 'slru:segments=2', 'slru:segments=11'],
  twoq: ['twoq:kin=0.5,kout=1', 'twoq:kin=0,kout=0.3', 'twoq:kin=1,kout=0'],
  lirs: ['lirs:hir=0.4', 'lirs:hir=1', 'lirs:variant=authors', 'lirs:variant=authors,hir=0.3'],
  s3fifo: ['s3fifo:threshold=1', 's3fifo:small=0.4,ghost=0.3,threshold=3', 's3fifo:small=1,ghost=0'],
};

/** Requests in the shapes that distinguish policies, as dense ids in order of first appearance. */
const piece = fc.oneof(
  fc.array(fc.nat(9), { maxLength: 60 }),
  fc.array(fc.nat(120), { maxLength: 120 }),
  fc
    .tuple(fc.nat(60), fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 3 }))
    .map(([first, length, rounds]) =>
      Array.from({ length: length * rounds }, (_, i) => first + (i % length)),
    ),
);
const requests = fc.array(piece, { minLength: 1, maxLength: 12, size: 'max' }).map((pieces) => {
  const dense = new Map<number, number>();
  return Int32Array.from(pieces.flat(), (page) => {
    if (!dense.has(page)) dense.set(page, dense.size);
    return dense.get(page)!;
  });
});

/** Runs both in parts, with no more room than the ids so far need; fails at the first part where they differ. */
function compare(spec: string, capacity: number, ids: Int32Array, part: number): void {
  const chosen = reclaimPolicies.choose(spec);
  const reference = new Simulation(chosen, capacity, 1);
  const wasm = new WasmSimulation(chosen, capacity);
  let distinct = 0;
  for (let at = 0; at < ids.length; at += part) {
    const some = ids.subarray(at, at + part);
    for (const id of some) distinct = Math.max(distinct, id + 1);
    reference.grow(distinct);
    wasm.grow(distinct);
    simulate(reference, some, some.length);
    wasm.run(some, some.length);
    if (wasm.misses !== reference.misses)
      expect.fail(
        `${spec} at ${capacity}, requests ${at} to ${at + some.length - 1}: ${wasm.misses} misses in WebAssembly, ${reference.misses} in JavaScript`,
      );
  }
  expect(wasm.requests).toBe(reference.requests);
}

describe('policies in WebAssembly miss when those in JavaScript do', () => {
  for (const name of wasmPolicies()) {
    for (const spec of [name, ...(VARIANTS[name] ?? [])]) {
      it(`${spec}: request by request`, () => {
        fc.assert(
          fc.property(requests, fc.integer({ min: 1, max: 60 }), (ids, capacity) =>
            compare(spec, capacity, ids, 1),
          ),
          { numRuns: propertyRuns(60) },
        );
      });

      it(`${spec}: in parts longer than a call takes`, () => {
        // A multiplicative walk: each page comes again after a varying time.
        const ids = new Int32Array(40_000);
        const dense = new Map<number, number>();
        for (let i = 0, state = 1; i < ids.length; i++) {
          state = (state * 48_271) % 2_147_483_647;
          const page = Math.floor(3000 * (state / 2_147_483_647) ** 2);
          if (!dense.has(page)) dense.set(page, dense.size);
          ids[i] = dense.get(page)!;
        }
        for (const capacity of [10, 301, 2000]) compare(spec, capacity, ids, 20_000);
      });
    }
  }
});

describe('policies in WebAssembly that order pages by stamps', () => {
  /** Of a range that moves and widens, so that pages become known all along and others are never used again. */
  function longString(requests: number): Int32Array {
    const ids = new Int32Array(requests);
    const dense = new Map<number, number>();
    for (let i = 0, state = 1; i < requests; i++) {
      state = (state * 48_271) % 2_147_483_647;
      const page = Math.floor(i / 500 + (400 + i / 200) * (state / 2_147_483_647) ** 2);
      if (!dense.has(page)) dense.set(page, dense.size);
      ids[i] = dense.get(page)!;
    }
    return ids;
  }
  // Many times as many as there are stamps: LEAST_STAMPS and STAMPS_AN_ID in harness/wasm/stamps.h.
  const ids = longString(600_000);

  it.each(['lru', 'arc', 'twoq', 's3fifo'])(
    '%s: with stamps that are numbered again, and more pages after that',
    (spec) => {
      for (const capacity of [1, 90, 700, 5000]) compare(spec, capacity, ids, 5000);
    },
  );
});

describe('memory of a module', () => {
  const lru = reclaimPolicies.choose('lru');

  it('cannot be had for more ids than 4 GiB hold', () => {
    expect(WasmSimulation.withRoom(lru, 10, 2 ** 31 - 1)).toBeUndefined();
  });

  it('is refused clearly in the middle of a string, and what was counted stays', () => {
    const simulation = new WasmSimulation(lru, 10);
    simulation.grow(2);
    simulation.run(Int32Array.of(0, 1, 0), 3);
    expect(() => simulation.grow(2 ** 31 - 1)).toThrow(
      'lru at 10 pages: 2147483647 distinct pages do not fit into the memory of a WebAssembly module (4 GiB at most), expected --backend js',
    );
    simulation.run(Int32Array.of(1, 0), 2);
    expect(simulation.misses).toBe(2);
  });
});

describe('which policies have a module', () => {
  it.each([
    ['mru', /^mru is not among fifo, lru,/],
    ['lfu:sample=5', 'lfu:sample=5 is for JavaScript only, WebAssembly has sample=0'],
    ['linux:swappiness=10', 'linux:swappiness=10 is for JavaScript only, WebAssembly has swappiness=60'],
  ])('not %s', (spec, why) => {
    expect(wasmMisfit(reclaimPolicies.choose(spec))).toMatch(why);
  });

  it('all that have one, with their defaults', () => {
    for (const name of wasmPolicies()) expect(wasmMisfit(reclaimPolicies.choose(name))).toBeUndefined();
  });
});
