import { plot } from 'simple-ascii-chart';

/** Misses of one policy by size. */
export interface MissCurve {
  readonly label: string;
  /** [size in pages, miss ratio], by rising size. */
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 64;
const HEIGHT = 16;
/** Height of a chart that is one of several. */
const LOW = 8;
const COLORS = [
  'ansiCyan',
  'ansiYellow',
  'ansiGreen',
  'ansiMagenta',
  'ansiRed',
  'ansiBlue',
  'ansiWhite',
] as const;

/**
 * Miss ratio curves for a terminal: sizes on a logarithmic axis, steps between the sizes that were asked for.
 *
 * @param color whether the terminal shows colours; without them curves could not be distinguished, and each has a chart of its own
 */
export function drawCurves(curves: readonly MissCurve[], color: boolean): string {
  const charts = color
    ? [chart(curves, HEIGHT, true)]
    : curves.map((curve) => chart([curve], curves.length > 1 ? LOW : HEIGHT, false));
  return `miss ratio by size in pages\n${charts.join('')}`;
}

function chart(curves: readonly MissCurve[], height: number, color: boolean): string {
  const series = curves.map(({ points }) =>
    points.map(([size, ratio]) => [Math.log2(size), ratio] as [number, number]),
  );
  return plot(series, {
    width: WIDTH,
    height,
    ...(color ? { color: curves.map((_, i) => COLORS[i % COLORS.length]!) } : {}),
    formatter: (value, { axis }) => (axis === 'x' ? Math.round(2 ** value) : value.toFixed(2)),
    legend: { position: 'bottom', series: curves.map(({ label }) => label) },
  });
}
