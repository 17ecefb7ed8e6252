import { expect, it } from 'vitest';
import { clocksNow } from './clocks.js';

/** The wall clock is this much ahead, in ns. */
const AHEAD = 1_700_000_000_123_456_789n;

/** Clocks of a process that is interrupted for some ns at each look. */
function interrupted(forNs: (look: number) => bigint) {
  let now = 5_000_000_000n;
  let look = 0;
  const wait = () => {
    now += 150n + forNs(look++);
  };
  return {
    realtimeMs: () => {
      wait();
      return Number((now + AHEAD) / 1_000_000n);
    },
    monotonicNs: () => {
      wait();
      return now;
    },
  };
}

/** How far what is said is from what is so, in ns. */
function wrongBy(forNs: (look: number) => bigint): number {
  const { monotonic_ns, realtime_ns } = clocksNow(interrupted(forNs));
  return Math.abs(Number(BigInt(realtime_ns) - BigInt(monotonic_ns) - AHEAD));
}

it('both clocks are of one moment', () => {
  expect(wrongBy(() => 0n)).toBeLessThan(1000);
});

it('also where this process is interrupted between looks at them', () => {
  // Each look takes 3 ms, except those after a while.
  expect(wrongBy((look) => (look < 20 ? 3_000_000n : 0n))).toBeLessThan(1000);
});

it('where it always is, to what one look takes', () => {
  expect(wrongBy((look) => (look % 7 === 0 ? 50_000_000n : 300_000n))).toBeLessThan(700_000);
});
