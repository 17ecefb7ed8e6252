import { PAGE_BYTES } from '../../base/page.js';
import type { AxisColumn } from '../../metrics/axes.js';
import type { RunRow, SpaceRow, TimelineRow } from '../../metrics/files.js';
import { STALL_PARTS, type StallPart } from '../../metrics/schema.js';
import {
  axisLabel,
  comparedRows,
  groupBy,
  isRanked,
  limitLabel,
  rowName,
  sameColumns,
  type TraceFacts,
  varyingColumns,
} from '../comparison.js';
import { partition } from '../family-rows.js';
import type { FigureData } from '../figures/data.js';
import { thinned } from '../figures/series.js';
import { PART_NAMES } from '../figures/stalls.js';
import { largest, rounded } from '../figures/units.js';
import { numberIn } from '../format.js';
import { costNs, frontBy } from '../pareto.js';
import type { ChartCell, ChartGroup, ChartModel, ChartPanel, Curve, HeatMap, Payer } from './model.js';

/** What can be drawn over time, if any cell has it. */
const SERIES: readonly { readonly name: string; pages(row: TimelineRow): number }[] = [
  { name: 'resident', pages: (row) => numberIn(row, 'resident_pages') },
  { name: 'in swap', pages: (row) => numberIn(row, 'swap_pages') },
  {
    name: 'saved by merging',
    pages: (row) => numberIn(row, 'pages_sharing') + numberIn(row, 'ksm_zero_pages'),
  },
];

/** What a line may be off, as a share of the highest: less than its width in a chart of 200 pixels. */
const TOLERANCE = 0.003;

/** Names in the order of their first use, as indices. */
class Names {
  readonly all: string[] = [];
  private readonly indices = new Map<string, number>();

  indexOf(name: string): number {
    const known = this.indices.get(name);
    if (known !== undefined) return known;
    this.indices.set(name, this.all.length);
    return this.all.push(name) - 1;
  }
}

/** Makes the charts' data of results, with curves and names that several cells share held once. */
class ChartData {
  private readonly policies = new Names();
  private readonly spaces = new Names();
  private readonly curves = new Names();
  private readonly series;
  private readonly parts: readonly StallPart[];
  private readonly spacesOf: ReadonlyMap<number, readonly SpaceRow[]>;
  private readonly factsOf: ReadonlyMap<string, TraceFacts>;

  constructor(private readonly data: FigureData) {
    const runs = data.rows('runs.csv');
    const moments = data.rows('timeline.csv');
    this.series = SERIES.filter(({ pages }, i) => i === 0 || moments.some((row) => pages(row) > 0));
    this.parts = STALL_PARTS.filter((part) => runs.some((row) => numberIn(row, `stall_${part}_ns`) > 0));
    this.spacesOf = new Map(groupBy(data.rows('spaces.csv'), ['cell']).map((rows) => [rows[0]!.cell, rows]));
    this.factsOf = new Map(data.traces.map((trace) => [trace.label, trace]));
  }

  model(): ChartModel {
    const { axis } = this.data;
    const runs = this.data.rows('runs.csv');
    const seed = runs[0]?.seed;
    const shown = partition(comparedRows(runs, axis)).shown.filter(
      (row) => row.seed === seed && this.factsOf.has(row.trace),
    );
    for (const row of shown) this.policies.indexOf(rowName(row, axis));
    const fixed = varyingColumns(runs, sameColumns(axis)).filter(
      (column) => new Set(shown.map((row) => row[column])).size > 1,
    );
    const groups = groupBy(shown, ['trace', 'backing', ...fixed]).map((rows) => this.group(rows, fixed));
    return {
      policies: this.policies.all,
      costName: axis === 'merge' ? 'CPU time of ksmd' : 'stalled',
      base: axis === 'merge' ? 'none' : 'keep',
      parts: this.parts.map((part) => PART_NAMES[part]),
      series: this.series.map(({ name }) => name),
      groups: groups.filter(({ panels }) => panels.length > 0),
      heatMaps: this.heatMaps(),
      // Last: they are collected above.
      curves: this.curves.all.map((text) => JSON.parse(text) as Curve),
      spaces: this.spaces.all,
    };
  }

  private group(rows: readonly RunRow[], fixed: readonly AxisColumn[]): ChartGroup {
    const first = rows[0]!;
    const facts = this.factsOf.get(first.trace)!;
    const ranked = rows.filter(isRanked);
    const tops = this.series.map(({ pages }) =>
      largest(ranked.flatMap((row) => this.data.timeline(row.cell).map(pages))),
    );
    return {
      family: facts.family ?? '',
      trace: this.data.traceName(facts.label),
      backing: first.backing,
      fixed: fixed.map((column) => axisLabel(first, column, facts.pageBytes)).join(', '),
      touches: facts.touches,
      panels: groupBy(ranked, ['limit_pages']).map((cells) => this.panel(cells, facts, tops)),
    };
  }

  private panel(rows: readonly RunRow[], facts: TraceFacts, tops: readonly number[]): ChartPanel {
    const first = rows[0]!;
    const cost = (row: RunRow) => (this.data.axis === 'merge' ? numberIn(row, 'ksmd_cpu_ns') : costNs(row));
    const front = frontBy(rows, cost);
    return {
      limit: limitLabel(first, facts),
      limitBytes: typeof first.limit_pages === 'number' ? first.limit_pages * facts.pageBytes : undefined,
      cells: rows.map((row) => this.cell(row, facts, cost(row), front.includes(row), tops)),
    };
  }

  private cell(
    row: RunRow,
    facts: TraceFacts,
    cost: number,
    front: boolean,
    tops: readonly number[],
  ): ChartCell {
    const { pageBytes } = facts;
    const saved = row.saved_pages_mean;
    return {
      policy: this.policies.indexOf(rowName(row, this.data.axis)),
      savedBytes: typeof saved === 'number' ? rounded(saved * pageBytes) : null,
      costNs: cost,
      front,
      stallNs: this.parts.map((part) => numberIn(row, `stall_${part}_ns`)),
      curves: this.series.map((_, i) => this.curve(row, i, pageBytes, tops[i]!)),
      payers: this.payers(row, pageBytes),
    };
  }

  /** The index of the curve of a cell; policies that hold the same memory share it. */
  private curve(row: RunRow, series: number, pageBytes: number, top: number): number {
    const { pages } = this.series[series]!;
    const points = this.data.timeline(row.cell).map((moment) => ({ x: moment.time_us, y: pages(moment) }));
    const drawn = thinned(points, TOLERANCE * top);
    const curve: Curve = { us: drawn.map(({ x }) => x), bytes: drawn.map(({ y }) => y * pageBytes) };
    return this.curves.indexOf(JSON.stringify(curve));
  }

  /** What each name pays: processes of one name are one, and those that pay nothing are left out. */
  private payers(row: RunRow, pageBytes: number): Payer[] {
    const byName = new Map<number, [number, number]>();
    for (const space of this.spacesOf.get(row.cell) ?? []) {
      const stall = numberIn(space, 'stall_ns');
      const held = numberIn(space, 'page_seconds') * pageBytes;
      if (stall === 0 && held === 0) continue;
      const name = this.spaces.indexOf(space.name ?? `space ${space.space}`);
      const sum = byName.get(name) ?? [0, 0];
      byName.set(name, [sum[0] + stall, sum[1] + held]);
    }
    return [...byName].map(([name, [stall, held]]) => [name, stall, rounded(held)]);
  }

  private heatMaps(): HeatMap[] {
    return groupBy(this.data.rows('heatmap.csv'), ['trace']).map((rows) => {
      const label = rows[0]!.trace;
      const pageBytes = this.factsOf.get(label)?.pageBytes ?? PAGE_BYTES;
      const cells = rows.flatMap((row) => [
        row.time_us,
        row.time_end_us,
        row.page * pageBytes,
        row.page_end * pageBytes,
        row.touches,
      ]);
      return { trace: this.data.traceName(label), cells };
    });
  }
}

/** What the charts of a report are drawn from. */
export function chartModel(data: FigureData): ChartModel {
  return new ChartData(data).model();
}
