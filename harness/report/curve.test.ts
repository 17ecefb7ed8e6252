import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { drawCurves } from './curve.js';

const points = (...ratios: number[]) => ratios.map((ratio, i) => [10 ** (i + 1), ratio] as [number, number]);
const CURVES = [
  { label: 'lru', points: points(0.9, 0.5, 0.1) },
  { label: 'fifo', points: points(0.95, 0.6, 0.1) },
  { label: 'clock', points: points(0.9, 0.5, 0.1) },
];

it('draws miss ratios over sizes in one chart, equal curves as one, marks that fall together as several', () => {
  expect(`\n${drawCurves(CURVES, 'pages', false)}\n`).toMatchInlineSnapshot(`
    "
    miss ratio by size in pages
        ▲
    0.95┤○
    0.90┤●
        │
        │
        │
        │
    0.60┤                               ○
        │
    0.50┤                               ●
        │
        │
        │
        │
        │
        │
    0.10┤                                                               *
        └┬──────────────────────────────┬───────────────────────────────┬▶
        10                            100                            1000
    ● lru, clock
    ○ fifo
    * several of them
    "
  `);
});

it('has colours besides marks', () => {
  const text = drawCurves(CURVES, 'bytes', true);
  expect(text).toContain('\u001b[36m●\u001b[0m lru, clock\n\u001b[33m○\u001b[0m fifo');
  expect(stripVTControlCharacters(text)).toBe(drawCurves(CURVES, 'bytes', false));
});

it('draws a single curve, and one without a slope', () => {
  expect(drawCurves([CURVES[0]!], 'pages', false).match(/●/g)).toHaveLength(4);
  expect(drawCurves([{ label: 'flat', points: points(1, 1) }], 'pages', false).match(/●/g)).toHaveLength(3);
});
