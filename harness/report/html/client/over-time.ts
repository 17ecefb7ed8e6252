import { byteUnit, largest, timeUnit } from '../../figures/units.js';
import type { ChartCell, ChartModel, ChartPanel, Curve } from '../model.js';
import { element, shape } from './dom.js';
import { frame, MARGIN } from './frame.js';
import { bytesText, timeText } from './text.js';
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
    const own = { class: `line c${first % 10} d${first % 8}`, 'data-policies': policies.join(' ') };
    const stroke = shape('line', { ...own, x1: 0, x2: 24, y1: 5, y2: 5 });
    const sample = shape('svg', { width: 24, height: 10, 'aria-hidden': 'true' }, stroke);
    const names = policies.map((policy) => view.model.policies[policy]).join(', ');
    return element('li', { 'data-policies': policies.join(' ') }, sample, names);
  });
  return element('ul', { class: 'lines' }, ...items);
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
  const { svg, plot, x, y } = frame(
    width,
    HEIGHT,
    `Memory ${name} over time, ${panel.limit}. Arrow keys step through time.`,
    { from: 0, to: (most.us * 1000) / time.size || 1, title: `time (${time.name})` },
    { from: 0, to: (most.bytes / memory.size) * 1.05 || 1, title: `${name} (${memory.name})` },
  );
  const atTime = (us: number) => x.at((us * 1000) / time.size);
  const atBytes = (bytes: number) => y.at(bytes / memory.size);
  const lines = linesOf(panel, view);
  if (panel.limitBytes !== undefined && panel.limitBytes <= most.bytes * 1.05 && series === 0) {
    const at = atBytes(panel.limitBytes);
    plot.append(shape('line', { class: 'limit', x1: x.at(x.from), x2: x.at(x.to), y1: at, y2: at }));
  }
  for (const { curve, policies } of lines) {
    const first = policies[0]!;
    const points = curve.us.map((us, i) => `${atTime(us).toFixed(1)},${atBytes(curve.bytes[i]!).toFixed(1)}`);
    plot.append(
      shape('polyline', {
        class: `line c${first % 10} d${first % 8}`,
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
