import { expect, it } from 'vitest';
import { Remaining } from './remaining.js';

const MS = 1e6;

it('weighs cells by their estimates, at the rate of each trace', () => {
  const remaining = new Remaining(2);
  for (let i = 0; i < 3; i++) {
    remaining.planned(0, 1000);
    remaining.planned(1, 1_000_000);
  }
  expect(remaining.ms).toBeUndefined();
  // 10 ms for an estimate of 1000: the others are taken to be alike.
  remaining.finished(0, 1000, 10 * MS);
  expect(remaining.ms).toBe((2 * 10 + 3 * 10_000) / 2);
  // Those of the other trace are ten times as fast.
  remaining.finished(1, 1_000_000, 1000 * MS);
  expect(remaining.ms).toBe((2 * 10 + 2 * 1000) / 2);
  for (const left of [1, 0]) {
    remaining.finished(0, 1000, 10 * MS);
    remaining.finished(1, 1_000_000, 1000 * MS);
    expect(remaining.ms).toBe((left * 1010) / 2);
  }
});

it('a cell that did not run says nothing of the others', () => {
  const remaining = new Remaining(1);
  for (let i = 0; i < 3; i++) remaining.planned(0, 1000);
  remaining.finished(0, 1000, 0);
  expect(remaining.ms).toBeUndefined();
  remaining.finished(0, 1000, 10 * MS);
  expect(remaining.ms).toBe(10);
});

it('is close to the truth from the first cell of each trace on, whatever the order of cells', () => {
  const events = [500, 20_000, 3_000_000];
  const cells = Array.from({ length: 60 }, (_, i) => i % events.length);
  const remaining = new Remaining(1);
  for (const trace of cells) remaining.planned(trace, events[trace]!);
  const nsOf = (trace: number, i: number) => events[trace]! * (200 + 100 * trace + (i % 7) * 10);
  const left = (from: number) =>
    cells.slice(from).reduce((sum, trace, i) => sum + nsOf(trace, from + i), 0) / MS;
  cells.forEach((trace, i) => {
    remaining.finished(trace, events[trace]!, nsOf(trace, i));
    if (i < events.length - 1) return;
    expect(remaining.ms!).toBeGreaterThanOrEqual(left(i + 1) * 0.8);
    expect(remaining.ms!).toBeLessThanOrEqual(left(i + 1) * 1.2);
  });
});
