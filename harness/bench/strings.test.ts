import { describe, expect, it } from 'vitest';
import { benchString, STRING_NAMES, zipfRanks } from './strings.js';

describe('reference strings of the bench', () => {
  for (const name of STRING_NAMES) {
    it(`${name}: the same every time, dense, in order of first appearance`, () => {
      const { reference, capacity } = benchString(name, 5000);
      expect(benchString(name, 5000).reference.ids).toEqual(reference.ids);
      expect(capacity).toBeLessThan(reference.distinct);
      let known = 0;
      for (const id of reference.ids) {
        expect(id).toBeLessThanOrEqual(known);
        if (id === known) known++;
      }
      expect(known).toBe(reference.distinct);
    });
  }

  it('zipf draws rank 0 about twice as often as rank 1', () => {
    const draws = [0, 0.05, 0.2, 0.5, 0.9, 0.999];
    // Of 3 ranks with skew 1: 6/11, 3/11 and 2/11.
    const next = zipfRanks(3, 1, () => draws.shift()!);
    expect([next(), next(), next(), next(), next(), next()]).toEqual([0, 0, 0, 0, 2, 2]);
  });
});
