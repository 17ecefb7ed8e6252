import { digits } from '../../figures/units.js';
import { shape } from './dom.js';
import { linear, type Scale, ticks } from './scale.js';

/** An axis: its range in its unit, and its title. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly title: string;
}

export const MARGIN = { left: 52, right: 10, top: 8, bottom: 38 } as const;

/** Pixels of a label of the lower axis and its distance to the next. */
const LABEL_ROOM = 56;

/** An empty chart: axes with labels, and a group for what is drawn. */
export interface Frame {
  readonly svg: SVGSVGElement;
  readonly plot: SVGGElement;
  readonly x: Scale;
  readonly y: Scale;
  readonly width: number;
  readonly height: number;
}

/** An SVG that can be stepped through with the keyboard. @param label what it shows, for readers who cannot see it */
export function canvas(width: number, height: number, label: string): SVGSVGElement {
  return shape('svg', {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    tabindex: 0,
    'aria-label': label,
  });
}

export function frame(width: number, height: number, label: string, across: Axis, up: Axis): Frame {
  const svg = canvas(width, height, label);
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const x = linear(across.from, across.to, MARGIN.left, right);
  const y = linear(up.from, up.to, bottom, MARGIN.top);
  const axes = shape('g', { class: 'axes', 'aria-hidden': 'true' });
  for (const value of ticks(y, 4)) {
    const at = y.at(value);
    axes.append(shape('line', { class: 'grid', x1: MARGIN.left, x2: right, y1: at, y2: at }));
    axes.append(
      shape('text', { x: MARGIN.left - 6, y: at, 'text-anchor': 'end', dy: '0.32em' }, digits(value)),
    );
  }
  for (const value of ticks(x, Math.max(2, Math.floor((right - MARGIN.left) / LABEL_ROOM)))) {
    const at = x.at(value);
    axes.append(shape('line', { class: 'tick', x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    axes.append(shape('text', { x: at, y: bottom + 16, 'text-anchor': 'middle' }, digits(value)));
  }
  axes.append(
    shape('line', { class: 'base', x1: MARGIN.left, x2: right, y1: bottom, y2: bottom }),
    shape(
      'text',
      { class: 'title', x: (MARGIN.left + right) / 2, y: height - 5, 'text-anchor': 'middle' },
      across.title,
    ),
    shape(
      'text',
      {
        class: 'title',
        transform: `translate(11 ${(MARGIN.top + bottom) / 2}) rotate(-90)`,
        'text-anchor': 'middle',
      },
      up.title,
    ),
  );
  const plot = shape('g');
  svg.append(axes, plot);
  return { svg, plot, x, y, width, height };
}
