import { build, type Histogram } from 'hdr-histogram-js';

const HIGHEST_NS = 3_600_000_000_000; // one hour; longer stalls are recorded as one hour
const SIGNIFICANT_DIGITS = 3;

/** Slots for the latencies seen last; a power of two. */
const RECENT = 16;

/**
 * Latencies in ns over a whole replay, in constant memory and to three significant digits
 * (High Dynamic Range histogram, G. Tene). Values above an hour count as an hour.
 * Most latencies are one of few prices: those are counted outside the histogram and added to it later, which spares
 * most of its cost.
 */
export class LatencyHistogram {
  private readonly histogram: Histogram;
  private readonly recentNs = new Float64Array(RECENT);
  private readonly recentTimes = new Float64Array(RECENT);
  private largest = 0;

  constructor() {
    this.histogram = build({
      highestTrackableValue: HIGHEST_NS,
      lowestDiscernibleValue: 1,
      numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
      bitBucketSize: 64,
      useWebAssembly: false,
    });
  }

  /** Records `times` equal latencies of `ns`, rounded to whole ns and at least 1. */
  record(ns: number, times = 1): void {
    if (times <= 0) return;
    const whole = Math.max(1, Math.round(ns));
    const slot = (whole ^ (whole >>> 4)) & (RECENT - 1);
    if (this.recentNs[slot] !== whole) {
      this.flush(slot);
      this.recentNs[slot] = whole;
    }
    this.recentTimes[slot] = this.recentTimes[slot]! + times;
  }

  /** Adds all that another has recorded. */
  add(other: LatencyHistogram): void {
    other.flushAll();
    if (other.largest > this.largest) this.largest = other.largest;
    if (other.histogram.totalCount > 0) this.histogram.add(other.histogram);
  }

  /** The latency in ns below or at which `percent` of the recorded values lie; 0 when nothing was recorded. */
  percentile(percent: number): number {
    this.flushAll();
    return this.histogram.totalCount === 0 ? 0 : this.histogram.getValueAtPercentile(percent);
  }

  /** The largest recorded latency in ns, exact; 0 when nothing was recorded. */
  get max(): number {
    this.flushAll();
    return this.largest;
  }

  private flushAll(): void {
    for (let slot = 0; slot < RECENT; slot++) this.flush(slot);
  }

  private flush(slot: number): void {
    const times = this.recentTimes[slot]!;
    if (times === 0) return;
    const ns = this.recentNs[slot]!;
    this.recentTimes[slot] = 0;
    if (ns > this.largest) this.largest = ns;
    this.histogram.recordValueWithCount(Math.min(HIGHEST_NS, ns), times);
  }
}
