/** Accesses of one run of `cyclic1.5x` go round this often. */
const CYCLES = 5;

/** Numbers of the kind the recorded runs used; a pattern draws from one stream, in the order of its accesses. */
export interface Draws {
  /** Uniform in [0, 1), 53 bits. */
  unit(): number;
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number;
}

const SEED = 88172645463325252n;
const MASK_64 = (1n << 64n) - 1n;

/** xorshift64*. Source: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators, scrambled". */
export function xorshift64Star(): Draws {
  let state = SEED;
  const next = (): bigint => {
    state ^= (state << 13n) & MASK_64;
    state ^= state >> 7n;
    state ^= (state << 17n) & MASK_64;
    return (state * 2685821657736338717n) & MASK_64;
  };
  return {
    unit: () => Number(next() >> 11n) / 2 ** 53,
    below: (n) => Number(next() % BigInt(n)),
  };
}

/** All of 1.5 limits, in order, in a loop: the worst case of every policy that keeps what was used last. */
function cyclic(limit: number): Uint32Array {
  const pages = (limit * 3) / 2;
  return Uint32Array.from({ length: pages * CYCLES }, (_, i) => i % pages);
}

/** The numbers 0 … n - 1 in random order (Fisher and Yates, from the end). */
function permutation(n: number, draws: Draws): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i >= 0; i--) {
    const other = draws.below(i + 1);
    const swapped = order[i]!;
    order[i] = order[other]!;
    order[other] = swapped;
  }
  return order;
}

/** The first index whose running sum is not below `value`. */
export function firstAtLeast(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 12 limits of accesses over 4 limits of pages; the page of rank r with a probability proportional to r^-skew. */
function zipf(limit: number, skew: number): Uint32Array {
  const draws = xorshift64Star();
  const pages = 4 * limit;
  const sums = new Float64Array(pages);
  let sum = 0;
  for (let i = 0; i < pages; i++) {
    // exp of a logarithm: the result of ** differs between versions of V8.
    sum += Math.exp(-skew * Math.log(i + 1));
    sums[i] = sum;
  }
  const pageOfRank = permutation(pages, draws);
  return Uint32Array.from({ length: 3 * pages }, () => pageOfRank[firstAtLeast(sums, draws.unit() * sum)]!);
}

/** 8 limits of accesses, each to any of 2 limits of pages. */
function uniform(limit: number): Uint32Array {
  const draws = xorshift64Star();
  return Uint32Array.from({ length: 8 * limit }, () => draws.below(2 * limit));
}

/**
 * A hot set of half the limit: ten times its size in accesses to warm up, then a scan of 2 limits of cold pages with
 * a hot access after each, then four times its size in hot accesses.
 */
function hotScan(limit: number): Uint32Array {
  const draws = xorshift64Star();
  const hot = limit / 2;
  const cold = 2 * limit;
  const warm = 10 * hot;
  const scanned = warm + 2 * cold;
  return Uint32Array.from({ length: scanned + 4 * hot }, (_, i) => {
    const isCold = i >= warm && i < scanned && (i - warm) % 2 === 0;
    return isCold ? hot + (i - warm) / 2 : draws.below(hot);
  });
}

/** Access patterns, by the names of the measured rows. Each makes page numbers, in order of access, for a limit in pages. */
export const PATTERNS = {
  'cyclic1.5x': cyclic,
  'zipf0.8': (limit: number) => zipf(limit, 0.8),
  'zipf0.99': (limit: number) => zipf(limit, 0.99),
  uniform2x: uniform,
  hotscan: hotScan,
} as const;

export type PatternName = keyof typeof PATTERNS;
