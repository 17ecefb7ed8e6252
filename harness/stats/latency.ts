const HIGHEST_NS = 3_600_000_000_000; // one hour; longer stalls are recorded as one hour

/**
 * Bits of the mantissa that distinguish values. The histogram has 1024 classes in every power of two from 1024 on, and a
 * class for each whole number below.
 */
const MANTISSA_BITS = 10;
/** Bits of the mantissa in the upper half of a double (IEEE 754). */
const UPPER_BITS = 20;
/** Bits of the mantissa. */
const ALL_BITS = 52;
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
const INT32 = 2 ** 31;

/** A latency in whole ns, at least 1. Not by Math.round, which branches by the fraction: that is never foreseen. */
function wholeNs(ns: number): number {
  return Math.max(1, Math.floor(ns + 0.5));
}

/** The class of a whole number from 1 on. */
function classOf(whole: number): number {
  return whole < INT32 ? classOfInt(whole) : bitsOf(Math.min(HIGHEST_NS, whole)) - FIRST;
}

/** The same for a number below 2^31: its bits take no way through memory. */
function classOfInt(whole: number): number {
  const exponent = 31 - Math.clz32(whole);
  const bits =
    exponent < MANTISSA_BITS ? whole << (MANTISSA_BITS - exponent) : whole >>> (exponent - MANTISSA_BITS);
  return ((exponent - 1) << MANTISSA_BITS) + bits;
}

/** The least value of a class. */
function leastOf(index: number): number {
  double[0] = 0;
  halves[UPPER] = (FIRST + index) << (UPPER_BITS - MANTISSA_BITS);
  return double[0]!;
}

/** The largest whole number of a class. */
function greatestOf(index: number): number {
  const least = leastOf(index);
  return Math.ceil(least) + Math.max(1, leastOf(index + 1) - least) - 1;
}

/** The distance to the next double. */
function ulp(x: number): number {
  return 2 ** (Math.floor(Math.log2(x)) - ALL_BITS);
}

/**
 * Latencies in ns over a whole replay, in constant memory and to three significant digits: the classes and percentiles of a
 * High Dynamic Range histogram (G. Tene), found by bits of the number, which is several times as fast as its own index.
 * Values above an hour count as an hour.
 */
export class LatencyHistogram {
  private readonly counts = new Float64Array(CLASSES);
  private total = 0;
  private largest = 0;

  /** Records `times` equal latencies of `ns`, rounded to whole ns and at least 1. */
  record(ns: number, times = 1): void {
    if (times <= 0) return;
    const whole = wholeNs(ns);
    if (whole > this.largest) this.largest = whole;
    const at = classOf(whole);
    this.counts[at] = this.counts[at]! + times;
    this.total += times;
  }

  /** Records values [from, to) of an array. */
  recordAll(valuesNs: Float64Array, from: number, to: number): void {
    const { counts } = this;
    let largest = 0;
    for (let i = from; i < to; i++) {
      const rounded = valuesNs[i]! + 0.5;
      if (rounded >= INT32) {
        this.record(valuesNs[i]!);
        continue;
      }
      const whole = Math.max(1, rounded | 0);
      if (whole > largest) largest = whole;
      const at = classOfInt(whole);
      counts[at] = counts[at]! + 1;
      this.total++;
    }
    if (largest > this.largest) this.largest = largest;
  }

  /**
   * The latency in ns below or at which `percent` of the recorded values lie; 0 when nothing was recorded.
   *
   * @param others further latencies, recorded in another
   */
  percentile(percent: number, others?: LatencyHistogram): number {
    const total = this.total + (others?.total ?? 0);
    if (total === 0) return 0;
    const share = (percent / 100) * total;
    // Rounded up, except for what the product may be too large by. Source: getValueAtPercentile of HdrHistogram.
    const rank = Math.max(1, Math.ceil(share - ulp(share)));
    const largest = Math.max(this.largest, others?.largest ?? 0);
    let at = classOf(largest);
    // From the top: the percentiles that are asked for lie there.
    for (let above = total - rank; ; at--) {
      above -= this.counts[at]! + (others?.counts[at] ?? 0);
      if (above < 0) return greatestOf(at);
    }
  }

  /** The largest recorded latency in ns, exact; 0 when nothing was recorded. */
  get max(): number {
    return this.largest;
  }
}
