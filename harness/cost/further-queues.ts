import { grown } from '../base/arrays.js';
import type { RandomStream } from '../stats/random.js';
import type { Latencies } from './latencies.js';

/** Slots for threads at the start. */
const SLOTS = 4;
/** The end of a request that is over: before any time. */
const OVER = Number.NEGATIVE_INFINITY;

/**
 * The queues of a device in further draws of its latency: each is as `Device` in a replay of its own with that stream. A
 * slot has the last request of a thread in each draw; it is free when all of these are over.
 */
export class FurtherQueues {
  private slots = SLOTS;
  private used = 0;
  private threads = new Float64Array(SLOTS);
  private startsNs: Float64Array;
  private endsNs: Float64Array;
  /** By draw: what the last read waited, in ns. */
  readonly waitsNs: Float64Array;

  constructor(
    private readonly latencies: Latencies,
    private readonly streams: readonly RandomStream[],
  ) {
    this.startsNs = new Float64Array(SLOTS * streams.length);
    this.endsNs = new Float64Array(SLOTS * streams.length);
    this.waitsNs = new Float64Array(streams.length);
  }

  /**
   * A read, issued in each draw at `nowNs + aheadNs[draw]` by a thread. Sets `waitsNs`.
   *
   * @param thread any number, another for each thread
   */
  read(nowNs: number, aheadNs: Float64Array, thread: number): void {
    const { streams, latencies, waitsNs } = this;
    const draws = streams.length;
    const own = this.queue(nowNs, aheadNs, thread) * draws;
    for (let draw = 0; draw < draws; draw++) {
      const startNs = nowNs + aheadNs[draw]! + waitsNs[draw]!;
      const latency = latencies.at(streams[draw]!());
      this.startsNs[own + draw] = startNs;
      this.endsNs[own + draw] = startNs + latency;
      waitsNs[draw] = waitsNs[draw]! + latency;
    }
  }

  /** Sets `waitsNs` to what other threads still have served, and frees slots. Returns the slot of this thread. */
  private queue(nowNs: number, aheadNs: Float64Array, thread: number): number {
    const { threads, waitsNs } = this;
    for (let draw = 0; draw < waitsNs.length; draw++) waitsNs[draw] = 0;
    let own = -1;
    for (let slot = 0; slot < this.used; ) {
      const isOwn = threads[slot] === thread;
      const serving = this.wait(slot, nowNs, aheadNs, isOwn);
      if (isOwn) own = slot;
      if (isOwn || serving) slot++;
      else this.free(slot);
    }
    return own >= 0 ? own : this.add(thread);
  }

  /** Adds what a slot still has served to `waitsNs`, unless it is this thread's own. Returns whether it has any. */
  private wait(slot: number, nowNs: number, aheadNs: Float64Array, isOwn: boolean): boolean {
    const { startsNs, endsNs, waitsNs } = this;
    const draws = waitsNs.length;
    let serving = false;
    for (let draw = 0; draw < draws; draw++) {
      const at = slot * draws + draw;
      const now = nowNs + aheadNs[draw]!;
      const end = endsNs[at]!;
      // For good: a later read of another thread may be of an earlier time.
      if (end <= now) endsNs[at] = OVER;
      else {
        serving = true;
        if (!isOwn) waitsNs[draw] = waitsNs[draw]! + end - Math.max(now, startsNs[at]!);
      }
    }
    return serving;
  }

  /** The last slot takes the place of one that is free. */
  private free(slot: number): void {
    const draws = this.waitsNs.length;
    const last = --this.used;
    this.threads[slot] = this.threads[last]!;
    this.startsNs.copyWithin(slot * draws, last * draws, (last + 1) * draws);
    this.endsNs.copyWithin(slot * draws, last * draws, (last + 1) * draws);
  }

  private add(thread: number): number {
    if (this.used === this.slots) this.grow();
    this.threads[this.used] = thread;
    return this.used++;
  }

  private grow(): void {
    this.slots *= 2;
    const values = this.slots * this.waitsNs.length;
    this.threads = grown(this.threads, this.slots);
    this.startsNs = grown(this.startsNs, values);
    this.endsNs = grown(this.endsNs, values);
  }
}
