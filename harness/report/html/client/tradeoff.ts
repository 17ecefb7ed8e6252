import { bytesText, byteUnit, timeText, timeUnit, type Unit } from '../../figures/units.js';
import type { ChartCell, ChartPanel, Measured } from '../model.js';
import { shape } from './dom.js';
import { type Axis, type Frame, frame, MARGIN } from './frame.js';
import { placeLabels } from './labels.js';
import { markAt } from './marks.js';
import { differenceText, labelWidth, namesText } from './text.js';
import { type Anchor, showTooltips, type Tooltip } from './tooltip.js';
import type { View } from './view.js';

const HEIGHT = 240;
/** Marks closer than this are one, in pixels. */
const SAME = 2;
/** Labels are placed on a page with letters of 8 points; here they have more pixels. */
const LETTERS = 11 / 8;
const SIZE = 5;
/** Between a mark and its label. */
const AWAY = 2;

/** Policies in one place. */
interface Dot {
  readonly x: number;
  readonly y: number;
  readonly cells: ChartCell[];
}

function dotsOf(cells: readonly ChartCell[], at: (cell: ChartCell) => { x: number; y: number }): Dot[] {
  const dots: Dot[] = [];
  for (const cell of cells) {
    const { x, y } = at(cell);
    const same = dots.find((dot) => Math.abs(dot.x - x) < SAME && Math.abs(dot.y - y) < SAME);
    if (same) same.cells.push(cell);
    else dots.push({ x, y, cells: [cell] });
  }
  return dots;
}

const onFront = ({ cells }: Dot) => cells.some(({ rank }) => rank === 'best');
const rankOf = (dot: Dot) =>
  onFront(dot) ? 'best' : dot.cells.some(({ rank }) => rank === 'tie') ? 'tie' : '';

/** The line that joins the best: for some cost, what can be saved. */
function frontLine(dots: readonly Dot[]): SVGElement {
  const front = dots.filter(onFront).sort((a, b) => a.x - b.x);
  const path = front.map(({ x, y }, i) => (i === 0 ? `M${x},${y}` : `H${x}V${y}`)).join('');
  return shape('path', { class: 'front', d: path });
}

function drawLabels({ plot, width, height }: Frame, dots: readonly Dot[], view: View): void {
  const small = (value: number) => value / LETTERS;
  const marks = dots.map((dot) => ({
    x: small(dot.x - MARGIN.left),
    y: small(dot.y - MARGIN.top),
    text: onFront(dot)
      ? namesText(
          dot.cells.map(({ policy }) => view.model.policies[policy]!),
          1,
        )
      : '',
  }));
  const panel = {
    width: small(width - MARGIN.left - MARGIN.right),
    height: small(height - MARGIN.top - MARGIN.bottom),
  };
  for (const { x, y, text } of placeLabels(marks, panel, (words) => small(labelWidth(words) + 2 * AWAY)))
    plot.append(
      shape(
        'text',
        { class: 'label', x: x * LETTERS + MARGIN.left + AWAY, y: y * LETTERS + MARGIN.top, dy: '0.32em' },
        text,
      ),
    );
}

/** What stands for nothing known. */
const NOTHING: Measured = [0, null, null];

function savedOf({ savedBytes }: ChartCell): Measured {
  return savedBytes ?? NOTHING;
}

function extraOf({ extraNs }: ChartCell): Measured {
  return extraNs ?? NOTHING;
}

function tooltipOf(dot: Dot, view: View): Tooltip {
  const first = dot.cells[0]!;
  const policies = dot.cells.map(({ policy }) => policy);
  return {
    title: `${view.names(policies)}${rankOf(dot) === '' ? '' : ` (${rankOf(dot)})`}`,
    rows: [
      { name: 'saved', value: differenceText(savedOf(first), bytesText), policies },
      { name: `extra ${view.model.costName}`, value: differenceText(extraOf(first), timeText), policies: [] },
      { name: `all ${view.model.costName}`, value: timeText(first.costNs[0]), policies: [] },
    ],
    cursor: shape('circle', { class: 'cursor', cx: dot.x, cy: dot.y, r: SIZE + 4 }),
  };
}

/** What a chart shows, as text. */
function described(cells: readonly ChartCell[], { model }: View): string {
  return cells
    .map((cell) => {
      const saved = differenceText(savedOf(cell), bytesText);
      const extra = differenceText(extraOf(cell), timeText);
      return `${model.policies[cell.policy]}: saved ${saved}, extra ${model.costName} ${extra}${cell.rank === '' ? '' : `, ${cell.rank}`}`;
    })
    .join('; ');
}

/** Where values of a measure lie, with 0 and the ends of all intervals. */
function rangeOf(values: readonly Measured[]): readonly [number, number] {
  const ends = values.flatMap(([mean, low, high]) => [mean, low ?? mean, high ?? mean]);
  return [Math.min(0, ...ends), Math.max(0, ...ends)];
}

/** The range of an axis in its unit, with some room at its ends. */
function axisOf([from, to]: readonly [number, number], { name, size }: Unit, title: string): Axis {
  const room = (to - from || size) * 0.08;
  const least = from < 0 ? from - room : from;
  return { from: least / size, to: (to + room) / size, title: `${title} (${name})` };
}

/** Half the length of the ends of an interval. */
const END = 3;

/** The 95 % intervals of a dot, in the colour of its policy. */
function intervals({ x, y }: Frame, dot: Dot, time: Unit, memory: Unit): SVGElement[] {
  const { policy } = dot.cells[0]!;
  const [, left, right] = extraOf(dot.cells[0]!);
  const [, low, high] = savedOf(dot.cells[0]!);
  const line = (d: string) => shape('path', { class: `interval p${policy}`, d });
  const across = (from: number, to: number) =>
    `M${from},${dot.y - END}v${2 * END}m0,-${END}H${to}m0,-${END}v${2 * END}`;
  const up = (from: number, to: number) =>
    `M${dot.x - END},${from}h${2 * END}m-${END},0V${to}m-${END},0h${2 * END}`;
  return [
    ...(left === null || right === null || left === right
      ? []
      : [line(across(x.at(left / time.size), x.at(right / time.size)))]),
    ...(low === null || high === null || low === high
      ? []
      : [line(up(y.at(low / memory.size), y.at(high / memory.size)))]),
  ];
}

/**
 * Memory saved against what it costs beyond what the reference does: a mark for the policies in one place, with their
 * intervals.
 *
 * @param saved the least and the most bytes saved in charts that are read side by side
 */
export function tradeoff(
  panel: ChartPanel,
  saved: readonly [number, number],
  width: number,
  view: View,
): SVGSVGElement {
  const { model } = view;
  const cells = panel.cells.filter(
    ({ policy, savedBytes, extraNs }) => savedBytes && extraNs && view.shows(policy),
  );
  const extra = rangeOf(cells.map(extraOf));
  const time = timeUnit(extra[1] - extra[0]);
  const memory = byteUnit(saved[1] - saved[0]);
  const drawn = frame(
    width,
    HEIGHT,
    `Memory saved against extra ${model.costName}, ${panel.limit}. ${described(cells, view)}. Arrow keys step through the policies, Enter marks one.`,
    axisOf(extra, time, `extra ${model.costName}`),
    axisOf(saved, memory, 'saved'),
  );
  const { svg, plot, x, y } = drawn;
  const dots = dotsOf(cells, (cell) => ({
    x: x.at(extraOf(cell)[0] / time.size),
    y: y.at(savedOf(cell)[0] / memory.size),
  })).sort((a, b) => a.x - b.x);
  plot.append(frontLine(dots));
  for (const dot of dots) plot.append(...intervals(drawn, dot, time, memory));
  for (const dot of dots) {
    const policies = dot.cells.map(({ policy }) => policy);
    const first = policies[0]!;
    const own = { class: `dot p${first} ${rankOf(dot)}`, 'data-policies': policies.join(' ') };
    plot.append(markAt(model.marks[first]!, dot.x, dot.y, own));
  }
  drawLabels(drawn, dots, view);
  const anchors = dots.map((dot): Anchor => ({ x: dot.x, y: dot.y, tooltip: () => tooltipOf(dot, view) }));
  showTooltips(svg, anchors, Math.hypot, view.choose);
  return svg;
}

/** The least and the most bytes saved in some panels. */
export function savedRange(panels: readonly ChartPanel[]): readonly [number, number] {
  return rangeOf(panels.flatMap(({ cells }) => cells.map(savedOf)));
}
