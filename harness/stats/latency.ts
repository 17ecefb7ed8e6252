import { build, type Histogram } from 'hdr-histogram-js';

const HIGHEST_NS = 3_600_000_000_000; // one hour; longer stalls are recorded as one hour
const SIGNIFICANT_DIGITS = 3;

/**
 * Bits of the mantissa that distinguish values. The histogram has 1024 classes in every power of two from 1024 on, and a
 * class for each whole number below.
 */
const MANTISSA_BITS = 10;
/** Bits of the mantissa in the upper half of a double (IEEE 754). */
const UPPER_BITS = 20;
const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
/** The upper half of a double in memory: on a little-endian host the second. */
const UPPER = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Exponent and upper bits of the mantissa: the same for values of one class of the histogram, and greater for greater ones. */
function bitsOf(value: number): number {
  double[0] = value;
  return halves[UPPER]! >>> (UPPER_BITS - MANTISSA_BITS);
}

const FIRST = bitsOf(1);
const CLASSES = bitsOf(HIGHEST_NS) - FIRST + 1;

/** The least value of a class. */
function leastOf(index: number): number {
  double[0] = 0;
  halves[UPPER] = (FIRST + index) << (UPPER_BITS - MANTISSA_BITS);
  return double[0]!;
}

/**
 * Latencies in ns over a whole replay, in constant memory and to three significant digits
 * (High Dynamic Range histogram, G. Tene). Values above an hour count as an hour.
 * They are counted by bits of the number, which is several times as fast as the histogram's own index, and put into the
 * histogram when it is asked.
 */
export class LatencyHistogram {
  private readonly counts = new Float64Array(CLASSES);
  private largest = 0;
  private asked: Histogram | undefined;

  /** Records `times` equal latencies of `ns`, rounded to whole ns and at least 1. */
  record(ns: number, times = 1): void {
    if (times <= 0) return;
    const whole = Math.max(1, Math.round(ns));
    if (whole > this.largest) this.largest = whole;
    const at = bitsOf(Math.min(HIGHEST_NS, whole)) - FIRST;
    this.counts[at] = this.counts[at]! + times;
    this.asked = undefined;
  }

  /** Adds all that another has recorded. */
  add(other: LatencyHistogram): void {
    if (other.largest > this.largest) this.largest = other.largest;
    for (let i = 0; i < CLASSES; i++) this.counts[i] = this.counts[i]! + other.counts[i]!;
    this.asked = undefined;
  }

  /** The latency in ns below or at which `percent` of the recorded values lie; 0 when nothing was recorded. */
  percentile(percent: number): number {
    if (this.largest === 0) return 0;
    this.asked ??= this.histogram();
    return this.asked.getValueAtPercentile(percent);
  }

  /** The largest recorded latency in ns, exact; 0 when nothing was recorded. */
  get max(): number {
    return this.largest;
  }

  private histogram(): Histogram {
    const histogram = build({
      highestTrackableValue: HIGHEST_NS,
      lowestDiscernibleValue: 1,
      numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
      bitBucketSize: 64,
      useWebAssembly: false,
    });
    for (let i = 0; i < CLASSES; i++)
      if (this.counts[i]! > 0) histogram.recordValueWithCount(Math.ceil(leastOf(i)), this.counts[i]!);
    return histogram;
  }
}
