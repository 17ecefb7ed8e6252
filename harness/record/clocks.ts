import type { Clocks } from './manifest.js';

/** Between a look at one clock and the next: this close, the two clocks are taken for one moment. */
const CLOSE_NS = 2000n;
/** Steps of the wall clock that are looked at for one that close; this process is interrupted in the others. */
const MOST_STEPS = 40;

/** What the clocks are read by. */
export interface ClockSource {
  /** CLOCK_REALTIME in whole ms, which is all that JavaScript has. */
  realtimeMs(): number;
  /** CLOCK_MONOTONIC. */
  monotonicNs(): bigint;
}

const SYSTEM: ClockSource = { realtimeMs: Date.now, monotonicNs: process.hrtime.bigint };

/** The next step of the wall clock: the moment at which its whole ms are exact. */
function nextStep({ realtimeMs, monotonicNs }: ClockSource): Clocks & { readonly withinNs: bigint } {
  const from = realtimeMs();
  for (let before = monotonicNs(); ; ) {
    const realtime = realtimeMs();
    const after = monotonicNs();
    if (realtime !== from)
      return {
        monotonic_ns: `${(before + after) / 2n}`,
        realtime_ns: `${BigInt(realtime) * 1_000_000n}`,
        withinNs: after - before,
      };
    before = after;
  }
}

/**
 * Both clocks at one moment, to about a µs: page faults are put between calls by them. Waits for a ms, or up to 40 where this process is
 * interrupted at each step of the clock.
 */
export function clocksNow(source: ClockSource = SYSTEM): Clocks {
  let best = nextStep(source);
  for (let steps = 1; steps < MOST_STEPS && best.withinNs > CLOSE_NS; steps++) {
    const step = nextStep(source);
    if (step.withinNs < best.withinNs) best = step;
  }
  const { monotonic_ns, realtime_ns } = best;
  return { monotonic_ns, realtime_ns };
}
