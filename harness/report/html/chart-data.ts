import { PAGE_BYTES } from '../../base/page.js';
import type { SpaceRow } from '../../metrics/files.js';
import { STALL_PARTS, type StallPart } from '../../metrics/schema.js';
import { baseName, groupBy, type TraceFacts } from '../comparison.js';
import { costName, costOf, type Estimate, estimateOf, extraCost, savedPages } from '../estimate.js';
import type { TimelineColumn } from '../figures/curves-over-time.js';
import type { FigureData } from '../figures/data.js';
import { PART_NAMES } from '../figures/stalls.js';
import { largest, rounded } from '../figures/units.js';
import { numberIn } from '../format.js';
import { type Ranking, rank, rankIn } from '../front.js';
import { payersOf } from '../payers.js';
import { baseOf, type Contender, type Selection, type Setting, type Standing } from '../selection.js';
import { tagsOf } from './evidence.js';
import { looksOf } from './looks.js';
import type {
  Absent,
  ChartCell,
  ChartGroup,
  ChartModel,
  ChartPanel,
  Curve,
  HeatMap,
  Measured,
  Payer,
} from './model.js';

/** What can be drawn over time, if any cell has it. */
const SERIES: readonly { readonly name: string; readonly pages: readonly TimelineColumn[] }[] = [
  { name: 'resident', pages: ['resident_pages'] },
  { name: 'in swap', pages: ['swap_pages'] },
  { name: 'saved by merging', pages: ['pages_sharing', 'ksm_zero_pages'] },
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

/** Why policies are not in a chart. */
const ABSENT: Readonly<Partial<Record<Standing, string>>> = {
  refused: 'refused',
  impossible: 'not possible',
  oom: 'out of memory',
  timeout: 'out of time',
  failed: 'failed',
};

function isDrawn({ standing }: Contender): boolean {
  return standing === 'ranked' || standing === 'bound';
}

/** An estimate in other units, in whole ones: bytes and ns are. */
function measured({ mean, low, high }: Estimate, size = 1): Measured {
  const end = (value: number | undefined) => (value === undefined ? null : Math.round(value * size));
  return [Math.round(mean * size), end(low), end(high)];
}

/** Makes the charts' data of results, with curves and names that several cells share held once. */
class ChartData {
  private readonly policies = new Names();
  private readonly spaces = new Names();
  private readonly curves = new Names();
  private readonly series;
  private readonly parts: readonly StallPart[];
  private readonly spacesOf: ReadonlyMap<number, readonly SpaceRow[]>;
  private readonly selection: Selection;

  constructor(private readonly data: FigureData) {
    this.selection = data.selection;
    this.series = SERIES.filter(({ pages }, i) => i === 0 || data.curves.isPositive(pages));
    const drawn = this.selection.settings.flatMap(({ contenders }) => contenders.filter(isDrawn));
    this.parts = STALL_PARTS.filter((part) =>
      drawn.some(({ rows }) => rows.some((row) => numberIn(row, `stall_${part}_ns`) > 0)),
    );
    this.spacesOf = new Map(groupBy(data.rows('spaces.csv'), ['cell']).map((rows) => [rows[0]!.cell, rows]));
  }

  model(): ChartModel {
    const { axis, settings } = this.selection;
    const names = settings.flatMap(({ contenders }) => contenders.map(({ name }) => name));
    for (const name of names) this.policies.indexOf(name);
    const keyed = settings.map((setting) => ({ setting, key: this.titles(setting).join('\n') }));
    const groups = groupBy(keyed, ['key']).map((own) => this.group(own.map(({ setting }) => setting)));
    return {
      policies: this.policies.all,
      marks: looksOf(this.policies.all).map(({ mark }) => mark),
      base: baseName(axis),
      costName: costName(axis),
      parts: this.parts.map((part) => PART_NAMES[part]),
      series: this.series.map(({ name }) => name),
      groups,
      heatMaps: this.heatMaps(),
      // Last: they are collected above.
      curves: this.curves.all.map((text) => JSON.parse(text) as Curve),
      spaces: this.spaces.all,
    };
  }

  /** What tells the settings of a group from those of others: all but the limit. */
  private titles({ trace, backing, labels }: Setting): string[] {
    return [trace.label, backing, ...labels];
  }

  private group(settings: readonly Setting[]): ChartGroup {
    const { trace, backing, labels } = settings[0]!;
    const cells = settings.flatMap(({ contenders }) =>
      contenders.filter(isDrawn).map(({ rows }) => rows[0]!),
    );
    const tops = this.series.map(({ pages }) =>
      largest(cells.map(({ cell }) => largest(this.data.curves.of(cell, pages).map(({ y }) => y)))),
    );
    // The program's own cost: nothing given back, and memory for all of it.
    const free = settings.find(({ first }) => first.limit_pages === null && first.memory_pages === null);
    const own = free && baseOf(free);
    return {
      family: trace.family ?? '',
      trace: this.data.traceName(trace.label),
      backing,
      fixed: labels.join(', '),
      tags: tagsOf(trace),
      ownNs: own && Math.round(costOf(own, free).mean),
      panels: settings.map((setting) => this.panel(setting, tops)),
    };
  }

  private panel(setting: Setting, tops: readonly number[]): ChartPanel {
    const { trace, limit, first, contenders } = setting;
    const ranking = rank(setting);
    const { reference } = ranking;
    return {
      limit,
      limitBytes: typeof first.limit_pages === 'number' ? first.limit_pages * trace.pageBytes : undefined,
      reference: reference && this.policies.indexOf(reference.name),
      cells: contenders.filter(isDrawn).map((one) => this.cell(one, setting, ranking, tops)),
      absent: this.absent(contenders),
    };
  }

  private absent(contenders: readonly Contender[]): Absent[] {
    return groupBy(
      contenders.filter((one) => !isDrawn(one)),
      ['standing'],
    ).map((own) => ({
      why: ABSENT[own[0]!.standing]!,
      policies: own.map(({ name }) => this.policies.indexOf(name)),
    }));
  }

  private cell(one: Contender, setting: Setting, ranking: Ranking, tops: readonly number[]): ChartCell {
    const { pageBytes } = setting.trace;
    const { reference } = ranking;
    return {
      policy: this.policies.indexOf(one.name),
      savedBytes: reference ? measured(savedPages(one, reference), pageBytes) : null,
      costNs: measured(costOf(one, setting)),
      extraNs: reference ? measured(extraCost(one, reference, setting)) : null,
      rank: rankIn(ranking, one),
      stallNs: this.parts.map((part) =>
        Math.round(estimateOf(one, (row) => numberIn(row, `stall_${part}_ns`), false).mean),
      ),
      curves: this.series.map((_, i) => this.curve(one, i, pageBytes, tops[i]!)),
      payers: this.payers(one, pageBytes),
    };
  }

  /** The index of the curve of a policy, of its first replicate; policies that hold the same memory share it. */
  private curve({ rows: [row] }: Contender, series: number, pageBytes: number, top: number): number {
    const { pages } = this.series[series]!;
    const drawn = this.data.curves.thinned(this.data.curves.of(row!.cell, pages), TOLERANCE * top);
    const curve: Curve = { us: drawn.map(({ x }) => x), bytes: drawn.map(({ y }) => y * pageBytes) };
    return this.curves.indexOf(JSON.stringify(curve));
  }

  /** What each name pays, as a mean over replicates. */
  private payers({ rows }: Contender, pageBytes: number): Payer[] {
    const spaces = rows.flatMap(({ cell }) => this.spacesOf.get(cell) ?? []);
    return payersOf(spaces).map(({ name, stallNs, pageSeconds }) => [
      this.spaces.indexOf(name),
      Math.round(stallNs / rows.length),
      rounded((pageSeconds * pageBytes) / rows.length),
    ]);
  }

  private heatMaps(): HeatMap[] {
    return groupBy(this.data.rows('heatmap.csv'), ['trace']).map((rows) => {
      const label = rows[0]!.trace;
      const pageBytes =
        this.data.traces.find((trace: TraceFacts) => trace.label === label)?.pageBytes ?? PAGE_BYTES;
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
