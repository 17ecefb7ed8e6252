import { digits, largest } from '../../figures/units.js';
import { shape } from './dom.js';
import { canvas } from './frame.js';
import { linear, ticks } from './scale.js';
import { namesText } from './text.js';
import { type Anchor, showTooltips, type Tooltip } from './tooltip.js';
import type { View } from './view.js';

/** A bar of parts that are stacked, of one policy or of several that look the same. */
export interface Bar {
  readonly policies: readonly number[];
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
/** Room for the name of a marked value. */
const TOP = 14;

/** Bars whose parts differ by less than this share of the longest one look the same. */
const SAME = 0.002;

/** Bars that look the same, as one. */
export function merged(bars: readonly Bar[], most: number): Bar[] {
  const distinct: Bar[] = [];
  for (const bar of bars) {
    const at = distinct.findIndex(({ values }) =>
      values.every((value, i) => Math.abs(value - bar.values[i]!) <= SAME * most),
    );
    if (at < 0) distinct.push(bar);
    else distinct[at] = { ...distinct[at]!, policies: [...distinct[at]!.policies, ...bar.policies] };
  }
  return distinct;
}

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
  const whole = { name: 'in all', value: measure.text(total(bar)), policies: bar.policies };
  const each = bar.values.flatMap((value, part) =>
    value > 0 ? [{ name: parts[part]!, value: measure.text(value), policies: [] }] : [],
  );
  return [whole, ...each];
}

/** What bars are drawn with, besides their values. */
export interface BarStyle {
  readonly parts: readonly string[];
  /** The end of the axis. */
  readonly most: number;
  readonly measure: Measure;
  readonly width: number;
  /** A value that is marked across all bars, with its name. */
  readonly mark?: { readonly value: number; readonly name: string } | undefined;
}

/** A line across all bars. */
function markLine({ value, name }: NonNullable<BarStyle['mark']>, x: number, bottom: number): SVGElement[] {
  if (value <= 0) return [];
  return [
    shape('line', { class: 'own', x1: x, x2: x, y1: 0, y2: bottom }),
    shape('text', { class: 'own-name', x: x + 3, y: TOP - 4 }, name),
  ];
}

/** Bars below each other, a row a policy. @param label what they show, for readers who cannot see it */
export function bars(
  rows: readonly Bar[],
  { parts, most, measure, width, mark }: BarStyle,
  label: string,
  view: View,
): SVGSVGElement {
  const top = mark ? TOP : 0;
  const bottom = top + rows.length * ROW;
  const svg = canvas(
    width,
    bottom + BOTTOM,
    `${label} ${rows.map((bar) => `${view.names(bar.policies)}: ${measure.text(total(bar))}`).join('; ')}. Arrow keys step through the policies, Enter marks one.`,
  );
  const at = axis(svg, width, bottom, most, measure);
  const anchors = rows.map((bar, row): Anchor => {
    const above = top + row * ROW;
    const middle = above + (ROW - BAR) / 2;
    const name = view.names(bar.policies);
    const group = shape('g', { class: 'bar', 'data-policies': bar.policies.join(' ') });
    group.append(
      shape(
        'text',
        { class: 'name', x: LEFT - 6, y: middle + BAR / 2, 'text-anchor': 'end', dy: '0.32em' },
        namesText(
          bar.policies.map((policy) => view.model.policies[policy]!),
          1,
        ),
      ),
    );
    let from = 0;
    bar.values.forEach((value, part) => {
      if (value <= 0) return;
      const start = at(from);
      from += value;
      group.append(
        shape('rect', { class: `f${part % 9}`, x: start, y: middle, width: at(from) - start, height: BAR }),
      );
    });
    svg.append(group);
    const tooltip = () => ({
      title: name,
      rows: rowsOf(bar, parts, measure),
      cursor: shape('rect', {
        class: 'cursor',
        x: LEFT,
        y: above + 0.5,
        width: width - LEFT - RIGHT,
        height: ROW - 1,
      }),
    });
    return { x: at(total(bar)), y: middle, tooltip };
  });
  if (mark) svg.append(...markLine(mark, at(mark.value), bottom));
  showTooltips(svg, anchors, (_dx, dy) => Math.abs(dy + BAR / 2), view.choose);
  return svg;
}

/** The longest bar of several panels. */
export function longest(panels: readonly (readonly Bar[])[]): number {
  return largest(panels.flat().map(total));
}
