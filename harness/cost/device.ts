import type { RandomStream } from '../stats/random.js';
import { FurtherQueues } from './further-queues.js';
import type { DeviceCost } from './table.js';

/** A request that is being served. */
interface Request {
  readonly startNs: number;
  readonly endNs: number;
}

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

/**
 * A storage device: each read takes a latency drawn from the recorded distribution, and waits for the reads of
 * other threads that are still being served. A thread never waits for itself: its next request comes after its
 * last, whatever the trace's clock says.
 */
export class Device {
  private readonly latencies: Latencies;
  private readonly serving = new Map<number, Request>();
  /** Its queues in further draws of latency; undefined where there is one draw. */
  readonly further: FurtherQueues | undefined;

  /** @param further streams of further draws of latency */
  constructor(
    cost: DeviceCost,
    private readonly random: RandomStream,
    further: readonly RandomStream[] = [],
  ) {
    this.latencies = new Latencies(cost);
    if (further.length > 0) this.further = new FurtherQueues(this.latencies, further);
  }

  /**
   * The time in ns that a read waits, issued at `nowNs` by a thread.
   *
   * @param thread any number, another for each thread
   */
  read(nowNs: number, thread: number): number {
    let queue = 0;
    for (const [other, request] of this.serving) {
      if (request.endNs <= nowNs) this.serving.delete(other);
      else if (other !== thread) queue += request.endNs - Math.max(nowNs, request.startNs);
    }
    const latency = this.latencies.at(this.random());
    const startNs = nowNs + queue;
    this.serving.set(thread, { startNs, endNs: startNs + latency });
    return queue + latency;
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
