import { grown } from '../base/arrays.js';
import type { RandomStreams } from '../stats/random.js';
import { Latencies } from './latencies.js';
import type { DeviceCost } from './table.js';

/** Slots for threads at the start. */
const SLOTS = 4;
/** The end of a request that is over: before any time. */
const OVER = Number.NEGATIVE_INFINITY;

/**
 * A storage device: each read takes a latency drawn from the recorded distribution, and waits for the reads of
 * other threads that are still being served. A thread never waits for itself: its next request comes after its
 * last, whatever the trace's clock says.
 *
 * It has a queue in each draw of latency, as in a replay of its own with that stream. A slot has the last request of a
 * thread in all draws, and goes when all of these are over. Slots are in the order of these requests, so that what a draw
 * waits for is added up in the same order whatever other draws there are.
 */
export class Device {
  private readonly latencies: Latencies;
  private slots = SLOTS;
  private used = 0;
  private threads = new Float64Array(SLOTS);
  /** By slot, then draw: when its request begins and ends to be served, in ns. */
  private startsNs: Float64Array;
  private endsNs: Float64Array;
  /** By draw: what the last read waited, in ns. */
  readonly waitsNs: Float64Array;

  /** @param streams one of each draw of latency */
  constructor(
    cost: DeviceCost,
    private readonly streams: RandomStreams,
  ) {
    this.latencies = new Latencies(cost);
    this.startsNs = new Float64Array(SLOTS * streams.count);
    this.endsNs = new Float64Array(SLOTS * streams.count);
    this.waitsNs = new Float64Array(streams.count);
  }

  /**
   * A read, issued in each draw at `nowNs + aheadNs[draw]` by a thread. Sets `waitsNs`.
   *
   * @param thread any number, another for each thread
   * @param furtherNs what the request takes beyond that of one page
   */
  read(nowNs: number, aheadNs: Float64Array, thread: number, furtherNs = 0): void {
    const { streams, latencies, waitsNs } = this;
    const draws = waitsNs.length;
    const from = this.queue(nowNs, aheadNs, thread) * draws;
    const { startsNs, endsNs } = this;
    for (let draw = 0; draw < draws; draw++) {
      const queueNs = waitsNs[draw]!;
      const startNs = nowNs + aheadNs[draw]! + queueNs;
      const latency = latencies.at(streams.next(draw)) + furtherNs;
      startsNs[from + draw] = startNs;
      endsNs[from + draw] = startNs + latency;
      waitsNs[draw] = queueNs + latency;
    }
  }

  /** Sets `waitsNs` to what other threads still have served, and gives up slots. Returns the slot of this thread. */
  private queue(nowNs: number, aheadNs: Float64Array, thread: number): number {
    const { threads, waitsNs } = this;
    for (let draw = 0; draw < waitsNs.length; draw++) waitsNs[draw] = 0;
    let kept = 0;
    for (let slot = 0; slot < this.used; slot++) {
      if (threads[slot] === thread || !this.wait(slot, nowNs, aheadNs)) continue;
      if (kept < slot) this.move(slot, kept);
      kept++;
    }
    if (kept === this.slots) this.grow();
    this.threads[kept] = thread;
    this.used = kept + 1;
    return kept;
  }

  /** Adds what a slot still has served to `waitsNs`. Returns whether it has any. */
  private wait(slot: number, nowNs: number, aheadNs: Float64Array): boolean {
    const { startsNs, endsNs, waitsNs } = this;
    const draws = waitsNs.length;
    let serving = false;
    for (let draw = 0, at = slot * draws; draw < draws; draw++, at++) {
      const now = nowNs + aheadNs[draw]!;
      const end = endsNs[at]!;
      if (end > now) {
        const start = startsNs[at]!;
        serving = true;
        waitsNs[draw] = waitsNs[draw]! + (end - (start > now ? start : now));
      } else endsNs[at] = OVER; // For good: a later read of another thread may be of an earlier time.
    }
    return serving;
  }

  private move(slot: number, to: number): void {
    const draws = this.waitsNs.length;
    this.threads[to] = this.threads[slot]!;
    this.startsNs.copyWithin(to * draws, slot * draws, (slot + 1) * draws);
    this.endsNs.copyWithin(to * draws, slot * draws, (slot + 1) * draws);
  }

  private grow(): void {
    this.slots *= 2;
    const values = this.slots * this.waitsNs.length;
    this.threads = grown(this.threads, this.slots);
    this.startsNs = grown(this.startsNs, values);
    this.endsNs = grown(this.endsNs, values);
  }
}
