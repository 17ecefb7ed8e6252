const OVER_100US = 100_000;
const OVER_1MS = 1_000_000;
const OVER_10MS = 10_000_000;
const INT32 = 2 ** 31;

/** Counts of long stalls. */
export class LongStalls {
  over100us = 0;
  over1ms = 0;
  over10ms = 0;

  /** A stall of `ns` is over. */
  add(ns: number): void {
    if (ns <= OVER_100US) return;
    this.over100us++;
    if (ns > OVER_1MS) this.over1ms++;
    if (ns > OVER_10MS) this.over10ms++;
  }

  /** Stalls [from, to) of an array are over. */
  addAll(stallsNs: Float64Array, from: number, to: number): void {
    let { over100us, over1ms, over10ms } = this;
    for (let i = from; i < to; i++) {
      // The sign of a difference is added up: a branch would be foreseen badly. Longer ones than an int32 are rare.
      const whole = Math.ceil(Math.min(INT32 - 1, stallsNs[i]!));
      over100us += (OVER_100US - whole) >>> 31;
      over1ms += (OVER_1MS - whole) >>> 31;
      over10ms += (OVER_10MS - whole) >>> 31;
    }
    this.over100us = over100us;
    this.over1ms = over1ms;
    this.over10ms = over10ms;
  }
}
