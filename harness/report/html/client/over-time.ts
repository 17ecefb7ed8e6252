import { bytesText, byteUnit, largest, timeText, timeUnit } from '../../figures/units.js';
import type { ChartCell, ChartModel, ChartPanel, Curve } from '../model.js';
import { element, shape } from './dom.js';
import { frame, MARGIN } from './frame.js';
import { sample } from './marks.js';
import type { Scale } from './scale.js';
import { type Anchor, showTooltips, type Tooltip } from './tooltip.js';
import type { View } from './view.js';

const HEIGHT = 220;
/** Moments that a chart tells about. */
const STOPS = 60;

/** Cells that hold the same memory. */
interface Line {
  readonly curve: Curve;
  readonly policies: readonly number[];
}

function curveOf({ curves }: ChartModel, cell: ChartCell, series: number): Curve {
  return curves[cell.curves[series]!]!;
}

function linesOf({ cells }: ChartPanel, { model, series, shows }: View): Line[] {
  const lines = new Map<Curve, number[]>();
  for (const cell of cells.filter(({ policy }) => shows(policy))) {
    const curve = curveOf(model, cell, series);
    lines.set(curve, [...(lines.get(curve) ?? []), cell.policy]);
  }
  return [...lines].map(([curve, policies]) => ({ curve, policies }));
}

/** Memory at a moment, between the points of a curve. */
function bytesAt({ us, bytes }: Curve, moment: number): number {
  const next = us.findIndex((time) => time >= moment);
  if (next <= 0) return (next < 0 ? bytes.at(-1) : bytes[0]) ?? 0;
  const [from, to] = [us[next - 1]!, us[next]!];
  const [low, high] = [bytes[next - 1]!, bytes[next]!];
  return to === from ? high : low + ((moment - from) / (to - from)) * (high - low);
}

/** The longest time and the most memory of panels that are read side by side. */
export function extent(
  panels: readonly ChartPanel[],
  { model, series }: View,
): { us: number; bytes: number } {
  const curves = panels.flatMap(({ cells }) => cells.map((cell) => curveOf(model, cell, series)));
  return {
    us: largest(curves.map(({ us }) => us.at(-1) ?? 0)),
    bytes: largest(curves.flatMap(({ bytes }) => bytes)),
  };
}

/** What all lines say of a moment, the most memory first. */
function tooltipOf(lines: readonly Line[], us: number, at: number, view: View): Tooltip {
  const values = lines.map(({ curve, policies }) => ({ policies, bytes: bytesAt(curve, us) }));
  return {
    title: `after ${timeText(us * 1000)}`,
    rows: values
      .sort((a, b) => b.bytes - a.bytes)
      .map(({ policies, bytes }) => ({ name: view.names(policies), value: bytesText(bytes), policies })),
    cursor: shape('line', { class: 'cursor', x1: at, x2: at, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
  };
}

/** Which policies each line is of, below a chart. */
export function lineNames(panel: ChartPanel, view: View): HTMLElement {
  const items = linesOf(panel, view).map(({ policies }) => {
    const first = policies[0]!;
    const names = policies.map((policy) => view.model.policies[policy]).join(', ');
    return element('li', { 'data-policies': policies.join(' ') }, sample(first, undefined), names);
  });
  return element('ul', { class: 'lines' }, ...items);
}

/** The limit: an area that memory may not enter, with its name, so that it looks like no policy. */
function drawLimit(plot: SVGGElement, x: Scale, at: number): void {
  const [left, right] = [x.at(x.from), x.at(x.to)];
  plot.append(
    shape('rect', { class: 'over', x: left, y: MARGIN.top, width: right - left, height: at - MARGIN.top }),
    shape('line', { class: 'limit', x1: left, x2: right, y1: at, y2: at }),
    shape('text', { class: 'limit-name', x: right - 3, y: at - 4, 'text-anchor': 'end' }, 'limit'),
  );
}

/** The mean of a curve over its time. */
function meanOf({ us, bytes }: Curve): number {
  let area = 0;
  for (let i = 1; i < us.length; i++) area += ((bytes[i]! + bytes[i - 1]!) / 2) * (us[i]! - us[i - 1]!);
  const time = us.at(-1)! - us[0]!;
  return time > 0 ? area / time : (bytes[0] ?? 0);
}

/** What a chart shows, as text: the mean and the most of each line. */
function described(lines: readonly Line[], view: View): string {
  return lines
    .map(({ curve, policies }) => {
      const [mean, most] = [bytesText(meanOf(curve)), bytesText(largest(curve.bytes))];
      return `${view.names(policies)}: mean ${mean}, at most ${most}`;
    })
    .join('; ');
}

/** Memory over time: a line for the policies that hold the same. */
export function overTime(
  panel: ChartPanel,
  most: { readonly us: number; readonly bytes: number },
  width: number,
  view: View,
): SVGSVGElement {
  const { model, series } = view;
  const time = timeUnit(most.us * 1000);
  const memory = byteUnit(most.bytes);
  const name = model.series[series]!;
  const lines = linesOf(panel, view);
  const { svg, plot, x, y } = frame(
    width,
    HEIGHT,
    `Memory ${name} over time, ${panel.limit}. ${described(lines, view)}. Arrow keys step through time.`,
    { from: 0, to: (most.us * 1000) / time.size || 1, title: `time (${time.name})` },
    { from: 0, to: (most.bytes / memory.size) * 1.05 || 1, title: `${name} (${memory.name})` },
  );
  const atTime = (us: number) => x.at((us * 1000) / time.size);
  const atBytes = (bytes: number) => y.at(bytes / memory.size);
  if (panel.limitBytes !== undefined && panel.limitBytes <= most.bytes * 1.05 && series === 0) {
    drawLimit(plot, x, atBytes(panel.limitBytes));
  }
  for (const { curve, policies } of lines) {
    const first = policies[0]!;
    const points = curve.us.map((us, i) => `${atTime(us).toFixed(1)},${atBytes(curve.bytes[i]!).toFixed(1)}`);
    plot.append(
      shape('polyline', {
        class: `line p${first}`,
        'data-policies': policies.join(' '),
        points: points.join(' '),
      }),
    );
  }
  const anchors = Array.from({ length: STOPS + 1 }, (_, i): Anchor => {
    const us = (most.us * i) / STOPS;
    const at = atTime(us);
    return { x: at, y: MARGIN.top, tooltip: () => tooltipOf(lines, us, at, view) };
  });
  showTooltips(
    svg,
    anchors,
    (dx) => Math.abs(dx),
    () => {},
  );
  return svg;
}
