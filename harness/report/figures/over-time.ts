import type { Row } from '../../metrics/csv.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Page, Spec } from './figure.js';
import { type Cells, columnsOf, gridSpec, type Position, panelRows } from './grid.js';
import { joinEqual, type Point, thinned } from './series.js';
import { lineChannels, THIN } from './style.js';
import { byteUnit, largest, rounded, timeUnit, type Unit } from './units.js';

/** Memory over trace time, a line a policy. */
export interface OverTime {
  readonly figure: string;
  /** Title of the axis of memory, without its unit. */
  readonly title: string;
  /** Pages at a moment. */
  pages(row: Row): number;
  /** Whether panels show the limit as a line. */
  readonly limit: boolean;
  caption(part: Part): string;
}

/** What a line may be off, in points: less than its own width. */
const TOLERANCE = 0.2;
const HEIGHT = 72;

interface Line {
  readonly policy: string;
  readonly points: readonly Point[];
}

/** The lines of a panel, in seconds of the time unit and in the unit of memory. */
function linesOf(cells: Cells, data: FigureData, over: OverTime, time: Unit, memory: Unit): Line[] {
  const { pageBytes } = cells.trace;
  return cells.runs.map((run) => {
    const points = data.timeline(run.cell as number).map((row) => ({
      x: ((row.time_us as number) * 1000) / time.size,
      y: (over.pages(row) * pageBytes) / memory.size,
    }));
    return { policy: String(run[data.axis]), points };
  });
}

/** The picture of a part. */
export function drawOverTime(part: Part, data: FigureData, page: Page, over: OverTime): Drawing {
  const rows = panelRows(part, page);
  const moments = part.runs.flatMap((run) => data.timeline(run.cell as number));
  const bytes = largest(part.traces.map(({ pageBytes }) => pageBytes)) * largest(moments.map(over.pages));
  const memory = byteUnit(bytes);
  const time = timeUnit(largest(moments.map((row) => row.time_us as number)) * 1000);
  const lines = new Map(rows.flat().map((cells) => [cells, linesOf(cells, data, over, time, memory)]));
  const policies = [...new Set(part.runs.map((run) => String(run[data.axis])))];
  const joined = joinEqual(policies, (policy) =>
    JSON.stringify([...lines.values()].map((own) => own.find((line) => line.policy === policy)?.points)),
  );
  const labels = [...new Set(joined.values())];
  const channels = lineChannels('policy', labels, page);
  const panel = (cells: Cells, position: Position): Spec => {
    const sameTrace = rows.flat().filter(({ trace }) => trace.label === cells.trace.label);
    const top = largest(
      sameTrace.flatMap((other) =>
        (lines.get(other) as Line[]).flatMap(({ points }) => points.map(({ y }) => y)),
      ),
    );
    const drawn = (lines.get(cells) as Line[]).filter(
      ({ policy }) => policies.find((name) => joined.get(name) === joined.get(policy)) === policy,
    );
    const values = drawn.flatMap(({ policy, points }) =>
      thinned(points, (TOLERANCE / HEIGHT) * top).map(({ x, y }) => ({
        x: rounded(x),
        y: rounded(y),
        policy: joined.get(policy),
      })),
    );
    const limit = over.limit ? cells.runs[0]?.limit_pages : null;
    const limitLayer =
      typeof limit === 'number'
        ? [
            {
              mark: { type: 'rule', ...THIN },
              data: { values: [{ y: rounded((limit * cells.trace.pageBytes) / memory.size) }] },
              encoding: { y: { field: 'y', type: 'quantitative' } },
            },
          ]
        : [];
    return {
      height: HEIGHT,
      layer: [
        ...limitLayer,
        {
          data: { values },
          mark: 'line',
          encoding: {
            x: {
              field: 'x',
              type: 'quantitative',
              title: position.bottom ? `time (${time.name})` : null,
              scale: { nice: false, zero: false },
              axis: { tickCount: 4, grid: false },
            },
            y: {
              field: 'y',
              type: 'quantitative',
              title: position.first ? `${over.title} (${memory.name})` : null,
              scale: { domain: [0, rounded(top)], nice: true },
              axis: { tickCount: 4, labels: position.first, ticks: position.first },
            },
            ...channels,
          },
        },
      ],
    };
  };
  return {
    name: `${over.figure}${part.suffix}`,
    caption: over.caption(part),
    traces: part.traces.map(({ label }) => label),
    columns: columnsOf(rows),
    spec: (width) =>
      gridSpec(
        rows,
        (label) => data.traceName(label),
        (cells, at) => ({ width, ...panel(cells, at) }),
      ),
  };
}

/** The part of a caption that tells which of several pictures this is. */
export function toldOf({ told }: Part): string {
  return told === '' ? '' : ` (${told})`;
}
