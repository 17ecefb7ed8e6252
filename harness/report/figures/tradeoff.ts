import type { Axis } from '../comparison.js';
import { type Estimate, savedPages } from '../estimate.js';
import type { TraceFacts } from '../facts.js';
import { type Rank, type Ranking, rank, rankIn } from '../front.js';
import { type Contender, rankedOf, type Setting } from '../selection.js';
import { type Box, placeAround } from './callouts.js';
import type { FigureData } from './data.js';
import type { Page, Spec } from './figure.js';
import type { Groups } from './groups.js';
import { brokenNames, panelNames } from './key.js';
import { lineLayer, markLayer, type PixelLine, textLayer } from './pixels.js';
import { THIN } from './style.js';
import { byteUnit, largest, rounded } from './units.js';

/** What memory is paid with, against what the others are measured by. */
export interface Cost {
  readonly figure: string;
  named(axis: Axis): string;
  of(one: Contender, reference: Contender, setting: Setting): Estimate;
  /** What numbers of the axis are divided by, and its title. */
  axis(most: number, axis: Axis): { readonly size: number; readonly title: string };
  /** A difference in words, for the caption. */
  text(value: number, axis: Axis): string;
}

/** Marks of limits, in their order. */
export const LIMIT_MARKS = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross'];
/** Room around the outermost points, as a share of the axis. */
const MARGIN = 0.09;
const MARK_SIZE = 26;
const MARK_RADIUS = 3.5;
/** Marks closer than this are in one place, as a share of the axis. */
const SAME = 0.012;
/** Names of a mark are broken at this share of a panel. */
const NAMES_WIDTH = 0.55;

/** A policy under a limit. */
interface Dot {
  readonly x: Estimate;
  readonly y: Estimate;
  readonly one: Contender;
  readonly names: readonly string[];
  readonly limit: string;
  readonly rank: Rank;
}

/** What fills the mark of a tie, in any colour of its outline. */
export const TIE_FILL = '#bbbbbb';

type Domain = readonly [number, number];

function domainOf(estimates: readonly Estimate[]): Domain {
  const ends = estimates.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = (most - least) * MARGIN || 1;
  return [least - room, most + room];
}

const span = ([from, to]: Domain) => to - from;

/** A trace with what its policies save and cost under each limit. */
export class TracePicture {
  private readonly rankings: ReadonlyMap<Setting, Ranking>;
  private readonly domains: { readonly x: Domain; readonly y: Domain };
  private readonly most: { readonly x: number; readonly y: number };
  readonly unit;
  readonly memory;

  constructor(
    readonly trace: TraceFacts,
    readonly settings: readonly Setting[],
    private readonly by: Cost,
  ) {
    this.rankings = new Map(settings.map((setting) => [setting, rank(setting)]));
    const all = settings.flatMap((setting) => this.contenders(setting).map((one) => [setting, one] as const));
    const costs = all.map(([setting, one]) => this.cost(setting, one));
    const savings = all.map(([setting, one]) => this.saving(setting, one));
    this.domains = { x: domainOf(costs), y: domainOf(savings) };
    const largestOf = (all: readonly Estimate[]) => largest(all.map(({ mean }) => Math.abs(mean)));
    this.most = { x: largestOf(costs), y: largestOf(savings) };
    this.unit = by.axis(this.most.x, settings[0]!.axis);
    this.memory = byteUnit(trace.pageBytes * this.most.y);
  }

  private cost(setting: Setting, one: Contender): Estimate {
    return this.by.of(one, this.rankings.get(setting)!.reference!, setting);
  }

  private saving(setting: Setting, one: Contender): Estimate {
    return savedPages(one, this.rankings.get(setting)!.reference!);
  }

  /** All numbers that are drawn. */
  estimates(): Estimate[] {
    return this.settings.flatMap((setting) =>
      this.contenders(setting).flatMap((one) => [this.cost(setting, one), this.saving(setting, one)]),
    );
  }

  /** Those that are drawn: nothing can be said where none survived that they could be measured against. */
  contenders(setting: Setting): readonly Contender[] {
    return this.rankings.get(setting)!.reference ? rankedOf(setting) : [];
  }

  /** Whether there is a picture to draw: something costs something, and something saves something. */
  get says(): boolean {
    const some = this.settings.some((setting) => this.contenders(setting).length > 1);
    return some && this.most.x > 0 && this.most.y > 0;
  }

  /** Whether any policy ties with the best. */
  get ties(): boolean {
    return [...this.rankings.values()].some(({ tied }) => tied.length > 0);
  }

  same(setting: Setting, a: Contender, b: Contender): boolean {
    const { x, y } = this.domains;
    const gap = (of: (setting: Setting, one: Contender) => Estimate) =>
      Math.abs(of.call(this, setting, a).mean - of.call(this, setting, b).mean);
    return gap(this.cost) <= SAME * span(x) && gap(this.saving) <= SAME * span(y);
  }

  dots(groups: Groups): Dot[] {
    return this.settings.flatMap((setting) => {
      const ranking = this.rankings.get(setting)!;
      const ranks = (names: readonly string[]) =>
        setting.contenders.filter(({ name }) => names.includes(name)).map((one) => rankIn(ranking, one));
      return groups.marks(setting).map(({ one, names }) => ({
        x: this.cost(setting, one),
        y: this.saving(setting, one),
        one,
        names,
        limit: setting.limit,
        rank: (['best', 'tie'] as const).find((one) => ranks(names).includes(one)) ?? '',
      }));
    });
  }

  /** Numbers of an axis in its unit. */
  private scale(axis: 'x' | 'y'): { of(value: number): number; domain: Domain } {
    const size = axis === 'x' ? this.unit.size : this.memory.size / this.trace.pageBytes;
    const [from, to] = this.domains[axis];
    return { of: (value) => value / size, domain: [rounded(from / size), rounded(to / size)] };
  }

  /** Places of the panel in points. */
  private placer(width: number, height: number) {
    const { x, y } = this.domains;
    return {
      x: (value: number) => ((value - x[0]) / span(x)) * width,
      y: (value: number) => height - ((value - y[0]) / span(y)) * height,
    };
  }

  private bars(dots: readonly Dot[], at: ReturnType<TracePicture['placer']>): PixelLine[] {
    return dots.flatMap(({ x, y }) => {
      const [px, py] = [at.x(x.mean), at.y(y.mean)];
      return [
        ...(x.low === undefined ? [] : [{ x: at.x(x.low), x2: at.x(x.high!), y: py, y2: py }]),
        ...(y.low === undefined ? [] : [{ x: px, x2: px, y: at.y(y.low), y2: at.y(y.high!) }]),
      ];
    });
  }

  /** The names of what is best for which a panel has no room, with their limits. */
  unnamed(dots: readonly Dot[], width: number, context: Context): string[] {
    const { left } = this.laid(dots, width, context);
    return left.filter(({ optional }) => !optional).map(({ of }) => of);
  }

  /** What stands where in a panel, in points. */
  private laid(dots: readonly Dot[], width: number, { page, height }: Context) {
    const at = this.placer(width, height);
    const places = dots.map((dot) => ({ x: at.x(dot.x.mean), y: at.y(dot.y.mean) }));
    const bars = this.bars(dots, at);
    const zero: PixelLine[] = [
      { x: at.x(0), x2: at.x(0), y: 0, y2: height },
      { x: 0, x2: width, y: at.y(0), y2: at.y(0) },
    ];
    const callouts = this.callouts(dots, places, [...zero, ...bars], { width, height, page });
    return { places, bars, zero, ...callouts };
  }

  panel(dots: readonly Dot[], limits: readonly string[], width: number, context: Context): Spec {
    const { data, height } = context;
    const { places, bars, zero, leaders, texts } = this.laid(dots, width, context);
    const marks = dots.map((dot, i) => {
      const { color } = data.look(dot.one.name);
      const shape = LIMIT_MARKS[limits.indexOf(dot.limit) % LIMIT_MARKS.length]!;
      return { ...places[i]!, color, shape, fill: { best: color, tie: TIE_FILL, '': 'white' }[dot.rank] };
    });
    const axis = (name: 'x' | 'y', title: string, more: Spec) => ({
      field: name,
      type: 'quantitative',
      title,
      scale: { domain: this.scale(name).domain, nice: false, zero: false },
      axis: { ...more, grid: false },
    });
    const hidden = dots.map(({ x, y }) => ({
      x: rounded(this.scale('x').of(x.mean)),
      y: rounded(this.scale('y').of(y.mean)),
    }));
    return {
      width,
      height,
      layer: [
        {
          data: { values: dots.map((dot, i) => ({ ...hidden[i], ...factsOf(dot) })) },
          mark: { type: 'point', opacity: 0 },
          encoding: {
            x: axis('x', this.unit.title, { tickCount: 4 }),
            y: axis('y', `saved (${this.memory.name})`, { tickCount: 4 }),
          },
        },
        lineLayer(zero, THIN),
        lineLayer(leaders, { color: '#888888', strokeWidth: 0.4 }),
        lineLayer(bars, { color: '#444444', strokeWidth: 0.8 }),
        // What is not on the front first, so that the front is on top.
        markLayer(
          marks.filter(({ fill }) => fill === 'white'),
          MARK_SIZE,
        ),
        markLayer(
          marks.filter(({ fill }) => fill !== 'white'),
          MARK_SIZE,
        ),
        textLayer(texts),
      ],
    };
  }

  /** Names of marks; those in one place share a name. */
  private callouts(
    dots: readonly Dot[],
    marks: readonly { readonly x: number; readonly y: number }[],
    lines: readonly PixelLine[],
    { width, height, page }: { width: number; height: number; page: Page },
  ) {
    const clusters: { x: number; y: number; names: Set<string>; limits: Set<string>; front: boolean }[] = [];
    for (const [i, { names, limit, rank }] of dots.entries()) {
      const front = rank === 'best';
      const { x, y } = marks[i]!;
      const near = clusters.find((one) => Math.hypot(one.x - x, one.y - y) < MARK_RADIUS);
      const cluster = near ?? { x, y, names: new Set(), limits: new Set(), front };
      for (const name of names) cluster.names.add(name);
      cluster.limits.add(limit);
      if (front) cluster.front = true;
      if (!near) clusters.push(cluster);
    }
    const boxes: Box[] = marks.map(({ x, y }) => ({
      left: x - MARK_RADIUS,
      right: x + MARK_RADIUS,
      top: y - MARK_RADIUS,
      bottom: y + MARK_RADIUS,
    }));
    const anchors = clusters
      .sort((a, b) => Number(b.front) - Number(a.front))
      .map(({ x, y, names, limits, front }) => ({
        x,
        y,
        optional: !front,
        anywhere: front,
        of: `${[...names].join(', ')} (${[...limits].join(', ')})`,
        lines: brokenNames(panelNames([...names]), width * NAMES_WIDTH, page),
      }));
    return placeAround(anchors, { boxes, lines }, { width, height }, page.textWidth);
  }
}

export interface Context {
  readonly data: FigureData;
  readonly page: Page;
  readonly height: number;
}

/** What the specification says of a mark, for those who open it in an editor. */
function factsOf({ one, names, limit, rank, x, y }: Dot): Spec {
  return { policy: one.name, names: names.join(', '), limit, rank, n: Math.max(x.n, y.n) };
}
