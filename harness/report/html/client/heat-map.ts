import { bytesText, byteUnit, digits, largest, timeText, timeUnit } from '../../figures/units.js';
import type { HeatMap } from '../model.js';
import { shape } from './dom.js';
import { frame } from './frame.js';
import { type Anchor, showTooltips } from './tooltip.js';

const HEIGHT = 260;
/** Numbers of a rectangle. */
const FIELDS = 5;
/** Colours of decades of touches. */
const COLORS = 6;

interface Rectangle {
  readonly us: number;
  readonly usEnd: number;
  readonly byte: number;
  readonly byteEnd: number;
  readonly touches: number;
}

function rectangles({ cells }: HeatMap): Rectangle[] {
  return Array.from({ length: cells.length / FIELDS }, (_, i) => {
    const [us, usEnd, byte, byteEnd, touches] = cells.slice(i * FIELDS, (i + 1) * FIELDS) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { us, usEnd, byte, byteEnd, touches };
  });
}

/** Decades of touches share a colour. */
function colorOf({ touches }: Rectangle): number {
  return Math.min(COLORS - 1, Math.floor(Math.log10(Math.max(1, touches))));
}

/** What colours mean, from few touches to many. */
export const HEAT_LEGEND: readonly string[] = Array.from({ length: COLORS }, (_, i) => {
  const from = digits(Number(`1e${i}`));
  return i === COLORS - 1 ? `${from} or more` : `from ${from}`;
});

/** Touches by time and address: one path a colour, as there are thousands of rectangles. */
export function heatMap(map: HeatMap, width: number): SVGSVGElement {
  const all = rectangles(map);
  const time = timeUnit(largest(all.map(({ usEnd }) => usEnd)) * 1000);
  const memory = byteUnit(largest(all.map(({ byteEnd }) => byteEnd)));
  const { svg, plot, x, y } = frame(
    width,
    HEIGHT,
    `Touches of ${map.trace} by time and address. Arrow keys step through them.`,
    {
      from: 0,
      to: largest(all.map(({ usEnd }) => (usEnd * 1000) / time.size)),
      title: `time (${time.name})`,
    },
    {
      from: 0,
      to: largest(all.map(({ byteEnd }) => byteEnd / memory.size)),
      title: `touched memory (${memory.name})`,
    },
  );
  const drawn = all.map((rectangle) => {
    const left = x.at((rectangle.us * 1000) / time.size);
    const top = y.at(rectangle.byteEnd / memory.size);
    return {
      rectangle,
      left,
      top,
      // At least what a screen can show.
      wide: Math.max(0.5, x.at((rectangle.usEnd * 1000) / time.size) - left),
      high: Math.max(0.5, y.at(rectangle.byte / memory.size) - top),
    };
  });
  for (let color = 0; color < COLORS; color++) {
    const own = drawn.filter(({ rectangle }) => colorOf(rectangle) === color);
    const path = own.map(({ left, top, wide, high }) => {
      const [w, h] = [wide.toFixed(1), high.toFixed(1)];
      return `M${left.toFixed(1)},${top.toFixed(1)}h${w}v${h}h-${w}Z`;
    });
    plot.append(shape('path', { class: `h${color}`, d: path.join('') }));
  }
  const anchors = drawn.map(
    ({ rectangle, left, top, wide, high }): Anchor => ({
      x: left + wide / 2,
      y: top + high / 2,
      tooltip: () => ({
        title: `${timeText(rectangle.us * 1000)} to ${timeText(rectangle.usEnd * 1000)}`,
        rows: [
          { name: 'from', value: bytesText(rectangle.byte), policies: [] },
          { name: 'touches', value: digits(rectangle.touches), policies: [] },
        ],
        cursor: shape('rect', { class: 'cursor', x: left, y: top, width: wide, height: high }),
      }),
    }),
  );
  showTooltips(svg, anchors, Math.hypot, () => {});
  return svg;
}
