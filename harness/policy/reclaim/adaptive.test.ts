import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../mrc/simulate.js';
import { Simulation } from '../../mrc/simulation.js';
import { randomStream } from '../../stats/random.js';
import { naiveAdaptive } from '../../testing/naive-adaptive.js';
import { naiveDrawn } from '../../testing/naive-drawn.js';
import { propertyRuns } from '../../testing/property-runs.js';
import { hitsAndMisses, nextUses } from '../../testing/reference.js';
import { reclaimPolicies } from './registry.js';
import { CountMinSketch } from './structures/count-min-sketch.js';
import { FrequencyLists } from './structures/frequency-lists.js';

describe('worked by hand', () => {
  it('opt: 2 goes for 3, as 1 is used before it', () => {
    expect(hitsAndMisses('opt', 2, [1, 2, 3, 1, 2])).toBe('mmmhm');
  });

  it('opt: nine faults on the string of the textbooks', () => {
    const ids = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    expect(hitsAndMisses('opt', 3, ids).replaceAll('h', '')).toHaveLength(9);
  });

  it('unbounded: room for all in a cache of one page', () => {
    expect(hitsAndMisses('unbounded', 1, [1, 2, 3, 1, 2, 3])).toBe('mmmhhh');
  });

  it('wtinylfu: what comes once is turned away, what comes twice is admitted', () => {
    // Window 1, probation 1, protected 2. After 1 to 4: window 4, probation 1, protected 3 2. Counts: 1, 2, 3 have 2
    // (they came and left the window), 4 has 1. The use of 1 moves it to protected and 2 to probation.
    // 5 comes: candidate 4 (1) against 2 (2): 4 goes, and has 2 for having left the window. 4 comes again (3):
    // candidate 5 (1) against 2: 5 goes. 6 comes: candidate 4 (3) against 2 (2): 2 goes.
    expect(hitsAndMisses('wtinylfu', 4, [1, 2, 3, 4, 1, 5, 4, 6, 4, 2])).toBe('mmmmhmmmhm');
  });

  it('wtinylfu: a single page works, without a main part', () => {
    expect(hitsAndMisses('wtinylfu', 1, [1, 1, 2, 2, 1])).toBe('mhmhm');
  });

  it('clock-pro: a page used in its test turns hot, a ghost that returns does too', () => {
    // One page should be cold. 1, 2, 3 come in cold; 1 is used. For 4, the hand finds 1 used: hot, cold target 2; 2 goes
    // and is a ghost. 2 returns: cold target 3, 3 goes, 2 is hot; no hot page is wanted, so the hand for hot pages ends
    // the test of the ghost 3 (target 2), cools 1, and ends the test of 4 (target 1). 5 comes: 4 goes, older in the queue
    // than 1.
    expect(hitsAndMisses('clock-pro', 3, [1, 2, 3, 1, 4, 2, 5, 1, 2, 4])).toBe('mmmhmmmhhm');
  });

  it('lecar: where both experts agree nothing is drawn', () => {
    // 2 is the oldest and the least used; then 3 is.
    for (const seed of [1, 2, 3])
      expect(hitsAndMisses('lecar', 2, [1, 2, 1, 3, 1, 4, 1], seed)).toBe('mmhmhmh');
  });

  it('cacheus: of pages used equally often in a loop some stay', () => {
    const loop = Array.from({ length: 60 }, (_, i) => i % 6);
    expect(hitsAndMisses('lru', 5, loop)).toBe('m'.repeat(60));
    expect(hitsAndMisses('cacheus', 5, loop).replaceAll('m', '').length).toBeGreaterThan(20);
  });
});

describe('policies agree with their plainest form, request by request', () => {
  const piece = fc.oneof(
    fc.array(fc.nat(5), { maxLength: 30 }),
    fc.array(fc.nat(60), { maxLength: 60 }),
    fc
      .tuple(fc.nat(30), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 3 }))
      .map(([first, length, rounds]) =>
        Array.from({ length: length * rounds }, (_, i) => first + (i % length)),
      ),
  );
  const requests = fc
    .array(piece, { minLength: 1, maxLength: 12, size: 'max' })
    .map((pieces) => pieces.flat());
  /** Now and then the contents of a page go, resident or not. */
  const removals = fc.array(fc.nat(60), { maxLength: 10 });

  for (const [spec, make] of Object.entries({ ...naiveAdaptive, ...naiveDrawn })) {
    it(spec, () => {
      fc.assert(
        fc.property(requests, fc.integer({ min: 1, max: 40 }), removals, (ids, capacity, gone) => {
          const naive = make(capacity, ids);
          const sim = new Simulation(reclaimPolicies.choose(spec), capacity, 1);
          sim.grow(81);
          const next = nextUses(ids);
          ids.forEach((id, i) => {
            const before = sim.misses;
            simulate(sim, Int32Array.of(id), 1, sim.nextUse && next.subarray(i));
            if ((sim.misses === before) !== naive.access(id))
              expect.fail(`request ${i} of page ${id} differs`);
            const lost = i % 7 === 6 ? gone[Math.floor(i / 7)] : undefined;
            if (lost === undefined) return;
            sim.policy.remove(lost);
            sim.cached -= sim.resident[lost]!;
            sim.resident[lost] = 0;
            naive.remove(lost);
          });
        }),
        { numRuns: propertyRuns(150) },
      );
    });
  }
});

describe('policies that learn from draws agree with their plainest form once they have learned', () => {
  for (const [spec, make] of Object.entries(naiveDrawn)) {
    it(spec, () => {
      const random = randomStream(5, 'test');
      const ids = Array.from({ length: 4000 }, (_, i) =>
        i % 3 === 0 ? 100 + (i % 150) : Math.floor(100 * random() ** 3),
      );
      const naive = make(60);
      const hits = ids.map((id) => (naive.access(id) ? 'h' : 'm')).join('');
      expect(hitsAndMisses(spec, 60, ids)).toBe(hits);
    });
  }
});

describe('what a policy is for', () => {
  const random = randomStream(6, 'test');
  const skewed = () => Math.floor(2000 * random() ** 4);
  /** Skewed uses, and in every fourth request a scan of pages that come once. */
  const scanned = Array.from({ length: 60_000 }, (_, i) => (i % 4 === 0 ? 2000 + i / 4 : skewed()));
  const loop = Array.from({ length: 3000 }, (_, i) => i % 150);
  const misses = (policy: string, ids: readonly number[]) =>
    hitsAndMisses(policy, 100, ids).replaceAll('h', '').length;

  it('lhd and sampled LFU are better than LRU and than chance where a scan runs through', () => {
    const others = Math.min(misses('lru', scanned), misses('random', scanned));
    for (const policy of ['lhd', 'lfu:sample=16'])
      expect(misses(policy, scanned), policy).toBeLessThan(others);
  });

  it('mru and lhd keep a part of a loop that does not fit, which LRU never does', () => {
    expect(misses('lru', loop)).toBe(3000);
    // After the first round, 50 of the 150 pages are not in memory when their turn comes.
    expect(misses('mru', loop)).toBe(150 + 19 * 50);
    expect(misses('lhd', loop)).toBeLessThan(2000);
  });
});

describe('opt is a bound', () => {
  it('no other policy misses less', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20), { minLength: 1, maxLength: 200, size: 'max' }),
        fc.integer({ min: 1, max: 21 }),
        (ids, capacity) => {
          const misses = (name: string) => hitsAndMisses(name, capacity, ids).replaceAll('h', '').length;
          const best = misses('opt');
          for (const { name, unbounded } of reclaimPolicies.all()) {
            if (!unbounded) expect(misses(name), name).toBeGreaterThanOrEqual(best);
          }
          expect(misses('unbounded')).toBe(new Set(ids).size);
        },
      ),
      { numRuns: propertyRuns(50) },
    );
  });
});

describe('the count-min sketch', () => {
  it('never counts too little, stops at 15, and halves', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { maxLength: 2000, size: 'max' }), (ids) => {
        const sketch = new CountMinSketch();
        const counts = new Map<number, number>();
        ids.forEach((id, i) => {
          sketch.add(id);
          counts.set(id, (counts.get(id) ?? 0) + 1);
          if (i === 700) sketch.fit(300);
        });
        for (const [id, count] of counts) {
          expect(sketch.estimate(id)).toBeGreaterThanOrEqual(Math.min(count, 15));
        }
        const before = sketch.estimate(5);
        sketch.halve();
        expect(sketch.estimate(5)).toBe(Math.floor(before / 2));
      }),
      { numRuns: propertyRuns(50) },
    );
  });

  it('is exact for most pages when it is as large as they are many', () => {
    const sketch = new CountMinSketch();
    sketch.fit(1000);
    const uses = (id: number) => id % 5;
    for (let id = 0; id < 1000; id++) for (let i = 0; i < uses(id); i++) sketch.add(id);
    const wrong = Array.from({ length: 1000 }, (_, id) => id).filter(
      (id) => sketch.estimate(id) !== uses(id),
    );
    expect(wrong.length).toBeLessThan(10);
  });
});

describe('pages by frequency', () => {
  it('find the least used as a search through all of them does', () => {
    // Counts that are up to two words of the summary from each other, and beyond the largest that has a list of its own.
    const count = fc.oneof(
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(31, 32, 1023, 1024, 65_534, 70_000),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), count), { maxLength: 100 }), (steps) => {
        const lists = new FrequencyLists(4);
        lists.grow(10);
        const naive = new Map<number, number>();
        for (const [id, to] of steps) {
          if (naive.delete(id)) lists.take(id);
          else {
            lists.add(id, to);
            naive.set(id, Math.min(to, 65_535));
          }
          const least = Math.min(...naive.values());
          const ids = [...naive].filter(([, own]) => own === least).map(([own]) => own);
          expect(lists.smallest()).toBe(naive.size === 0 ? -1 : least);
          expect([lists.first(), lists.last()]).toEqual([ids[0] ?? -1, ids.at(-1) ?? -1]);
        }
      }),
    );
  });
});
