import type { RunRow, TimelineRow } from '../../metrics/files.js';
import { rowName, type TraceFacts } from '../comparison.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Page, Spec } from './figure.js';
import { type Cells, gridDrawing, type Position, panelRows } from './grid.js';
import { joinEqual, type Point, thinned } from './series.js';
import { lineChannels, logAxis, THIN } from './style.js';
import { byteUnit, largest, rounded, timeUnit, type Unit } from './units.js';

/** Memory over trace time, a line a policy. */
export interface OverTime {
  readonly figure: string;
  /** Title of the axis of memory, without its unit. */
  readonly title: string;
  /** Pages at a moment. */
  pages(row: TimelineRow): number;
  /** Whether panels show the limit as a line. */
  readonly limit?: boolean;
  /** Whether time is logarithmic, for what happens soon or late by orders of magnitude. */
  readonly logTime?: boolean;
  caption(part: Part): string;
}

/** How much a line may be off, in points: less than its own width. */
const TOLERANCE = 0.2;
const HEIGHT = 72;

/** The curves of a part, on common units. */
export class OverTimePicture {
  private readonly rows: Cells[][];
  private readonly time: Unit;
  private readonly memory: Unit;
  /** Points of each cell. */
  private readonly curves: ReadonlyMap<RunRow, readonly Point[]>;
  /** The label that a policy shares with those of equal curves. */
  private readonly labels: ReadonlyMap<string, string>;

  constructor(
    private readonly part: Part,
    private readonly data: FigureData,
    private readonly page: Page,
    private readonly over: OverTime,
  ) {
    this.rows = panelRows(part, page);
    const moments = part.runs.flatMap((run) => data.timeline(run.cell));
    const pageBytes = largest(part.traces.map((trace) => trace.pageBytes));
    this.memory = byteUnit(pageBytes * largest(moments.map(over.pages)));
    this.time = timeUnit(largest(moments.map((row) => row.time_us)) * 1000);
    this.curves = new Map(part.runs.map((run) => [run, this.curveOf(run)]));
    const policies = [...new Set(part.runs.map((run) => this.policyOf(run)))];
    this.labels = joinEqual(policies, (policy) => {
      const own = part.runs.filter((run) => this.policyOf(run) === policy);
      return JSON.stringify(own.map((run) => [run.trace, run.limit_pages, this.curves.get(run)]));
    });
  }

  private policyOf(run: RunRow): string {
    return rowName(run, this.data.axis);
  }

  private bytesOf(trace: TraceFacts, pages: number): number {
    return (pages * trace.pageBytes) / this.memory.size;
  }

  private curveOf(run: RunRow): Point[] {
    const trace = this.part.traces.find(({ label }) => label === run.trace)!;
    return this.data.timeline(run.cell).map((row) => ({
      x: (row.time_us * 1000) / this.time.size,
      y: this.bytesOf(trace, this.over.pages(row)),
    }));
  }

  /** The top of the axis of memory of a trace, the same under all limits. */
  private topOf(trace: TraceFacts): number {
    const own = this.part.runs.filter((run) => run.trace === trace.label);
    return largest(own.flatMap((run) => (this.curves.get(run) as Point[]).map(({ y }) => y)));
  }

  /** What the lines of a panel are drawn from: one line a label, without points that cannot be seen. */
  private values({ runs }: Cells, top: number): object[] {
    const drawn = new Map(
      runs.map((run) => [this.labels.get(this.policyOf(run)), run]).reverse() as [string, RunRow][],
    );
    return [...drawn].reverse().flatMap(([policy, run]) => {
      const points = (this.curves.get(run) as Point[]).filter(({ x }) => !this.over.logTime || x > 0);
      return thinned(points, (TOLERANCE / HEIGHT) * top).map(({ x, y }) => ({
        x: rounded(x),
        y: rounded(y),
        policy,
      }));
    });
  }

  private limitLayer({ runs, trace }: Cells): Spec[] {
    const limit = runs[0]?.limit_pages;
    if (!this.over.limit || typeof limit !== 'number') return [];
    return [
      {
        data: { values: [{ y: rounded(this.bytesOf(trace, limit)) }] },
        mark: { type: 'rule', ...THIN },
        encoding: { y: { field: 'y', type: 'quantitative' } },
      },
    ];
  }

  private panel(cells: Cells, at: Position, width: number): Spec {
    const top = this.topOf(cells.trace);
    const values = this.values(cells, top);
    const times = values.map((value) => (value as Point).x);
    const linear = { scale: { nice: false, zero: false }, axis: { tickCount: 4, grid: false } };
    const x = {
      field: 'x',
      type: 'quantitative',
      title: at.bottom ? `time (${this.time.name})` : null,
      ...(this.over.logTime ? logAxis(times, width) : linear),
    };
    const y = {
      field: 'y',
      type: 'quantitative',
      title: at.first ? `${this.over.title} (${this.memory.name})` : null,
      scale: { domain: [0, rounded(top)], nice: true },
      axis: { tickCount: 4, labels: at.first, ticks: at.first },
    };
    const channels = lineChannels('policy', [...new Set(this.labels.values())], this.page);
    return {
      width,
      height: HEIGHT,
      layer: [...this.limitLayer(cells), { data: { values }, mark: 'line', encoding: { x, y, ...channels } }],
    };
  }

  drawing(): Drawing {
    const { part, rows, data, over } = this;
    return gridDrawing({ part, rows, data }, over.figure, over.caption(part), (cells, at, width) =>
      this.panel(cells, at, width),
    );
  }
}

/** The part of a caption that says which of several pictures this is. */
export function labelOf({ label }: Part): string {
  return label === '' ? '' : ` (${label})`;
}
