/** Up to this number of values in both samples the p-value is exact; its counts (at most 50 over 25) are exact as doubles. */
export const EXACT_VALUES = 50;

export interface MannWhitney {
  /** Pairs in which the value of the first sample is larger; a tie counts half. */
  readonly u: number;
  /** Probability, if both samples are of one distribution, of a U at least as far from its mean. */
  readonly p: number;
  readonly exact: boolean;
}

/** Twice the mid-rank of each value, which is a whole number: equal values share the mean of their ranks. */
function doubledRanks(values: readonly number[]): { ranks: Float64Array; tieSizes: number[] } {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  const tieSizes: number[] = [];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = start + 1 + end;
    tieSizes.push(end - start);
    start = end;
  }
  return { ranks, tieSizes };
}

/**
 * Exact probability over all choices of `size` of the ranks that their sum is at least as far from its mean as `sum`.
 * Counts choices by size and sum, rank after rank; ties need nothing special.
 * Source: Streitberg and Röhmel 1986, "Exact distributions for permutation and rank tests" (the shift algorithm).
 */
function exactP(ranks: Float64Array, size: number, sum: number): number {
  const total = ranks.reduce((all, rank) => all + rank, 0);
  const counts = Array.from({ length: size + 1 }, () => new Float64Array(total + 1));
  counts[0]![0] = 1;
  for (const rank of ranks) {
    for (let chosen = size; chosen >= 1; chosen--) {
      const from = counts[chosen - 1]!;
      const to = counts[chosen]!;
      for (let s = total; s >= rank; s--) to[s] = to[s]! + from[s - rank]!;
    }
  }
  // Distances from the mean, times the number of ranks, are whole numbers.
  const distance = (s: number) => Math.abs(s * ranks.length - size * total);
  const far = distance(sum);
  const ofSize = counts[size]!;
  let all = 0;
  let asFar = 0;
  ofSize.forEach((count, s) => {
    all += count;
    if (distance(s) >= far) asFar += count;
  });
  return asFar / all;
}

/**
 * Probability of a standard normal value beyond ±z, to 1.2e-7.
 * Source: the rational Chebyshev fit of erfc in Press et al., "Numerical Recipes", 2nd ed., section 6.2.
 */
function beyond(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const fit = coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return t * Math.exp(-x * x + fit);
}

/**
 * The p-value by the normal approximation, with the variance corrected for ties and half a step for continuity.
 *
 * @param tieSizes how many values are equal, for each distinct value
 */
export function normalP(u: number, m: number, n: number, tieSizes: readonly number[]): number {
  const all = m + n;
  const ties = tieSizes.reduce((sum, t) => sum + (t * t * t - t), 0);
  const variance = ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (variance <= 0) return 1;
  return Math.min(1, beyond(Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / Math.sqrt(variance)));
}

/**
 * The Mann-Whitney U test, two-sided: do the values of one sample tend to be larger? It assumes nothing of their
 * distribution, which wall times need: they have a long tail.
 * Source: Mann and Whitney 1947, "On a test of whether one of two random variables is stochastically larger".
 *
 * @param a at least one value
 * @param b at least one value
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const { ranks, tieSizes } = doubledRanks([...a, ...b]);
  const sum = ranks.subarray(0, a.length).reduce((all, rank) => all + rank, 0);
  const u = sum / 2 - (a.length * (a.length + 1)) / 2;
  const exact = ranks.length <= EXACT_VALUES;
  const p = exact ? exactP(ranks, a.length, sum) : normalP(u, a.length, b.length, tieSizes);
  return { u, p, exact };
}
