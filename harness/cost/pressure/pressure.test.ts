import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PressureAccount } from './account.js';
import { PERIOD_NS, PressureAverages } from './averages.js';
import { MemoryPressure } from './pressure.js';

const US = 1000;

/** Some and full of an account, in µs. */
function totals(pressure: MemoryPressure, account: PressureAccount): [some: number, full: number] {
  const { someNs, fullNs } = account.at(pressure.nowNs);
  return [someNs / US, fullNs / US];
}

describe('MemoryPressure', () => {
  it('counts overlapping stalls of threads once, and those of a thread one after the other', () => {
    const pressure = new MemoryPressure();
    const { machine } = pressure;
    pressure.stalled(machine, 1, 100, 50 * US); // 100 to 150
    pressure.stalled(machine, 2, 120, 60 * US); // 120 to 180
    pressure.stalled(machine, 1, 130, 40 * US); // 150 to 190
    pressure.finish(1000 * US);
    expect(totals(pressure, machine)).toEqual([90, 90]);
  });

  it('is full while no other thread runs, also one that began to before the stall', () => {
    const pressure = new MemoryPressure();
    const { machine } = pressure;
    pressure.ran(machine, 2, 0, 130 * US); // to 130
    pressure.stalled(machine, 1, 100, 100 * US); // 100 to 200
    pressure.ran(machine, 1, 110, 20 * US); // its own: 200 to 220, when it does not stall any more
    pressure.ran(machine, 3, 150, 10 * US); // 150 to 160
    pressure.finish(1000 * US);
    expect(totals(pressure, machine)).toEqual([100, 60]);
  });

  it('counts a group in those above it, and not in its neighbours', () => {
    const pressure = new MemoryPressure();
    const above = pressure.begin(0);
    const left = pressure.begin(0, above);
    const right = pressure.begin(0, above);
    pressure.stalled(left, 1, 10, 20 * US); // 10 to 30
    pressure.ran(right, 2, 15, 5 * US);
    pressure.stalled(right, 2, 25, 10 * US); // 25 to 35
    pressure.stalled(pressure.machine, 3, 50, 5 * US);
    pressure.finish(100 * US);
    expect(totals(pressure, left)).toEqual([20, 20]);
    expect(totals(pressure, right)).toEqual([10, 10]);
    expect(totals(pressure, above)).toEqual([25, 20]);
    expect(totals(pressure, pressure.machine)).toEqual([30, 25]);
  });

  it('takes a thread that moves to another group with it', () => {
    const pressure = new MemoryPressure();
    const [from, to] = [pressure.begin(0), pressure.begin(0)];
    pressure.stalled(from, 1, 0, 100 * US);
    pressure.stalled(to, 1, 40, 10 * US);
    pressure.finish(1000 * US);
    expect([totals(pressure, from), totals(pressure, to)]).toEqual([
      [40, 40],
      [70, 70],
    ]);
  });

  it('agrees with time told µs by µs', () => {
    const event = fc.record({
      afterUs: fc.integer({ min: 0, max: 6 }),
      thread: fc.integer({ min: 0, max: 3 }),
      stallUs: fc.integer({ min: 0, max: 8 }),
      runUs: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const pressure = new MemoryPressure();
        const groups = [pressure.begin(0), pressure.begin(0)];
        const naive = new Map<PressureAccount, [number, number]>();
        const left = [0, 1, 2, 3].map(() => ({ stall: 0, run: 0 }));
        const step = () => {
          for (const [account, threads] of [
            [pressure.machine, left],
            [groups[0]!, left.filter((_, i) => i % 2 === 0)],
            [groups[1]!, left.filter((_, i) => i % 2 === 1)],
          ] as const) {
            const stalls = threads.some(({ stall }) => stall > 0);
            const runs = threads.some(({ stall, run }) => stall === 0 && run > 0);
            const [some, full] = naive.get(account) ?? [0, 0];
            naive.set(account, [some + Number(stalls), full + Number(stalls && !runs)]);
          }
          for (const thread of left)
            if (thread.stall > 0) thread.stall--;
            else if (thread.run > 0) thread.run--;
        };
        let nowUs = 0;
        for (const { afterUs, thread, stallUs, runUs } of events) {
          for (let i = 0; i < afterUs; i++) step();
          nowUs += afterUs;
          const account = groups[thread % 2]!;
          if (stallUs > 0) pressure.stalled(account, thread, nowUs, stallUs * US);
          if (runUs > 0) pressure.ran(account, thread, nowUs, runUs * US);
          left[thread]!.stall += stallUs;
          left[thread]!.run += runUs;
        }
        for (let i = 0; i < 600; i++) step();
        pressure.finish((nowUs + 600) * US);
        for (const account of [pressure.machine, ...groups])
          expect(totals(pressure, account)).toEqual(naive.get(account));
      }),
      { numRuns: 300 },
    );
  });

  it('forgets threads that are over', () => {
    const pressure = new MemoryPressure();
    for (let thread = 0; thread < 5000; thread++) pressure.stalled(pressure.machine, thread, 2 * thread, US);
    pressure.finish(20_000 * US);
    expect(totals(pressure, pressure.machine)).toEqual([5000, 5000]);
  });

  it('counts what it is told as many times as it stands for', () => {
    const pressure = new MemoryPressure(4);
    pressure.stalled(pressure.machine, 1, 0, 10 * US);
    pressure.finish(100 * US);
    expect(totals(pressure, pressure.machine)).toEqual([40, 40]);
  });
});

describe('averages', () => {
  it('are those of the kernel: its constants, worked by hand', () => {
    const averages = new PressureAverages();
    averages.update(PERIOD_NS / 2);
    // 50 % in fixed point is 102400: 102400 * (2048 - 1677) / 2048, rounded up, is 18550; / 2048 is 9.05.
    expect(averages.values).toEqual({ avg10: 9.05, avg60: 1.63, avg300: 0.34 });
    averages.update(0);
    expect(averages.values.avg10).toBe(7.41);
  });

  it('come near the share of a pressure that lasts, and go by half in 7 s of rest', () => {
    const pressure = new MemoryPressure();
    for (let ms = 0; ms < 60_000; ms += 10) pressure.stalled(pressure.machine, 1, ms * 1000, 2_000 * US);
    pressure.settle(60e9);
    const { some } = pressure.machine.at(60e9);
    expect(some.avg10).toBeGreaterThan(19);
    expect(some.avg10).toBeLessThanOrEqual(20);
    pressure.settle(67e9);
    const rested = pressure.machine.at(67e9).some.avg10;
    expect(rested / some.avg10).toBeGreaterThan(0.45);
    expect(rested / some.avg10).toBeLessThan(0.6);
  });

  it('decay over rest as over periods one by one, as near as the fixed point is', () => {
    const [one, many] = [new PressureAverages(), new PressureAverages()];
    for (const averages of [one, many]) for (let i = 0; i < 30; i++) averages.update(PERIOD_NS);
    one.skip(10);
    for (let i = 0; i < 10; i++) many.update(0);
    expect(Math.abs(one.values.avg10 - many.values.avg10)).toBeLessThan(0.2);
  });
});
