import { plot } from 'simple-ascii-chart';

/** Misses of one policy by size. */
export interface MissCurve {
  readonly label: string;
  /** [size in pages, miss ratio], by rising size. */
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 64;
const HEIGHT = 16;
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
 * @param color whether the terminal shows colours; without them more than one curve cannot be told apart
 */
export function drawCurves(curves: readonly MissCurve[], color: boolean): string {
  const series = curves.map(({ points }) =>
    points.map(([size, ratio]) => [Math.log2(size), ratio] as [number, number]),
  );
  const chart = plot(series, {
    width: WIDTH,
    height: HEIGHT,
    ...(color ? { color: curves.map((_, i) => COLORS[i % COLORS.length] as (typeof COLORS)[number]) } : {}),
    formatter: (value, { axis }) => (axis === 'x' ? Math.round(2 ** value) : value.toFixed(2)),
    legend: { position: 'bottom', series: curves.map(({ label }) => label) },
  });
  return `miss ratio by size in pages\n${chart}`;
}
