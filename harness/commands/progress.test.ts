import { afterEach, expect, it, vi } from 'vitest';
import { durationText, Progress } from './progress.js';

afterEach(() => vi.restoreAllMocks());

it('a time is shown in two units at most', () => {
  expect([400, 59_600, 125_000, 3_600_000, 9_000_000].map(durationText)).toEqual([
    '0 s',
    '1 min 0 s',
    '2 min 5 s',
    '1 h 0 min',
    '2 h 30 min',
  ]);
});

it('a log has a line a minute, with the time that is left', () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const written: unknown[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(text) > 0);
  const [progress, quiet] = [new Progress('e', 10, false), new Progress('q', 10, true)];
  for (let i = 0; i < 5; i++) {
    now += 40_000;
    progress.step(i === 3 ? 90_000 : undefined);
    quiet.step();
  }
  expect(written).toEqual(['e: 2 of 10, about 5 min 20 s left\n', 'e: 4 of 10, about 1 min 30 s left\n']);
});
