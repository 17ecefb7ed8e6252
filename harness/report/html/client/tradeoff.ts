import { placeLabels } from '../../figures/labels.js';
import { byteUnit, largest, timeUnit } from '../../figures/units.js';
import type { ChartCell, ChartPanel } from '../model.js';
import { shape } from './dom.js';
import { type Frame, frame, MARGIN } from './frame.js';
import { bytesText, labelWidth, namesText, timeText } from './text.js';
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

/** Outlines of marks around 0, by policy: shapes distinguish what has similar colours. */
const SHAPES: readonly string[] = [
  'M-5,0A5,5 0 1 1 5,0A5,5 0 1 1 -5,0Z',
  'M-4.5,-4.5H4.5V4.5H-4.5Z',
  'M0,-5.5L5.5,4.5H-5.5Z',
  'M0,-6L6,0L0,6L-6,0Z',
  'M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z',
  'M0,5.5L5.5,-4.5H-5.5Z',
  'M5.5,0L-4.5,5.5V-5.5Z',
  'M-5.5,0L4.5,5.5V-5.5Z',
];

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

const onFront = ({ cells }: Dot) => cells.some(({ front }) => front);

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

function tooltipOf(dot: Dot, view: View): Tooltip {
  const { costNs, savedBytes } = dot.cells[0]!;
  const policies = dot.cells.map(({ policy }) => policy);
  return {
    title: `${view.names(policies)}${onFront(dot) ? ' (best)' : ''}`,
    rows: [
      { name: 'saved', value: bytesText(savedBytes ?? 0), policies },
      { name: view.model.costName, value: timeText(costNs), policies: [] },
    ],
    cursor: shape('circle', { class: 'cursor', cx: dot.x, cy: dot.y, r: SIZE + 4 }),
  };
}

/** Memory saved against what it costs: a mark for the policies in one place. */
export function tradeoff(
  panel: ChartPanel,
  saved: readonly [number, number],
  width: number,
  view: View,
): SVGSVGElement {
  const { model } = view;
  const cells = panel.cells.filter(({ policy, savedBytes }) => savedBytes !== null && view.shows(policy));
  const described = cells.map(({ policy, savedBytes, costNs, front }) => {
    const best = front ? ', best' : '';
    return `${model.policies[policy]}: saved ${bytesText(savedBytes ?? 0)}, ${model.costName} ${timeText(costNs)}${best}`;
  });
  const cost = largest(cells.map(({ costNs }) => costNs));
  const time = timeUnit(cost);
  const memory = byteUnit(Math.max(...saved.map(Math.abs)));
  const drawn = frame(
    width,
    HEIGHT,
    `Memory saved against ${model.costName}, ${panel.limit}. ${described.join('; ')}. Arrow keys step through the policies, Enter marks one.`,
    { from: 0, to: (cost / time.size) * 1.1 || 1, title: `${model.costName} (${time.name})` },
    {
      from: (saved[0] / memory.size) * 1.1,
      to: (saved[1] / memory.size) * 1.1 || 1,
      title: `saved (${memory.name})`,
    },
  );
  const { svg, plot, x, y } = drawn;
  const dots = dotsOf(cells, ({ costNs, savedBytes }) => ({
    x: x.at(costNs / time.size),
    y: y.at((savedBytes ?? 0) / memory.size),
  })).sort((a, b) => a.x - b.x);
  plot.append(frontLine(dots));
  for (const dot of dots) {
    const policies = dot.cells.map(({ policy }) => policy);
    const first = policies[0]!;
    plot.append(
      shape('path', {
        class: `dot c${first % 10} ${onFront(dot) ? 'best' : ''}`,
        d: SHAPES[first % SHAPES.length]!,
        transform: `translate(${dot.x} ${dot.y})`,
        'data-policies': policies.join(' '),
      }),
    );
  }
  drawLabels(drawn, dots, view);
  const anchors = dots.map((dot): Anchor => ({ x: dot.x, y: dot.y, tooltip: () => tooltipOf(dot, view) }));
  showTooltips(svg, anchors, Math.hypot, view.choose);
  return svg;
}
