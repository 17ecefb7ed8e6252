import { STALL_PARTS, type StallPart } from '../../metrics/schema.js';
import { stallsAre } from '../comparison.js';
import { difference, type Estimate, estimateOf, stallNs } from '../estimate.js';
import type { TraceFacts } from '../facts.js';
import { numberIn } from '../format.js';
import { referenceOf } from '../front.js';
import { type Contender, rankedOf, type Setting } from '../selection.js';
import { STALL_STYLES } from '../style.js';
import { evidence, labelOf, notDrawn, scatterOf } from './captions.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Figure, Page, Spec } from './figure.js';
import { Groups } from './groups.js';
import { brokenNames, hatchLayers, type KeyItem, panelNames } from './key.js';
import { panelDrawing } from './panels.js';
import { boxLayer, hatchLines, lineLayer, type PixelBox, type PixelText, textLayer } from './pixels.js';
import { THIN } from './style.js';
import { largest, rounded, timeText, timeUnit } from './units.js';

/** What the parts of stall time are called. */
export const PART_NAMES: Readonly<Record<StallPart, string>> = {
  minor: 'minor faults',
  major: 'major faults',
  read: 'file reads',
  cow: 'copy-on-write',
  reclaim: 'direct reclaim',
  discard: 'discard calls',
  pin: 'pin calls',
  sigbus: 'SIGBUS',
  regen: 'regeneration',
};
const LINE = 8.5;
/** Between the lines of a name and the next bar. */
const GAP = 3;
/** Room of the names left of the bars. */
const NAMES = 62;
/** Width of the lines above bars, by how many panels stand side by side. */
const HEADERS = [0, 215, 225, 148];
const MARGIN = 0.04;
/** Bars closer than this in all parts are equal, as a share of the axis. */
const SAME = 0.012;

/** What a policy adds to the stalls of the program itself, in ns. */
interface Extra {
  readonly parts: Readonly<Record<StallPart, number>>;
  readonly total: Estimate;
}

/** A bar, or the line above the bars of a setting. */
interface Row {
  readonly y: number;
  readonly height: number;
  readonly lines: readonly string[];
  readonly extra?: Extra;
}

/** A trace with what its policies add to stalls under each limit. */
class StallPicture {
  private readonly extras = new Map<Contender, Extra>();
  private readonly domain: readonly [number, number];

  constructor(
    readonly trace: TraceFacts,
    readonly settings: readonly Setting[],
  ) {
    const ends = settings.flatMap((setting) =>
      this.contenders(setting).flatMap((one) => this.ends(setting, one)),
    );
    const [least, most] = [Math.min(0, ...ends), largest(ends)];
    const room = (most - least) * MARGIN || 1;
    this.domain = [least < 0 ? least - room : 0, most > 0 ? most + room : room];
  }

  /** Those that are shown: none where none survived that they could be measured against. */
  contenders(setting: Setting): readonly Contender[] {
    return referenceOf(setting) ? rankedOf(setting) : [];
  }

  extra(setting: Setting, one: Contender): Extra {
    const known = this.extras.get(one);
    if (known) return known;
    const reference = referenceOf(setting)!;
    const part = (name: StallPart) =>
      difference(one, reference, (row, draw) => numberIn(draw ?? row, `stall_${name}_ns`), true).mean;
    const extra = {
      parts: Object.fromEntries(STALL_PARTS.map((name) => [name, part(name)])) as Record<StallPart, number>,
      total: difference(one, reference, (row, draw) => stallNs(row, draw), true),
    };
    this.extras.set(one, extra);
    return extra;
  }

  /** The sums of all bars. */
  totals(): Estimate[] {
    return this.settings.flatMap((setting) =>
      this.contenders(setting).map((one) => this.extra(setting, one).total),
    );
  }

  /** How far a bar reaches to the left and to the right. */
  private ends(setting: Setting, one: Contender): number[] {
    const { parts, total } = this.extra(setting, one);
    const sum = (sign: 1 | -1) => Object.values(parts).reduce((all, ns) => all + (ns * sign > 0 ? ns : 0), 0);
    return [sum(-1), sum(1), total.low ?? total.mean, total.high ?? total.mean];
  }

  private get span(): number {
    return this.domain[1] - this.domain[0];
  }

  get says(): boolean {
    return this.span > 2;
  }

  partsIn(): StallPart[] {
    return STALL_PARTS.filter((name) =>
      [...this.extras.values()].some(({ parts }) => Math.abs(parts[name]) > SAME * this.span),
    );
  }

  same(setting: Setting, a: Contender, b: Contender): boolean {
    const [one, other] = [this.extra(setting, a), this.extra(setting, b)];
    return STALL_PARTS.every((name) => Math.abs(one.parts[name] - other.parts[name]) <= SAME * this.span);
  }

  private rows(groups: Groups, page: Page, width: number): Row[] {
    const rows: Row[] = [];
    let y = 0;
    const add = (lines: readonly string[], height: number, extra?: Extra) => {
      rows.push({ y, height, lines, ...(extra ? { extra } : {}) });
      y += height;
    };
    for (const setting of this.settings) {
      const reference = referenceOf(setting);
      if (!reference) continue;
      const own = estimateOf(reference, (row, draw) => stallNs(row, draw), true).mean;
      // Those that add nothing have no bar: they are named with what they are measured against.
      const marks = groups.marks(setting);
      const equal = marks.find(({ one }) => one === reference || this.same(setting, one, reference))!;
      const header = `${setting.limit}: ${panelNames(equal.names)} stall ${timeText(own)}`;
      const headers = brokenNames(header, width, page);
      add(headers, headers.length * LINE + GAP);
      for (const { one, names } of marks.filter((mark) => mark !== equal)) {
        const lines = brokenNames(panelNames(names), NAMES, page);
        add(lines, lines.length * LINE + GAP, this.extra(setting, one));
      }
    }
    return rows;
  }

  /** How far names reach to the left of the bars: one that cannot be broken is wider than the room for names. */
  namesWidth(groups: Groups, page: Page, width: number): number {
    const names = this.rows(groups, page, width).flatMap(({ lines, extra }) => (extra ? lines : []));
    return Math.max(NAMES, ...names.map(page.textWidth));
  }

  /** How high its panel is. */
  height(groups: Groups, page: Page, width: number): number {
    const last = this.rows(groups, page, width).at(-1);
    return last ? last.y + last.height : 0;
  }

  panel(groups: Groups, page: Page, columns: number, width: number, height: number): Spec {
    const rows = this.rows(groups, page, HEADERS[columns]!);
    const unit = timeUnit(Math.max(Math.abs(this.domain[0]), this.domain[1]));
    const at = (ns: number) => ((ns - this.domain[0]) / this.span) * width;
    const bars = rows.filter((row): row is Row & { extra: Extra } => row.extra !== undefined);
    const areas = bars.flatMap((row) => areasOf(row, at));
    const headers = rows.filter(({ extra }) => extra === undefined);
    const names = bars.flatMap(({ y, height: own, lines }) =>
      lines.map((text, i) => ({ x: -3, y: y + own / 2 + (i - (lines.length - 1) / 2) * LINE, text })),
    );
    const totals: PixelText[] = bars.map(({ y, height: own, extra }) => ({
      x: width + 3,
      y: y + own / 2,
      text: totalText(extra.total, unit.size),
    }));
    return {
      width,
      height,
      view: { stroke: null },
      layer: [
        {
          data: {
            values: bars.map(({ extra, lines }) => ({
              x: rounded(extra.total.mean / unit.size),
              names: lines.join(' '),
              ...numbersOf(extra, unit.size),
            })),
          },
          mark: { type: 'point', opacity: 0 },
          encoding: {
            x: {
              field: 'x',
              type: 'quantitative',
              title: `extra stall (${unit.name})`,
              scale: { domain: this.domain.map((end) => rounded(end / unit.size)), nice: false },
              axis: { tickCount: 4, grid: false },
            },
          },
        },
        boxLayer(
          areas.map(({ part, ...box }) => ({ ...box, color: STALL_STYLES[part].color })),
          { stroke: '#555555', strokeWidth: 0.3 },
        ),
        ...hatchLayers(areas.flatMap(({ part, ...box }) => hatchLines(box, STALL_STYLES[part].hatch))),
        lineLayer(
          bars.map(({ y, height: own }) => ({ x: at(0), x2: at(0), y, y2: y + own })),
          THIN,
        ),
        ...netLayers(bars, at),
        textLayer(names, 'right'),
        textLayer(totals),
        textLayer(
          headers.flatMap(({ y, lines }) =>
            lines.map((text, i) => ({ x: -NAMES, y: y + GAP / 2 + (i + 0.5) * LINE, text })),
          ),
          'left',
          { color: '#333333' },
        ),
      ],
    };
  }
}

function numbersOf({ parts, total }: Extra, size: number): Spec {
  const shown = Object.entries(parts).filter(([, ns]) => ns !== 0);
  return {
    ...Object.fromEntries(shown.map(([name, ns]) => [name, rounded(ns / size)])),
    ...(total.low === undefined ? {} : { low: rounded(total.low / size), high: rounded(total.high! / size) }),
    n: total.n,
  };
}

/** The parts of a bar: those that grew to the right of 0, those that shrank to the left. */
function areasOf({ y, height, extra }: Row & { extra: Extra }, at: (ns: number) => number) {
  let [left, right] = [0, 0];
  const areas: (PixelBox & { part: StallPart })[] = [];
  for (const part of STALL_PARTS) {
    const ns = extra.parts[part];
    if (ns === 0) continue;
    const from = ns > 0 ? right : left + ns;
    if (ns > 0) right += ns;
    else left += ns;
    areas.push({
      part,
      x: at(from),
      x2: at(from + Math.abs(ns)),
      y: y + height / 2 - 4,
      y2: y + height / 2 + 4,
    });
  }
  return areas;
}

/** What a bar comes to: a line across it, with its interval. */
function netLayers(bars: readonly (Row & { extra: Extra })[], at: (ns: number) => number): Spec[] {
  const middle = ({ y, height }: Row) => y + height / 2;
  const ticks = bars.map((row) => {
    const x = at(row.extra.total.mean);
    return { x, x2: x, y: middle(row) - 5, y2: middle(row) + 5 };
  });
  const ranges = bars.flatMap((row) => {
    const { low, high } = row.extra.total;
    return low === undefined ? [] : [{ x: at(low), x2: at(high!), y: middle(row), y2: middle(row) }];
  });
  return [
    lineLayer(ticks, { color: 'white', strokeWidth: 3 }),
    lineLayer(ticks, { color: 'black', strokeWidth: 1.4 }),
    lineLayer(ranges, { color: 'black', strokeWidth: 0.8 }),
  ];
}

/** A total in the unit of the axis. */
function totalText({ mean, low, high }: Estimate, size: number): string {
  const half = low === undefined ? 0 : (high! - low) / 2;
  const text = `${mean > 0 ? '+' : ''}${shown(mean / size)}`;
  return half > 0.01 * Math.abs(mean) ? `${text} ±${shown(half / size)}` : text;
}

/** A number with as many decimals as its neighbours on an axis that it fills. */
function shown(value: number): string {
  const size = Math.abs(value);
  const text = value.toFixed(size >= 10 ? 0 : size >= 1 ? 1 : 2);
  return text.replace('-', '\u2212');
}

function keyOf(groups: Groups, parts: readonly StallPart[]): KeyItem[] {
  const areas: KeyItem[] = parts.map((part) => ({
    sample: { kind: 'box', ...STALL_STYLES[part] },
    text: PART_NAMES[part],
  }));
  const joined: KeyItem[] = groups.everywhere
    .filter(([leader, all]) => leader !== all)
    .map(([leader, all]) => ({ sample: { kind: 'none' }, text: `${leader} stands for ${all}` }));
  return [...areas, ...joined];
}

function picturesOf(part: Part): StallPicture[] {
  return part.traces.map(
    (trace) =>
      new StallPicture(
        trace,
        part.settings.filter((setting) => setting.trace.label === trace.label),
      ),
  );
}

function drawing(part: Part, data: FigureData, page: Page): Drawing | undefined {
  const drawn = picturesOf(part).filter(({ says }) => says);
  if (drawn.length === 0) return undefined;
  const pictureOf = (setting: Setting) => drawn.find((picture) => picture.settings.includes(setting))!;
  const groups = new Groups(
    drawn.flatMap(({ settings }) => settings),
    (setting) => pictureOf(setting).contenders(setting),
    (setting, a, b) => pictureOf(setting).same(setting, a, b),
  );
  const parts = STALL_PARTS.filter((name) => drawn.some((picture) => picture.partsIn().includes(name)));
  const room = HEADERS[drawn.length]!;
  const height = largest(drawn.map((picture) => picture.height(groups, page, room)));
  return panelDrawing(
    {
      name: `stalls${part.suffix}`,
      caption: captionOf(part, drawn, data),
      traces: drawn.map(({ trace }) => trace.label),
      columns: drawn.map((picture) => [
        {
          title: [data.titleOf(picture.trace)],
          indent: NAMES,
          draw: (width) => picture.panel(groups, page, drawn.length, width, height),
        },
      ]),
      key: keyOf(groups, parts),
      indent: largest(drawn.map((picture) => picture.namesWidth(groups, page, room))) + 6,
    },
    page,
  );
}

function captionOf(part: Part, drawn: readonly StallPicture[], data: FigureData): string {
  const are = new Set(
    drawn.flatMap(({ settings, trace }) => settings.map(({ first }) => stallsAre(first, trace))),
  );
  const inferred = are.has('inferred') ? ' Where accesses are inferred, so are the faults they take.' : '';
  const least = are.has('least')
    ? ' Where only first accesses are in the trace, stalls lack the faults on what was reclaimed.'
    : '';
  const settings = drawn.flatMap((picture) => picture.settings);
  return [
    `Stall time that policies add to that of the program itself, by its cause${labelOf(part)}: what they add is right of 0, what they avoid left of it; the black line is the sum.${inferred}${least}`,
    extremes(drawn, data),
    ...notDrawn(
      part,
      drawn.map(({ trace }) => trace),
      data,
    ),
    evidence(settings, data, scatterOf(drawn.flatMap((picture) => picture.totals()))),
  ].join(' ');
}

/** What adds most and what avoids most: the message of the figure in a sentence. */
function extremes(drawn: readonly StallPicture[], data: FigureData): string {
  const all = drawn.flatMap((picture) =>
    picture.settings.flatMap((setting) =>
      picture.contenders(setting).map((one) => ({
        ns: picture.extra(setting, one).total.mean,
        text: `${one.name} (${data.traceName(setting.trace.label)}, ${setting.limit}: ${timeText(Math.abs(picture.extra(setting, one).total.mean))})`,
      })),
    ),
  );
  const sorted = all.sort((a, b) => a.ns - b.ns);
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  return [
    ...(most.ns > 0 ? [`Most is added by ${most.text}.`] : []),
    ...(least.ns < 0 ? [`Most is avoided by ${least.text}.`] : []),
  ].join(' ');
}

/** Extra stall time by its parts, stacked. */
export const stalls: Figure = {
  name: 'stalls',
  summary: 'extra stall time by its cause, a bar for policies that are equal',
  needs: { 'runs.csv': ['stall_ns'] },
  lacks(data) {
    const says = data.parts().some((part) => picturesOf(part).some((picture) => picture.says));
    return data.onePolicy() ?? (says ? undefined : 'no policy adds to stalls or avoids any');
  },
  draw: (data, page) => data.parts().flatMap((part) => drawing(part, data, page) ?? []),
};
