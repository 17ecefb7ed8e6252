import type { RunRow } from '../../metrics/files.js';
import type { MetricName } from '../../metrics/schema.js';
import { EQUAL_COST, EQUAL_SAVING, rowName, type TraceFacts } from '../comparison.js';
import { numberIn } from '../format.js';
import { costNs, frontBy } from '../pareto.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Figure, Page, Spec } from './figure.js';
import { type Cells, gridDrawing, panelRows } from './grid.js';
import { placeLabels } from './labels.js';
import { labelOf } from './over-time.js';
import { joinSame } from './series.js';
import { pointChannels, THIN } from './style.js';
import { byteUnit, largest, rounded, timeUnit } from './units.js';

/** What memory is paid with. */
interface Cost {
  readonly figure: string;
  readonly named: string;
  of(row: RunRow, trace: TraceFacts): number;
  /** Whether a cell is shown, of those that saved or lost memory. */
  shows?(row: RunRow): boolean;
  /** What numbers of the axis are divided by, and its title. */
  axis(most: number): { readonly size: number; readonly title: string };
}

const HEIGHT = 96;
/** Room around the outermost points, as a share of the axis. */
const MARGIN = 1.12;

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly policy: string;
  readonly front: boolean;
}

/** The savings and costs of a part, on common scales. */
class Tradeoff {
  readonly rows: Cells[][];
  private readonly joined: ReadonlyMap<string, string>;
  private readonly cost: { readonly size: number; readonly title: string };
  private readonly memory;

  constructor(
    private readonly part: Part,
    private readonly data: FigureData,
    private readonly page: Page,
    private readonly by: Cost,
  ) {
    this.rows = panelRows(part, page);
    this.cost = by.axis(largest(part.runs.map((row) => by.of(row, this.traceOf(row)))));
    this.memory = byteUnit(
      largest(part.runs.map((row) => numberIn(row, 'saved_pages_mean') * this.traceOf(row).pageBytes)),
    );
    const policies = [...new Set(part.runs.map((row) => rowName(row, data.axis)))];
    this.joined = joinSame(policies, (policy, earlier) => this.inOnePlace(policy, earlier));
  }

  /** Whether two policies are in the same place in all panels. */
  private inOnePlace(policy: string, other: string): boolean {
    const { axis } = this.data;
    const own = this.part.runs.filter((row) => rowName(row, axis) === policy);
    const others = this.part.runs.filter((row) => rowName(row, axis) === other);
    if (own.length !== others.length) return false;
    return own.every((row) => {
      const twin = others.find((run) => run.trace === row.trace && run.limit_pages === row.limit_pages);
      if (!twin) return false;
      const [x, y] = this.place(row);
      const [twinX, twinY] = this.place(twin);
      return Math.abs(x - twinX) <= EQUAL_COST * x && Math.abs(y - twinY) <= EQUAL_SAVING * Math.abs(y);
    });
  }

  private traceOf(row: RunRow): TraceFacts {
    return this.part.traces.find(({ label }) => label === row.trace)!;
  }

  private place(row: RunRow): [number, number] {
    const trace = this.traceOf(row);
    return [
      this.by.of(row, trace) / this.cost.size,
      (numberIn(row, 'saved_pages_mean') * trace.pageBytes) / this.memory.size,
    ];
  }

  private dots(cells: Cells): Dot[] {
    const front = frontBy(cells.runs, (row) => this.by.of(row, cells.trace));
    const names = new Set<string>();
    return cells.runs.flatMap((row) => {
      const policy = this.joined.get(rowName(row, this.data.axis))!;
      if (names.has(policy)) return [];
      names.add(policy);
      const [x, y] = this.place(row);
      return [{ x: rounded(x), y: rounded(y), policy, front: front.includes(row) }];
    });
  }

  /** The axis of savings of a trace, the same under all limits. */
  private savings(trace: TraceFacts): readonly [number, number] {
    const saved = this.part.runs.filter((row) => row.trace === trace.label).map((row) => this.place(row)[1]);
    return [rounded(Math.min(0, ...saved) * MARGIN), rounded(largest(saved) * MARGIN || 1)];
  }

  private panel(cells: Cells, width: number, first: boolean, bottom: boolean): Spec {
    const dots = this.dots(cells);
    const domains = {
      x: [0, rounded(largest(dots.map(({ x }) => x)) * MARGIN || 1)] as const,
      y: this.savings(cells.trace),
    };
    const at = ({ x, y }: Dot) => ({
      x: (x / domains.x[1]) * width,
      y: HEIGHT - ((y - domains.y[0]) / (domains.y[1] - domains.y[0])) * HEIGHT,
    });
    const marks = dots.map((dot) => ({
      ...at(dot),
      text: dot.front ? dot.policy.split(', ')[0]! : '',
    }));
    const labels = placeLabels(marks, { width, height: HEIGHT }, (text) => this.page.textWidth(text));
    const front = dots.filter((dot) => dot.front).sort((a, b) => a.x - b.x);
    const x = {
      field: 'x',
      type: 'quantitative',
      title: bottom ? this.cost.title : null,
      scale: { domain: domains.x, nice: false },
      axis: { tickCount: 3 },
    };
    const y = {
      field: 'y',
      type: 'quantitative',
      title: first ? `saved (${this.memory.name})` : null,
      scale: { domain: domains.y, nice: false },
      axis: { tickCount: 4, labels: first, ticks: first },
    };
    const channels = pointChannels('policy', [...new Set(this.joined.values())], this.page);
    const points = (filled: boolean) => ({
      data: { values: dots.filter((dot) => dot.front === filled) },
      mark: { type: 'point', filled, size: 26, strokeWidth: 1, opacity: 1 },
      encoding: { x, y, ...channels },
    });
    const pixels = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });
    return {
      width,
      height: HEIGHT,
      layer: [
        {
          data: { values: front },
          mark: { type: 'line', interpolate: 'step-after', ...THIN },
          encoding: { x, y },
        },
        points(false),
        points(true),
        {
          data: { values: labels.map((label) => ({ ...label, x: rounded(label.x), y: rounded(label.y) })) },
          mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 8 },
          encoding: { x: pixels('x'), y: pixels('y'), text: { field: 'text' } },
        },
      ],
    };
  }

  drawing(): Drawing {
    const { part, rows, by, data } = this;
    const base = data.axis === 'merge' ? 'no merging' : 'keep';
    const caption = `Memory saved on average against ${base}, and the ${by.named} it costs${labelOf(part)}. Filled marks are the Pareto front: nothing else saves as much for less, or more for as much. Policies named together are in one place.`;
    return gridDrawing({ part, rows, data }, by.figure, caption, (cells, { first, bottom }, width) =>
      this.panel(cells, width, first, bottom),
    );
  }
}

function figure(
  by: Cost,
  summary: string,
  columns: readonly MetricName[],
  wanted: (trace: TraceFacts) => boolean,
): Figure {
  const shown = (row: RunRow) => typeof row.saved_pages_mean === 'number' && (by.shows?.(row) ?? true);
  const costs = (data: FigureData) =>
    data.traces
      .filter(wanted)
      .some((trace) =>
        data.rows('runs.csv').some((row) => row.trace === trace.label && by.of(row, trace) > 0),
      );
  return {
    name: by.figure,
    summary,
    needs: { 'runs.csv': ['saved_pages_mean', ...columns] },
    lacks: (data) => (costs(data) ? data.onePolicy() : `there is no ${by.named}`),
    draw: (data, page) =>
      data
        .parts((row, trace) => wanted(trace) && shown(row))
        .map((part) => new Tradeoff(part, data, page, by).drawing()),
  };
}

function timeAxis(title: string): Cost['axis'] {
  return (most) => {
    const { name, size } = timeUnit(most);
    return { size, title: `${title} (${name})` };
  };
}

/** Memory saved against the time programs wait. */
export const savingStall: Figure = figure(
  {
    figure: 'saving-stall',
    named: 'stall time',
    of: (row) => costNs(row),
    axis: timeAxis('stalled'),
  },
  'memory saved against stall time, with the Pareto front',
  ['stall_ns'],
  () => true,
);

/** Memory saved against major faults. */
export const savingFaults: Figure = figure(
  {
    figure: 'saving-faults',
    named: 'rate of major faults',
    of: (row) => numberIn(row, 'major_rate'),
    axis: () => ({ size: 1, title: 'major / 1000' }),
  },
  'memory saved against major faults per 1000 touches, with the Pareto front',
  ['major_rate'],
  ({ touches }) => touches === 'recorded',
);

/** Memory saved against the work of the daemon that merges. */
export const savingKsmd: Figure = figure(
  {
    figure: 'saving-ksmd',
    named: 'CPU time of ksmd',
    of: (row) => numberIn(row, 'ksmd_cpu_ns'),
    // A bound without cost: with it, nothing else would be on the front.
    shows: (row) => row.merge !== 'instant',
    axis: timeAxis('ksmd'),
  },
  'memory saved against CPU time of ksmd, with the Pareto front',
  ['ksmd_cpu_ns'],
  () => true,
);
