import { describe, expect, it } from 'vitest';
import { humpsOf, rowOf } from './rows.js';

const KEY = {
  trace: 't',
  discard: 'keep',
  reclaim: 'linux',
  merge: 'none',
  controller: 'none',
  swap: 'zram',
  thp: 'never',
  readahead: 'off',
  limit: 100,
};

describe('a row of a comparison', () => {
  it.each([
    ['exact', 100, [100, 100], 'same'],
    ['exact', 100, [100, 101], 'outside'],
    ['near', 1000, [1015, 1015], 'within'],
    ['near', 1000, [1016, 1020], 'outside'],
    ['near', 1000, [985, 980], 'within'],
    ['near', 1000, [500, 2000], 'within'],
    ['near', 0, [1, 1], 'outside'],
    ['spread', 0, [1, 0, 1], 'within'],
    ['spread', 2, [1, 0, 1], 'outside'],
    ['shown', 10, [20, 20], 'shown'],
    ['shown', 10, [10, 10], 'same'],
  ] as const)('with the bound %s: %d next to %j is %s', (bound, value, live, verdict) => {
    expect(rowOf(KEY, 'pgfault', value, live, bound)).toMatchObject({ verdict, reason: null });
  });

  it('has the difference to the live run that is farthest away', () => {
    const row = rowOf(KEY, 'pgfault', 1000, [990, 1007], 'near');
    expect(row).toMatchObject({ live_min: 990, live_max: 1007, difference: -10, live: [990, 1007] });
  });

  it('that a probe explains is not comparable, and names it', () => {
    expect(rowOf(KEY, 'pgfault', 10, [20], 'exact', 'zero_page')).toMatchObject({
      verdict: 'n/a',
      reason: 'zero_page',
    });
    expect(rowOf(KEY, 'pgfault', 10, [10], 'exact', 'zero_page')).toMatchObject({ verdict: 'same' });
  });

  it('of a number that one side does not have is not comparable', () => {
    expect(rowOf(KEY, 'pgfault', Number.NaN, [1], 'near')).toMatchObject({
      verdict: 'n/a',
      simulated: null,
      reason: 'the trace lacks the accesses that it would need',
    });
    expect(rowOf(KEY, 'pswpin', 4, [Number.NaN], 'near')).toMatchObject({
      verdict: 'n/a',
      simulated: 4,
      live_min: null,
      reason: 'this kernel does not count it',
    });
  });
});

describe('live values', () => {
  it('have two humps where one gap is most of their range', () => {
    expect(humpsOf([2355, 3922, 2360])).toBe(2);
    expect(humpsOf([2355, 3922, 3000])).toBe(1);
    expect(humpsOf([1000, 1001, 1010])).toBe(1);
    expect(humpsOf([1, 100])).toBe(1);
    expect(humpsOf([])).toBe(1);
  });
});
