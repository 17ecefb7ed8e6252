import type { Hatch } from '../style.js';
import type { Page, Spec } from './figure.js';
import { TEXT_POINTS } from './style.js';
import { rounded } from './units.js';

/** A place in a panel, in points from its top left corner. */
const place = (field: string): Spec => ({ field, type: 'quantitative', scale: null, axis: null });
/** A channel whose values are what is drawn. */
const asIs = (field: string): Spec => ({ field, type: 'nominal', scale: null, legend: null });

const AT: Spec = { x: place('x'), y: place('y') };
const FROM_TO: Spec = { ...AT, x2: { field: 'x2' }, y2: { field: 'y2' } };

/** A text: its left end, middle or right end, and the middle of its height. */
export interface PixelText {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface PixelLine {
  readonly x: number;
  readonly y: number;
  readonly x2: number;
  readonly y2: number;
}

export type PixelBox = PixelLine;

function placed<P extends PixelText | PixelLine>(all: readonly P[]): P[] {
  return all.map((one) => {
    const numbers = Object.entries(one).filter(([, value]) => typeof value === 'number');
    return { ...one, ...Object.fromEntries(numbers.map(([key, value]) => [key, rounded(value)])) };
  });
}

/** Texts at places. */
export function textLayer(
  texts: readonly PixelText[],
  align: 'left' | 'center' | 'right' = 'left',
  more: Spec = {},
): Spec {
  return {
    data: { values: placed(texts) },
    mark: { type: 'text', align, baseline: 'middle', fontSize: TEXT_POINTS, ...more },
    encoding: { ...AT, text: { field: 'text' } },
  };
}

/** What lightens the lines behind texts that begin at their places. */
export function haloLayer(texts: readonly PixelText[], page: Page): Spec {
  const boxes = texts.map(({ x, y, text }) => ({
    x: x - 1,
    x2: x + page.textWidth(text) + 1,
    y: y - 4,
    y2: y + 4,
    color: '#ffffff',
  }));
  return boxLayer(boxes, { stroke: null, opacity: 0.75 });
}

/** Lines from place to place. */
export function lineLayer(lines: readonly PixelLine[], more: Spec = {}): Spec {
  return {
    data: { values: placed(lines) },
    mark: { type: 'rule', strokeWidth: 0.5, ...more },
    encoding: FROM_TO,
  };
}

/** Filled boxes, each with a `color`. */
export function boxLayer(boxes: readonly (PixelBox & { readonly color: string })[], more: Spec = {}): Spec {
  return {
    data: { values: placed(boxes) },
    mark: { type: 'rect', stroke: 'white', strokeWidth: 0.4, ...more },
    encoding: { ...FROM_TO, color: asIs('color') },
  };
}

/** Marks of points, each with a `color`, a `shape` and the colour inside. */
export function markLayer(
  marks: readonly {
    readonly x: number;
    readonly y: number;
    readonly color: string;
    readonly shape: string;
    readonly fill: string;
  }[],
  size: number,
): Spec {
  return {
    data: { values: placed(marks.map((mark) => ({ text: '', ...mark }))) },
    mark: { type: 'point', size, strokeWidth: 1, opacity: 1 },
    encoding: { ...AT, stroke: asIs('color'), fill: asIs('fill'), shape: asIs('shape') },
  };
}

/** Between the lines of a hatched area. */
const GAP = 3.2;

/** The lines x + slope · y = const through a box, each `GAP` from the next. */
function slanted({ x, y, x2, y2 }: PixelBox, slope: 1 | -1): PixelLine[] {
  const at = (px: number, py: number) => px + slope * py;
  const ends = [at(x, y), at(x2, y2), at(x, y2), at(x2, y)];
  const step = GAP * Math.SQRT2;
  const lines: PixelLine[] = [];
  for (let c = Math.ceil(Math.min(...ends) / step) * step; c < Math.max(...ends); c += step) {
    // Where it enters the box and leaves it: at the sides, or before, at top and bottom.
    const inside = [c - slope * y, c - slope * y2]
      .map((px) => Math.min(Math.max(px, x), x2))
      .sort((a, b) => a - b);
    const [from, to] = inside as [number, number];
    if (to > from) lines.push({ x: from, y: (c - from) * slope, x2: to, y2: (c - to) * slope });
  }
  return lines;
}

function straight({ x, y, x2, y2 }: PixelBox, upright: boolean): PixelLine[] {
  const [from, to] = upright ? [x, x2] : [y, y2];
  const lines: PixelLine[] = [];
  for (let c = Math.ceil(from / GAP) * GAP; c < to; c += GAP)
    lines.push(upright ? { x: c, x2: c, y, y2 } : { x, x2, y: c, y2: c });
  return lines;
}

/** The lines of a hatched box. Lines of boxes next to each other continue. @param box with x below x2, and y below y2 */
export function hatchLines(box: PixelBox, hatch: Hatch): PixelLine[] {
  if (hatch === 'none') return [];
  if (hatch === 'rising') return slanted(box, 1);
  if (hatch === 'falling') return slanted(box, -1);
  if (hatch === 'crossed') return [...slanted(box, 1), ...slanted(box, -1)];
  return straight(box, hatch === 'upright');
}
