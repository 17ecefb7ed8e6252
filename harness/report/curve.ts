import { plot } from 'simple-ascii-chart';

/** Misses of one policy by size. */
export interface MissCurve {
  readonly label: string;
  /** [size, miss ratio], by rising size. */
  readonly points: readonly (readonly [number, number])[];
}

/** Curves with the same points: one mark, with all their names. */
interface Marked {
  readonly labels: string[];
  readonly points: MissCurve['points'];
}

const WIDTH = 64;
const HEIGHT = 16;
const MARKS = [...'●○■□▲△◆◇', ...'abcdefghijklmnopqrstuvwxyz'];
/** Where marks of several curves fall together. */
const SEVERAL = '*';
/** SGR codes: cyan, yellow, green, magenta, red, blue. */
const COLORS = [36, 33, 32, 35, 31, 34];

/**
 * Miss ratios for a terminal, in one chart with one scale: sizes on a logarithmic axis, a mark for each policy at the sizes
 * that were asked for.
 *
 * @param unit of the sizes
 * @param color whether marks have colours as well
 */
export function drawCurves(curves: readonly MissCurve[], unit: 'pages' | 'bytes', color: boolean): string {
  const marked = joined(curves);
  const marks = marked.map((_, i) => {
    const mark = MARKS[i % MARKS.length]!;
    return color ? `\u001b[${COLORS[i % COLORS.length]}m${mark}\u001b[0m` : mark;
  });
  const cells = new Map<string, Set<number>>();
  // Which marks fall together is known when all have been placed.
  draw(marked, (curve, cell) => {
    cells.set(cell, (cells.get(cell) ?? new Set()).add(curve));
    return '';
  });
  const chart = draw(marked, (curve, cell) => (cells.get(cell)!.size > 1 ? SEVERAL : marks[curve]!));
  const names = marked.map(({ labels }, i) => `${marks[i]} ${labels.join(', ')}`);
  const several = [...cells.values()].some(({ size }) => size > 1) ? [`${SEVERAL} several of them`] : [];
  return `miss ratio by size in ${unit}\n${chart}\n${[...names, ...several].join('\n')}`;
}

function joined(curves: readonly MissCurve[]): Marked[] {
  const marked = new Map<string, Marked>();
  for (const { label, points } of curves) {
    const key = JSON.stringify(points);
    const same = marked.get(key);
    if (same) same.labels.push(label);
    else marked.set(key, { labels: [label], points });
  }
  return [...marked.values()];
}

/** Draws the points of curves; `markOf` has the mark of a curve in a cell of the chart. */
function draw(curves: readonly Marked[], markOf: (curve: number, cell: string) => string): string {
  let curve = -1;
  const series = curves.map(({ points }) =>
    points.map(([size, ratio]) => [Math.log2(size), ratio] as [number, number]),
  );
  const chart = plot(series, {
    width: WIDTH,
    height: HEIGHT,
    formatter: (value, { axis }) => (axis === 'x' ? Math.round(2 ** value) : value.toFixed(2)),
    // The points of a curve come in order, one curve after another.
    lineFormatter({ index, plotX, plotY }) {
      if (index === 0) curve++;
      return { x: plotX, y: plotY, symbol: markOf(curve, `${plotX} ${plotY}`) };
    },
  });
  return chart.replace(/ +$/gm, '').replace(/^\n+|\n+$/g, '');
}
