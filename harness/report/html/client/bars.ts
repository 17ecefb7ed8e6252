import { largest } from '../../figures/units.js';
import { shape } from './dom.js';
import { canvas } from './frame.js';
import { linear, ticks } from './scale.js';
import { digits } from './text.js';
import { type Anchor, showTooltips, type Tooltip } from './tooltip.js';
import type { View } from './view.js';

/** A bar of one policy, of parts that are stacked. */
export interface Bar {
  readonly policy: number;
  /** In the order of the names of parts. */
  readonly values: readonly number[];
}

/** What the numbers of a bar are in. */
export interface Measure {
  readonly title: string;
  /** What values of the axis are divided by. */
  readonly size: number;
  text(value: number): string;
}

const ROW = 18;
const BAR = 12;
const LEFT = 112;
const RIGHT = 12;
const BOTTOM = 38;
const LABEL_ROOM = 56;

function total({ values }: Bar): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function axis(svg: SVGSVGElement, width: number, bottom: number, most: number, { title, size }: Measure) {
  const x = linear(0, most / size || 1, LEFT, width - RIGHT);
  const axes = shape('g', { class: 'axes', 'aria-hidden': 'true' });
  for (const value of ticks(x, Math.max(2, Math.floor((width - LEFT) / LABEL_ROOM)))) {
    const at = x.at(value);
    axes.append(shape('line', { class: 'grid', x1: at, x2: at, y1: 0, y2: bottom }));
    axes.append(shape('text', { x: at, y: bottom + 15, 'text-anchor': 'middle' }, digits(value)));
  }
  axes.append(
    shape(
      'text',
      { class: 'title', x: (LEFT + width - RIGHT) / 2, y: bottom + BOTTOM - 6, 'text-anchor': 'middle' },
      title,
    ),
  );
  svg.append(axes);
  return (value: number) => x.at(value / size);
}

/** The whole bar, then its parts. */
function rowsOf(bar: Bar, parts: readonly string[], measure: Measure): Tooltip['rows'] {
  const whole = { name: 'in all', value: measure.text(total(bar)), policies: [bar.policy] };
  const each = bar.values.flatMap((value, part) =>
    value > 0 ? [{ name: parts[part]!, value: measure.text(value), policies: [] }] : [],
  );
  return [whole, ...each];
}

/** Bars below each other, a row a policy, on an axis up to `most`. */
export function bars(
  rows: readonly Bar[],
  parts: readonly string[],
  most: number,
  measure: Measure,
  label: string,
  width: number,
  view: View,
): SVGSVGElement {
  const bottom = rows.length * ROW;
  const svg = canvas(
    width,
    bottom + BOTTOM,
    `${label} ${rows.map((bar) => `${view.model.policies[bar.policy]}: ${measure.text(total(bar))}`).join('; ')}. Arrow keys step through the policies, Enter marks one.`,
  );
  const at = axis(svg, width, bottom, most, measure);
  const anchors = rows.map((bar, row): Anchor => {
    const top = row * ROW + (ROW - BAR) / 2;
    const name = view.model.policies[bar.policy]!;
    const group = shape('g', { class: 'bar', 'data-policies': bar.policy });
    group.append(
      shape(
        'text',
        { class: 'name', x: LEFT - 6, y: top + BAR / 2, 'text-anchor': 'end', dy: '0.32em' },
        name,
      ),
    );
    let from = 0;
    bar.values.forEach((value, part) => {
      if (value <= 0) return;
      const start = at(from);
      from += value;
      group.append(
        shape('rect', { class: `f${part % 9}`, x: start, y: top, width: at(from) - start, height: BAR }),
      );
    });
    svg.append(group);
    const tooltip = () => ({
      title: name,
      rows: rowsOf(bar, parts, measure),
      cursor: shape('rect', {
        class: 'cursor',
        x: LEFT,
        y: row * ROW + 0.5,
        width: width - LEFT - RIGHT,
        height: ROW - 1,
      }),
    });
    return { x: at(total(bar)), y: top, tooltip };
  });
  showTooltips(svg, anchors, (_dx, dy) => Math.abs(dy + BAR / 2), view.choose);
  return svg;
}

/** The longest bar of several panels. */
export function longest(panels: readonly (readonly Bar[])[]): number {
  return largest(panels.flat().map(total));
}
