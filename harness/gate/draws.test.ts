import { expect, it } from 'vitest';
import { drawRows, runRow } from '../testing/results.js';
import { changedDraws, withInterval } from './draws.js';
import { finding } from './report.js';

const draws = (readNs: readonly number[]) =>
  drawRows(readNs.map((stall_major_ns) => runRow({ stall_ns: 0, draws: 1, stall_major_ns }))).map(
    (row, i) => ({ ...row, draw: i + 1 }),
  );
const found = { ...finding('failure', 'worse', 'stall_ns 100 → 110'), metric: 'stall_ns' };

it('a changed time has the interval of its change, paired by draw', () => {
  // Draws differ by much, and each is 9 to 11 ns longer.
  const { text } = withInterval(found, draws([100, 900, 500]), draws([110, 909, 511]));
  expect(text).toMatch(/^stall_ns 100 → 110, change \+8 to \+12 \(95 %, 3 draws\)$/);
});

it('what draws do not change, or one draw, has none', () => {
  expect(withInterval({ ...found, metric: 'pgfault' }, draws([1, 2]), draws([2, 3])).text).toBe(found.text);
  expect(withInterval(found, draws([1]), draws([2])).text).toBe(found.text);
});

it('draws that differ under an equal mean are a change', () => {
  expect(changedDraws([], draws([10, 20]), draws([11, 19]))).toMatchObject([
    { kind: 'changed', text: 'draws of stall_ns, stall_major_ns differ, with the same mean' },
  ]);
  expect(changedDraws([], draws([10, 20]), draws([10, 20]))).toEqual([]);
});
