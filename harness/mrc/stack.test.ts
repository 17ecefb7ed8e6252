import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyRuns } from '../testing/property-runs.js';
import { hitsAndMisses } from '../testing/reference.js';

const misses = (policy: string, capacity: number, ids: readonly number[]) =>
  hitsAndMisses(policy, capacity, ids).replaceAll('h', '').length;

/** At every moment they hold a subset of what they would hold with more memory (Mattson et al. 1970). */
describe('more memory never costs a stack policy more misses', () => {
  const strings = fc.array(fc.nat(12), { minLength: 1, maxLength: 120, size: 'max' });
  for (const policy of ['lru', 'opt', 'unbounded']) {
    it(policy, () => {
      fc.assert(
        fc.property(strings, (ids) => {
          const counts = Array.from({ length: 13 }, (_, i) => misses(policy, i + 1, ids));
          expect(counts).toEqual(counts.toSorted((a, b) => b - a));
          expect(counts.at(-1)).toBe(new Set(ids).size);
        }),
        { numRuns: propertyRuns(60) },
      );
    });
  }
});

it('it does cost fifo more: 9 misses with 3 pages, 10 with 4 (Belady, Nelson and Shedler 1969)', () => {
  const anomaly = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
  expect([misses('fifo', 3, anomaly), misses('fifo', 4, anomaly)]).toEqual([9, 10]);
  expect([misses('lru', 3, anomaly), misses('lru', 4, anomaly)]).toEqual([10, 8]);
});
