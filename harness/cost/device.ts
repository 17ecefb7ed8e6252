import type { RandomStream } from '../stats/random.js';
import { FurtherQueues } from './further-queues.js';
import { Latencies } from './latencies.js';
import type { DeviceCost } from './table.js';

/** A request that is being served. */
interface Request {
  readonly startNs: number;
  readonly endNs: number;
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
