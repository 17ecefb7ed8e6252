import type { FidelityCsvRow } from '../../metrics/files.js';
import { policyStyles } from '../style.js';
import type { FigureData } from './data.js';
import type { Figure, Spec } from './figure.js';
import { keyOfLines, type MarkedLine } from './lines.js';
import { panelDrawing } from './panels.js';
import { logAxis, THIN } from './style.js';
import { rounded } from './units.js';

/** What rows came to, in the order in which the key has them. */
const VERDICTS = ['same', 'within', 'outside', 'shown'] as const;
const NAMES: Readonly<Record<(typeof VERDICTS)[number], string>> = {
  same: 'the same',
  within: 'within the bound',
  outside: 'outside',
  shown: 'no bound',
};
const HEIGHT = 150;
/** Says how runs ended, and is no count. */
const OUTCOME = 'outcome_ok';

/** A row with numbers on both sides. */
interface Compared extends FidelityCsvRow {
  readonly simulated: number;
  readonly live_min: number;
  readonly live_max: number;
}

function isCompared(row: FidelityCsvRow): row is Compared {
  return row.simulated !== null && row.live_min !== null && row.live_max !== null;
}

function comparedRows(data: FigureData): Compared[] {
  return data
    .rows('fidelity.csv')
    .filter(isCompared)
    .filter(({ metric }) => metric !== OUTCOME);
}

function isDrawn({ simulated, live_min: low }: Compared): boolean {
  return simulated > 0 && low > 0;
}

function pointsOf(rows: readonly Compared[]) {
  return rows.map((row) => ({ x: Math.sqrt(row.live_min * row.live_max), y: row.simulated }));
}

/** How far a row is from the diagonal, as a share. */
function shareOff({ simulated, live_min: low, live_max: high }: Compared): number {
  return Math.max(Math.abs(low / simulated - 1), Math.abs(high / simulated - 1));
}

/** The message of the figure in a sentence. */
function message(rows: readonly Compared[]): string {
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const bounded = rows.filter(({ bound }) => bound !== 'none' && bound !== 'exact').filter(isDrawn);
  const worst = bounded.toSorted((a, b) => shareOff(b) - shareOff(a))[0];
  const far =
    worst === undefined
      ? ''
      : ` Most is off with a bound: ${worst.metric} of ${worst.trace} under ${worst.discard}, by ${(shareOff(worst) * 100).toFixed(1)} %.`;
  return `Of ${rows.length} numbers ${count('same')} are the same, ${count('within')} within their bound, ${count('outside')} outside, and ${count('shown')} have none.${far}`;
}

/** Points, bars from the least to the most that was live, and the diagonal. */
function layers(
  lines: readonly MarkedLine[],
  rows: readonly Compared[],
  axis: Spec,
  title: [Spec, Spec],
): Spec[] {
  const [x, y] = title;
  const { domain } = axis.scale as { domain: [number, number] };
  const channel = (field: string, of: Spec): Spec => ({ field, type: 'quantitative', ...of, ...axis });
  const both = { x: channel('x', x), y: channel('y', y) };
  return [
    {
      data: { values: domain.map((v) => ({ x: v, y: v })) },
      mark: { type: 'line', ...THIN },
      encoding: both,
    },
    {
      data: {
        values: rows
          .filter((row) => row.live_min < row.live_max)
          .map((row) => ({ x: row.live_min, x2: row.live_max, y: row.simulated })),
      },
      mark: { type: 'rule', ...THIN },
      encoding: { ...both, x2: { field: 'x2' } },
    },
    ...lines.map(({ look, points }) => ({
      data: { values: points.map((point) => ({ x: rounded(point.x), y: rounded(point.y) })) },
      mark: { type: 'point', filled: true, size: 22, opacity: 1, color: look.color, shape: look.mark },
      encoding: both,
    })),
  ];
}

/** What is counted on the simulated kernel by what live ones count, with the diagonal on which both are the same. */
export const fidelity: Figure = {
  name: 'fidelity',
  summary: 'counts of the simulated kernel by those of live ones, from `reclaim fidelity --out`',
  needs: { 'fidelity.csv': ['simulated', 'live_min'] },
  lacks: (data) =>
    comparedRows(data).some(isDrawn) ? undefined : 'all numbers are 0, or not known on one side',
  draw(data, page) {
    const rows = comparedRows(data);
    const shown = rows.filter(isDrawn);
    const looks = policyStyles(VERDICTS.map((verdict) => NAMES[verdict]));
    const lines = VERDICTS.map((verdict) => ({
      text: NAMES[verdict],
      look: looks.get(NAMES[verdict])!,
      points: pointsOf(shown.filter((row) => row.verdict === verdict)),
    })).filter(({ points }) => points.length > 0);
    const values = shown.flatMap((row) => [row.simulated, row.live_min, row.live_max]);
    const kernels = [...new Set(rows.map(({ kernel, cgroup }) => `${kernel} (cgroup ${cgroup})`))];
    const left = rows.length - shown.length;
    const none = left === 0 ? '' : ` ${left} that are 0 on one side are not drawn.`;
    const caption = `Numbers of traces on the simulated kernel, by those on ${kernels.join(', ')}; lines go from the least to the most of the live runs, and on the diagonal both are the same. Both axes are logarithmic.${none} ${message(rows)}`;
    return [
      panelDrawing(
        {
          name: 'fidelity',
          caption,
          traces: [],
          columns: [
            [
              {
                title: [],
                draw: (width) => ({
                  width,
                  height: HEIGHT,
                  layer: layers(lines, shown, logAxis(values, Math.min(width, HEIGHT)), [
                    { title: 'live' },
                    { title: 'simulated' },
                  ]),
                }),
              },
            ],
          ],
          key: keyOfLines(lines),
        },
        page,
      ),
    ];
  },
};
