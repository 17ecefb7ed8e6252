import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { randomStream } from '../stats/random.js';
import { MemoryReference, type ReferenceString } from './reference.js';
import { ReuseDistances } from './reuse.js';
import { Shards } from './shards.js';
import { type SweepOptions, sweep } from './sweep.js';

/** Dense ids in order of first appearance. */
function referenceOf(pages: readonly number[]): MemoryReference {
  const ids = new Map<number, number>();
  const dense = pages.map((page) => {
    if (!ids.has(page)) ids.set(page, ids.size);
    return ids.get(page)!;
  });
  return new MemoryReference('test', Int32Array.from(dense), ids.size);
}

/** Misses of exact LRU, the plain way: a list with the newest first. */
function naiveLru(ids: Int32Array, size: number): number {
  const list: number[] = [];
  let misses = 0;
  for (const id of ids) {
    const at = list.indexOf(id);
    if (at >= 0) list.splice(at, 1);
    else misses++;
    list.unshift(id);
    if (list.length > size) list.pop();
  }
  return misses;
}

const pagesOf = (most: number) => fc.array(fc.nat(most), { minLength: 1, maxLength: 300 });

/** Skewed ids: many of few, few of many. */
function skewed(requests: number, distinct: number): MemoryReference {
  const random = randomStream(7, 'test');
  return referenceOf(Array.from({ length: requests }, () => Math.floor(distinct * random() ** 3)));
}

function options(policies: readonly string[], sizes: readonly number[]): SweepOptions {
  return {
    policies: policies.map((policy) => reclaimPolicies.choose(policy)),
    sizes: () => sizes,
    relative: false,
    seed: 1,
  };
}

describe('reuse distances', () => {
  it('count the other pages since the last use', () => {
    // a b c a: two others since a; a again: none; b: c and a since.
    const distances = new ReuseDistances();
    distances.record(Int32Array.of(0, 1, 2, 0, 0, 1), 6, 3);
    // One hit from a size of 1 on, two more from 3 on; the three first uses miss at any size.
    expect([1, 2, 3, 9].map((size) => distances.misses(size))).toEqual([5, 5, 3, 3]);
  });

  it('give the misses of exact LRU at every size', () => {
    fc.assert(
      fc.property(pagesOf(40), (pages) => {
        const { ids, distinct } = referenceOf(pages);
        const distances = new ReuseDistances();
        distances.record(ids, ids.length, distinct);
        for (let size = 1; size <= distinct + 1; size++)
          expect(distances.misses(size)).toBe(naiveLru(ids, size));
      }),
    );
  });

  it('stay right when the window of positions is compacted, and grows', async () => {
    const reference = skewed(300_000, 60_000);
    const distances = new ReuseDistances();
    for await (const { ids, length, distinct } of reference.batches())
      distances.record(ids, length, distinct);
    const sizes = [1, 100, 5000, 50_000];
    const simulated = await sweep(reference, options(['lru'], sizes));
    expect(sizes.map((size) => distances.misses(size))).toEqual(simulated.map(({ misses }) => misses));
  });
});

describe('SHARDS', () => {
  it('at rate 1 has all requests in its parts', () => {
    const { ids, distinct } = skewed(20_000, 1000);
    const shards = new Shards(1);
    shards.record(ids, ids.length, distinct);
    expect(shards.estimate(distinct * 2).missRatio).toBeCloseTo(distinct / ids.length, 2);
  });

  it('estimates the exact miss ratio within a few of its own standard errors', () => {
    const { ids, distinct } = skewed(400_000, 100_000);
    const exact = new ReuseDistances();
    exact.record(ids, ids.length, distinct);
    const shards = new Shards(0.1);
    shards.record(ids, ids.length, distinct);
    for (const size of [1000, 5000, 20_000, 60_000]) {
      const { missRatio, error } = shards.estimate(size);
      const truth = exact.misses(size) / ids.length;
      expect(error).toBeLessThan(0.02);
      expect(Math.abs(missRatio - truth)).toBeLessThan(Math.max(4 * error, 0.005));
    }
  });
});

describe('a sweep', () => {
  it('counts the misses of each policy as alone, and reads the same from the curve as from simulations', async () => {
    const reference = skewed(30_000, 3000);
    const sizes = [1, 10, 2999, 3000, ...Array.from({ length: 16 }, (_, i) => 100 + 170 * i)];
    const together = await sweep(reference, options(['lru', 'fifo', 'linux'], sizes));
    for (const { policy, size, requests, misses, backend } of together) {
      expect(backend).toBe(policy.text === 'lru' ? 'js' : 'wasm');
      const alone = await sweep(reference, options([policy.text], [size]));
      expect(alone[0]).toMatchObject({ size, requests: 30_000, misses });
      expect(requests).toBe(30_000);
    }
  });

  it.each(['linux', 'mglru'])('refuses %s where it takes no anonymous page', async (name) => {
    await expect(sweep(skewed(99, 20), options([`${name}:swappiness=0`], [4]))).rejects.toThrow(
      `reclaim policy ${name}:swappiness=0 evicts no page of a reference string, whose pages are all anonymous; expected a swappiness above 0`,
    );
  });

  it('refuses to read a stream twice', async () => {
    const stream: ReferenceString = {
      name: '(stdin)',
      rereadable: false,
      batches: () => skewed(9, 9).batches(),
    };
    await expect(sweep(stream, { ...options(['lru'], [1]), relative: true })).rejects.toThrow(
      'sizes in % are of the distinct pages, and (stdin) can be read only once, expected a file or sizes in pages',
    );
    expect(await sweep(stream, options(['lru'], [4]))).toHaveLength(1);
  });

  it('reads what is too large to keep a second time, in constant memory', async () => {
    const inner = skewed(1000, 100);
    let passes = 0;
    const reference: ReferenceString = {
      name: 'file',
      rereadable: true,
      batches() {
        passes++;
        return inner.batches();
      },
    };
    const [result] = await sweep(reference, {
      ...options(['lru'], []),
      relative: true,
      sizes: (distinct) => [Math.floor(distinct / 2)],
    });
    expect(result?.size).toBe(Math.floor(inner.distinct / 2));
    expect(passes).toBe(1);
  });
});

describe('many cells over a long string', () => {
  it('miss as often as each by itself, though they take larger parts', async () => {
    const length = 2 ** 20 + 70_000;
    // Each page once in order, then in strides that meet all of them.
    const ids = Int32Array.from({ length }, (_, i) => (i < 30_000 ? i : (i * 7919) % 30_000));
    const reference = new MemoryReference('long', ids, 30_000);
    const sizes = [10, 100, 1000, 2000, 5000, 10_000, 20_000, 29_000];
    const missesOf = async (some: readonly number[], policies: readonly string[]) =>
      (await sweep(reference, options(policies, some))).map(({ requests, misses }) => [requests, misses]);
    const together = await missesOf(sizes, ['sieve']);
    const separately = await Promise.all(sizes.map((size) => missesOf([size], ['sieve'])));
    expect(together).toEqual(separately.flat());
    expect(together[0]![0]).toBe(length);
  });
});
