import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyClock, PolicyTime } from './policy-clock.js';

describe('timers of a policy', () => {
  it('are called in the order of their times, and of the same time in that in which they were set', () => {
    const times = fc.array(fc.nat(20), { maxLength: 60 });
    fc.assert(
      fc.property(times, fc.array(fc.nat(25), { maxLength: 10 }), (set, moments) => {
        const time = new PolicyTime(0);
        const clock = new PolicyClock(time);
        const called: string[] = [];
        for (const [number, at] of set.entries()) clock.at(at, () => called.push(`${at} ${number}`));
        const sorted = set.map((at, number) => ({ at, number })).sort((a, b) => a.at - b.at);
        for (const now of moments.toSorted((a, b) => a - b)) {
          time.nowUs = now;
          clock.runDue();
          const due = sorted.filter(({ at }) => at <= now);
          expect(called).toEqual(due.map(({ at, number }) => `${at} ${number}`));
          expect(clock.dueUs).toBe(sorted[due.length]?.at ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });

  it('may set others, also for now', () => {
    const time = new PolicyTime(5);
    const clock = new PolicyClock(time);
    const called: string[] = [];
    clock.at(5, () => {
      called.push('first');
      clock.at(0, () => called.push('of the first'));
      clock.at(9, () => called.push('later'));
    });
    clock.at(5, () => called.push('second'));
    clock.runDue();
    expect(called).toEqual(['first', 'second', 'of the first']);
    expect(clock.dueUs).toBe(9);
  });
});
