import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimate, holdsZero, scaled } from './estimate.js';
import { studentWithin } from './student.js';

describe("Student's t", () => {
  it.each([
    [1, 12.706204736174694, 63.656741162871526],
    [2, 4.302652729749462, 9.924843200918287],
    [3, 3.1824463052837078, 5.840909309733355],
    [4, 2.7764451051977934, 4.604094871349992],
    [5, 2.5705818356363146, 4.032142983555228],
    [10, 2.2281388519862744, 3.16927267261695],
    [30, 2.0422724563012378, 2.7499956535672254],
    [99, 1.9842169515864174, 2.626405457280827],
    [1000, 1.9623390808264083, 2.580754698065951],
  ])('has the quantiles of scipy.stats.t for %d degrees of freedom', (df, t95, t99) => {
    expect(studentWithin(0.95, df)).toBeCloseTo(t95, 9);
    expect(studentWithin(0.99, df)).toBeCloseTo(t99, 9);
  });
});

describe('an estimate', () => {
  it('is the mean, with t standard errors on both sides', () => {
    const { mean, low, high, n } = estimate([1, 2, 3, 4, 5]);
    // Standard error: sqrt(2.5 / 5) = 0.7071; times t = 2.7764.
    expect([mean, n]).toEqual([3, 5]);
    expect([low, high]).toEqual([expect.closeTo(1.0368, 4), expect.closeTo(4.9632, 4)]);
  });

  it('of one value has no interval, and is no tie', () => {
    expect(estimate([7])).toEqual({ mean: 7, low: undefined, high: undefined, n: 1 });
    expect(holdsZero(estimate([0]))).toBe(false);
  });

  it('of equal values is exact', () => {
    expect(estimate([2, 2, 2])).toEqual({ mean: 2, low: 2, high: 2, n: 3 });
    expect(holdsZero(estimate([0, 0]))).toBe(true);
  });

  it('holds 0 where values have both signs about it', () => {
    expect([holdsZero(estimate([-1, 1, -2, 2])), holdsZero(estimate([9, 10, 11]))]).toEqual([true, false]);
  });

  it('changes units with its ends, which swap where the sign does', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(values, fc.constantFrom(-1, 0.5, -3, 4), (all, factor) => {
        const { mean, low, high } = scaled(estimate(all), factor);
        const direct = estimate(all.map((value) => value * factor));
        expect([mean, low, high]).toEqual([
          expect.closeTo(direct.mean, 6),
          expect.closeTo(direct.low!, 6),
          expect.closeTo(direct.high!, 6),
        ]);
      }),
    );
  });
});
