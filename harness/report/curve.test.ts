import { expect, it } from 'vitest';
import { drawCurves } from './curve.js';

it('draws miss ratios over sizes, with a legend', () => {
  const text = drawCurves(
    [
      {
        label: 'lru',
        points: [
          [10, 0.9],
          [100, 0.5],
          [1000, 0.1],
        ],
      },
      {
        label: 'fifo',
        points: [
          [10, 0.95],
          [100, 0.6],
          [1000, 0.1],
        ],
      },
    ],
    false,
  );
  expect(text).toMatch(/^miss ratio by size in pages\n/);
  expect(text).toMatch(/0\.95┤/);
  expect(text).toMatch(/10 .*100 .*1000/);
  expect(text).toMatch(/lru[\s\S]*fifo/);
});
