/**
 * Draws ranks 0 … n - 1 with probability proportional to 1 / (rank + 1)^skew in constant time.
 * Source: Walker's alias method as built by Vose 1991, "A linear algorithm for generating random numbers with a given
 * distribution".
 */
export class AliasTable {
  private readonly threshold: Float64Array;
  private readonly alias: Uint32Array;

  constructor(n: number, skew: number) {
    // exp of a logarithm: the result of ** differs between versions of V8.
    const weights = Float64Array.from({ length: n }, (_, rank) => Math.exp(-skew * Math.log(rank + 1)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.threshold = weights.map((weight) => (weight * n) / total);
    this.alias = Uint32Array.from({ length: n }, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    this.threshold.forEach((share, i) => {
      (share < 1 ? small : large).push(i);
    });
    while (small.length > 0 && large.length > 0) {
      const low = small.pop()!;
      const high = large.pop()!;
      this.alias[low] = high;
      const left = this.threshold[high]! + this.threshold[low]! - 1;
      this.threshold[high] = left;
      (left < 1 ? small : large).push(high);
    }
  }

  draw(random: () => number): number {
    const scaled = random() * this.threshold.length;
    const i = Math.floor(scaled);
    return scaled - i < this.threshold[i]! ? i : this.alias[i]!;
  }
}

/** Numbers 0 … n - 1 in random order (Fisher and Yates). */
export function shuffled(n: number, random: () => number): Uint32Array {
  const numbers = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swap = numbers[i]!;
    numbers[i] = numbers[j]!;
    numbers[j] = swap;
  }
  return numbers;
}
