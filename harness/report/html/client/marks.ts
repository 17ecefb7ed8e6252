import type { Mark } from '../../style.js';
import { shape } from './dom.js';

/** Outlines of marks around 0. */
const OUTLINES: Readonly<Record<Mark, string>> = {
  circle: 'M-5,0A5,5 0 1 1 5,0A5,5 0 1 1 -5,0Z',
  square: 'M-4.5,-4.5H4.5V4.5H-4.5Z',
  'triangle-up': 'M0,-5.5L5.5,4.5H-5.5Z',
  'triangle-down': 'M0,5.5L5.5,-4.5H-5.5Z',
  'triangle-right': 'M5.5,0L-4.5,5.5V-5.5Z',
  'triangle-left': 'M-5.5,0L4.5,5.5V-5.5Z',
  diamond: 'M0,-6L6,0L0,6L-6,0Z',
  cross: 'M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z',
};

/** The mark of a policy at a place. */
export function markAt(
  mark: Mark,
  x: number,
  y: number,
  attributes: Readonly<Record<string, string | number>>,
) {
  return shape('path', { ...attributes, d: OUTLINES[mark], transform: `translate(${x} ${y})` });
}

const WIDTH = 30;
const HEIGHT = 14;

/** How a policy looks in charts: its line, and its mark on it. @param mark left out of charts that have lines alone */
export function sample(policy: number, mark: Mark | undefined): SVGSVGElement {
  const svg = shape('svg', { class: 'sample', width: WIDTH, height: HEIGHT, 'aria-hidden': 'true' });
  const middle = HEIGHT / 2;
  svg.append(shape('line', { class: `line p${policy}`, x1: 0, x2: WIDTH, y1: middle, y2: middle }));
  if (mark) svg.append(markAt(mark, WIDTH / 2, middle, { class: `dot best p${policy}` }));
  return svg;
}
