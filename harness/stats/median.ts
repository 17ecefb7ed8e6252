import { type RandomStream, randomStream } from './random.js';

/** The middle value; the mean of the two middle ones for an even number of values, NaN for none. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** How many pairs of resamples are compared, and how many of them may differ by more than noise. */
const PAIRS = 1000;
const BEYOND = 5;

function resample(values: readonly number[], size: number, random: RandomStream): Float64Array {
  return Float64Array.from({ length: size }, () => values[Math.floor(random() * values.length)]!);
}

/**
 * How much the medians of two runs can differ although nothing changed, as a share: the difference exceeded by 5 of a
 * thousand pairs of samples that are drawn with replacement from one measured sample (a bootstrap; Efron 1979). Seeded: the
 * same values give the same noise.
 *
 * @param values measured times, more than 0
 * @param sizes how many values each of the two runs has
 */
export function noiseOfMedian(values: readonly number[], sizes: readonly [number, number]): number {
  const random = randomStream(1, 'noise');
  const differences = Float64Array.from({ length: PAIRS }, () => {
    const [a, b] = sizes.map((size) => median(resample(values, size, random))) as [number, number];
    return Math.max(a, b) / Math.min(a, b) - 1;
  });
  return differences.sort()[PAIRS - 1 - BEYOND]!;
}
