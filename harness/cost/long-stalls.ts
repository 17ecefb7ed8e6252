const OVER_100US = 100_000;
const OVER_1MS = 1_000_000;
const OVER_10MS = 10_000_000;

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
}
