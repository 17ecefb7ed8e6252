import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXACT_VALUES, mannWhitney, normalP } from './mann-whitney.js';
import { randomStream } from './random.js';

/** A pair of samples without ties whose U is the given one: each step of 1 moves a value of `a` over one of `b`. */
function samplesWithU(m: number, n: number, u: number): [number[], number[]] {
  const b = Array.from({ length: n }, (_, i) => i + 1);
  const whole = Math.floor(u / n);
  const a = Array.from({ length: m }, (_, i) => {
    const over = i < whole ? n : i === whole ? u % n : 0;
    return over + 0.5 + i / (4 * m);
  });
  return [a, b];
}

/** All choices of `size` of `values`. */
function choices<T>(values: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return values.flatMap((value, i) => choices(values.slice(i + 1), size - 1).map((rest) => [value, ...rest]));
}

function countU(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x) => sum + b.reduce((of, y) => of + (x > y ? 1 : x === y ? 0.5 : 0), 0), 0);
}

/** The p-value by its definition: every way to call values of both samples the first one. */
function enumeratedP(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const middle = (a.length * b.length) / 2;
  const far = Math.abs(countU(a, b) - middle);
  const indices = all.map((_, i) => i);
  const splits = choices(indices, a.length);
  const asFar = splits.filter((chosen) => {
    const first = chosen.map((i) => all[i]!);
    const second = indices.filter((i) => !chosen.includes(i)).map((i) => all[i]!);
    return Math.abs(countU(first, second) - middle) >= far;
  });
  return asFar.length / splits.length;
}

describe('Mann-Whitney U', () => {
  // Critical values for p <= 0.05, two-sided: Milton 1964, "An extended table of critical values for the Mann-Whitney
  // (Wilcoxon) two-sample statistic", as printed in most textbooks.
  const critical = [
    [4, 4, 0],
    [5, 5, 2],
    [6, 6, 5],
    [7, 7, 8],
    [8, 8, 13],
    [9, 9, 17],
    [10, 10, 23],
    [15, 15, 64],
    [20, 20, 127],
    [5, 8, 6],
    [10, 15, 39],
  ] as const;
  for (const [m, n, u] of critical) {
    it(`has the critical value ${u} for samples of ${m} and ${n}`, () => {
      const at = mannWhitney(...samplesWithU(m, n, u));
      expect([at.u, at.exact]).toEqual([u, true]);
      expect(at.p).toBeLessThanOrEqual(0.05);
      expect(mannWhitney(...samplesWithU(m, n, u + 1)).p).toBeGreaterThan(0.05);
    });
  }

  it('has the probabilities of Mann and Whitney 1947, table I (one-sided there)', () => {
    const oneSided = (m: number, n: number, u: number) => mannWhitney(...samplesWithU(m, n, u)).p / 2;
    expect(oneSided(3, 3, 0)).toBeCloseTo(0.05, 3);
    expect(oneSided(4, 4, 1)).toBeCloseTo(0.029, 3);
    expect(oneSided(5, 5, 2)).toBeCloseTo(0.016, 3);
    expect(oneSided(5, 5, 4)).toBeCloseTo(0.048, 3);
  });

  it('returns what R and SciPy print for the examples in their manuals', () => {
    // R, ?wilcox.test: permeability of membranes (Hollander and Wolfe 1973, p. 69): W = 35, one-sided p = 0.1272.
    const r = mannWhitney(
      [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
      [1.15, 0.88, 0.9, 0.74, 1.21],
    );
    expect(r.u).toBe(35);
    expect(r.p / 2).toBeCloseTo(0.1272, 4);
    // scipy.stats.mannwhitneyu: U = 17, exact p = 0.1111, asymptotic p = 0.11134688653314041.
    expect(mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12])).toEqual({ u: 17, p: 1 / 9, exact: true });
    expect(normalP(17, 5, 4, [])).toBeCloseTo(0.11134688653, 6);
  });

  it('is exact: equal to enumerating all splits, with ties and without', () => {
    const value = fc.integer({ min: 1, max: 6 });
    const sample = fc.array(value, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const { u, p } = mannWhitney(a, b);
        expect(u).toBe(countU(a, b));
        expect(p).toBeCloseTo(enumeratedP(a, b), 12);
        expect(mannWhitney(b, a).p).toBeCloseTo(p, 12);
      }),
      { numRuns: 200 },
    );
  });

  it('goes over into the normal approximation without a step, also with ties', () => {
    const random = randomStream(1, 'test');
    for (let round = 0; round < 10; round++) {
      const half = EXACT_VALUES / 2;
      const draw = (shift: number) =>
        Array.from({ length: half }, () => Math.floor(12 * random()) + shift * (round / 10));
      const [a, b] = [draw(0), draw(2)];
      const sizes = [...new Set([...a, ...b])].map((v) => [...a, ...b].filter((w) => w === v).length);
      const exact = mannWhitney(a, b);
      expect(exact.exact).toBe(true);
      expect(Math.abs(exact.p - normalP(exact.u, half, half, sizes))).toBeLessThan(0.01);
    }
    expect(mannWhitney(Array(30).fill(1), Array(30).fill(2)).exact).toBe(false);
    expect(mannWhitney(Array(30).fill(1), Array(30).fill(2)).p).toBeLessThan(1e-12);
  });

  it('says 1 where all values are equal', () => {
    expect(mannWhitney([3, 3], [3, 3, 3]).p).toBe(1);
    expect(mannWhitney(Array(40).fill(3), Array(40).fill(3)).p).toBe(1);
  });
});
