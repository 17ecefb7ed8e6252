import type { DeviceCost } from './table.js';

/** The recorded distribution of a device's latencies. */
export class Latencies {
  private readonly quantiles: Float64Array;
  private readonly ns: Float64Array;

  constructor(cost: DeviceCost) {
    const knots = withTail(cost);
    this.quantiles = Float64Array.from(knots, ([quantile]) => quantile);
    this.ns = Float64Array.from(knots, ([, ns]) => ns);
  }

  /** Inverse of the piecewise linear distribution function: the latency in ns at `u`, a share from 0 to 1. */
  at(u: number): number {
    const { quantiles, ns } = this;
    const last = quantiles.length - 1;
    let i = 1;
    while (i < last && u > quantiles[i]!) i++;
    const q0 = quantiles[i - 1]!;
    const ns0 = ns[i - 1]!;
    return ns0 + ((u - q0) * (ns[i]! - ns0)) / (quantiles[i]! - q0);
  }
}

/** Adds the largest value, chosen so that the mean of the distribution is the recorded mean. */
function withTail(cost: DeviceCost): readonly (readonly [number, number])[] {
  let below = 0;
  const quantiles = cost.quantiles;
  for (let i = 1; i < quantiles.length; i++) {
    const [q0, ns0] = quantiles[i - 1]!;
    const [q1, ns1] = quantiles[i]!;
    below += ((q1 - q0) * (ns0 + ns1)) / 2;
  }
  const [lastQ, lastNs] = quantiles[quantiles.length - 1]!;
  if (lastQ >= 1) return quantiles;
  const largest = Math.max(lastNs, (2 * (cost.mean - below)) / (1 - lastQ) - lastNs);
  return [...quantiles, [1, largest]];
}
