import type { Hatch } from '../style.js';
import type { Page, Spec } from './figure.js';
import {
  boxLayer,
  hatchLines,
  lineLayer,
  markLayer,
  type PixelBox,
  type PixelText,
  textLayer,
} from './pixels.js';

/** What stands in front of a text of a key: a line, a mark, or a box. */
export type Sample =
  | { readonly kind: 'line'; readonly color: string; readonly dash: readonly number[] }
  | {
      readonly kind: 'line-mark';
      readonly color: string;
      readonly dash: readonly number[];
      readonly shape: string;
    }
  | { readonly kind: 'mark'; readonly color: string; readonly shape: string; readonly fill: string }
  | { readonly kind: 'box'; readonly color: string; readonly hatch: Hatch }
  | { readonly kind: 'none' };

export interface KeyItem {
  readonly sample: Sample;
  readonly text: string;
}

/** What `fitted` leaves out when it measures panels: a key is as wide as the page. */
export const KEY_NAME = 'key';

const LINE = 9.5;
const SAMPLE = 14;
const BETWEEN = 10;

/**
 * A text in lines that are not wider than `width`, broken between its names, and a name that is wider between its
 * parameters.
 *
 * @param between where it may be broken
 */
export function brokenNames(text: string, width: number, page: Page, between = /(?<=,) /): string[] {
  const words = text.split(between).flatMap((word) => {
    if (page.textWidth(word) <= width) return [{ word, gap: ' ' }];
    return word.split(/(?<=[:,])(?=\S)/).map((part, i) => ({ word: part, gap: i === 0 ? ' ' : '' }));
  });
  const lines: string[] = [];
  for (const { word, gap } of words) {
    const last = lines.at(-1);
    if (last !== undefined && page.textWidth(`${last}${gap}${word}`) <= width)
      lines[lines.length - 1] = `${last}${gap}${word}`;
    else lines.push(word);
  }
  return lines;
}

/** More names than this are not all written in a panel. */
const MOST_NAMES = 4;

/** Names as a panel has room for them: the first of many, with the number of the others. */
export function panelNames(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.slice(0, 2).join(', ')}, +${names.length - 2}`;
}

interface PlacedItem {
  readonly sample: Sample;
  readonly x: number;
  readonly y: number;
  readonly lines: readonly string[];
}

/** Items one after the other, on as many lines as they need. */
function flow(
  items: readonly KeyItem[],
  width: number,
  page: Page,
): { placed: PlacedItem[]; height: number } {
  const placed: PlacedItem[] = [];
  let x = 0;
  let y = LINE / 2;
  let below = 0;
  for (const { sample, text } of items) {
    const indent = sample.kind === 'none' ? 0 : SAMPLE;
    const lines = brokenNames(text, width - indent, page);
    const wide = indent + Math.max(...lines.map(page.textWidth));
    if (x > 0 && x + wide > width) {
      x = 0;
      y += below;
      below = 0;
    }
    placed.push({ sample, x, y, lines });
    x += wide + BETWEEN;
    below = Math.max(below, lines.length * LINE);
  }
  return { placed, height: y + below - LINE / 2 };
}

/** How high a key is. */
export function keyHeight(items: readonly KeyItem[], width: number, page: Page): number {
  return items.length === 0 ? 0 : flow(items, width, page).height;
}

/** A key below the panels of a figure: samples with their names. */
export function keySpec(items: readonly KeyItem[], width: number, page: Page): Spec {
  const { placed, height } = flow(items, width, page);
  const texts: PixelText[] = placed.flatMap(({ sample, x, y, lines }) =>
    lines.map((text, i) => ({ x: x + (sample.kind === 'none' ? 0 : SAMPLE), y: y + i * LINE, text })),
  );
  const layers = placed.flatMap(({ sample, x, y }) => sampleLayers(sample, x, y));
  return {
    name: KEY_NAME,
    width,
    height,
    view: { stroke: null },
    layer: [textLayer(texts), ...layers],
  };
}

function sampleLayers(sample: Sample, x: number, y: number): Spec[] {
  if (sample.kind === 'line-mark') {
    const { color, shape } = sample;
    const mark = { color, shape, fill: color, x: x + SAMPLE / 2 - 1.5, y };
    return [...sampleLayers({ ...sample, kind: 'line' }, x, y), markLayer([mark], 20)];
  }
  if (sample.kind === 'line') {
    const line = { x, x2: x + SAMPLE - 3, y, y2: y };
    const dash = sample.dash.length > 0 ? { strokeDash: sample.dash } : {};
    return [lineLayer([line], { color: sample.color, strokeWidth: 1.2, ...dash })];
  }
  if (sample.kind === 'mark') return [markLayer([{ ...sample, x: x + SAMPLE / 2 - 1, y }], 26)];
  if (sample.kind === 'box') {
    const box: PixelBox = { x, x2: x + SAMPLE - 4, y: y - 3.5, y2: y + 3.5 };
    const lines = hatchLines(box, sample.hatch);
    return [boxLayer([{ ...box, color: sample.color }], { stroke: '#666666' }), ...hatchLayers(lines)];
  }
  return [];
}

/** Hatching, where there is any: lines that are seen on light colours and on dark ones. */
export function hatchLayers(lines: ReturnType<typeof hatchLines>): Spec[] {
  return lines.length === 0
    ? []
    : [
        lineLayer(lines, { color: 'white', strokeWidth: 1.1 }),
        lineLayer(lines, { color: 'black', strokeWidth: 0.5 }),
      ];
}
