import type { TraceFacts } from '../facts.js';
import { referenceOf } from '../front.js';
import type { Contender, Setting } from '../selection.js';
import { evidence, extremesText, mostSaved, notDrawn, placeOf } from './captions.js';
import { nameCurves } from './curve-names.js';
import { type Curve, hide } from './curves.js';
import type { TimelineColumn } from './curves-over-time.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Page, Spec } from './figure.js';
import { Groups } from './groups.js';
import type { KeyItem } from './key.js';
import { type Panel, panelDrawing, panelHeight, titles } from './panels.js';
import { haloLayer, lineLayer, textLayer } from './pixels.js';
import type { Point } from './series.js';
import { logAxis, THIN } from './style.js';
import { bytesText, byteUnit, largest, rounded, timeUnit } from './units.js';

/** Memory over trace time, a line for policies that hold the same. */
export interface OverTime {
  readonly figure: string;
  /** Title of the axis of memory, without its unit. */
  readonly title: string;
  /** The columns of timeline.csv, in pages, whose sum is drawn. */
  readonly pages: readonly TimelineColumn[];
  /** Whether lines are what is held less than with the policy that others are measured against. */
  readonly saved?: boolean;
  /** Whether time is logarithmic, for what happens soon or late by orders of magnitude. */
  readonly logTime?: boolean;
  caption(part: Part): string;
}

/** How much a line may be off, in points: less than its own width. */
const TOLERANCE = 0.2;
/** Curves that are this close everywhere hide each other, in points: the width of a line. */
const HIDDEN = 1;
/** The width of the narrowest panels. */
const NARROW = 120;
/** Heights of panels, by how many stand above each other. */
const HEIGHTS = [100, 54, 38];
/** Curves that the lowest panels cannot tell from each other are one. */
const LEAST = 27;
const MARGIN = 0.06;

/** A trace under limits that show the same, and its curves. */
interface Scene {
  readonly limits: string[];
  readonly setting: Setting;
  readonly curves: readonly Curve[];
}

/** The lowest and the highest of some curves, both at 0 at least or at most, and when the last one ends. */
function extentOf(curves: Iterable<readonly Point[]>) {
  let [least, most, endUs] = [0, 0, 0];
  for (const points of curves)
    for (const { x, y } of points) {
      least = Math.min(least, y);
      most = Math.max(most, y);
      endUs = Math.max(endUs, x);
    }
  return { least, most, endUs };
}

/** The curves of a trace under all limits, on common axes. */
class TimePicture {
  private readonly time;
  private readonly memory;
  private readonly endUs: number;
  private readonly domain: readonly [number, number];
  private readonly curves: ReadonlyMap<Contender, Curve>;

  constructor(
    readonly trace: TraceFacts,
    readonly settings: readonly Setting[],
    private readonly data: FigureData,
    private readonly over: OverTime,
  ) {
    this.curves = new Map(
      settings.flatMap((setting) =>
        this.shown(setting).map((one) => [one, this.curve(setting, one)] as const),
      ),
    );
    const { least, most, endUs } = extentOf(new Set([...this.curves.values()].map(({ points }) => points)));
    const room = (most - least) * MARGIN;
    this.domain = [least < 0 ? least - room : 0, most + room];
    this.memory = byteUnit(Math.max(-least, most));
    this.endUs = endUs;
    this.time = timeUnit(this.endUs * 1000);
  }

  /** Those with a curve: where lines are savings, none where none survived that they could be measured against. */
  shown(setting: Setting): readonly Contender[] {
    if (this.over.saved && !referenceOf(setting)) return [];
    return setting.contenders.filter(({ standing }) => standing === 'ranked' || standing === 'bound');
  }

  /** In µs and bytes. */
  private points(one: Contender): readonly Point[] {
    return this.data.curves.of(one.rows[0]!.cell, this.over.pages, this.trace.pageBytes);
  }

  private curve(setting: Setting, one: Contender): Curve {
    const own = this.points(one);
    if (!this.over.saved) return { one, points: own };
    return { one, points: this.data.curves.minus(this.points(referenceOf(setting)!), own) };
  }

  get says(): boolean {
    return this.domain[1] - this.domain[0] > this.trace.pageBytes;
  }

  /** Whether two curves hide each other in a panel `height` points high. */
  private alike(a: Curve, b: Curve, height: number): boolean {
    return hide(
      a.points,
      b.points,
      (HIDDEN / NARROW) * this.endUs,
      (HIDDEN / height) * (this.domain[1] - this.domain[0]),
    );
  }

  same(a: Contender, b: Contender): boolean {
    return this.alike(this.curves.get(a)!, this.curves.get(b)!, LEAST);
  }

  /** What its panels show: limits under which all policies hold the same share one. */
  scenes(): Scene[] {
    const scenes: Scene[] = [];
    for (const setting of this.settings) {
      const curves = this.shown(setting).map((one) => this.curves.get(one)!);
      if (curves.length === 0) continue;
      const same = scenes.find(
        (scene) =>
          scene.curves.length === curves.length &&
          scene.curves.every(
            (curve, i) => curve.one.name === curves[i]!.one.name && this.alike(curve, curves[i]!, LEAST),
          ),
      );
      if (same) same.limits.push(setting.limit);
      else scenes.push({ limits: [setting.limit], setting, curves });
    }
    return scenes;
  }

  /** The policies with most and with least at the peak, under the last limit: usually the tightest. */
  peaks(): string[] {
    const setting = this.settings.findLast((one) => this.shown(one).length > 1);
    if (!setting) return [];
    const peaks = this.shown(setting).map((one) => ({
      name: one.name,
      value: largest(this.curves.get(one)!.points.map(({ y }) => y)),
    }));
    return [`${placeOf(setting, this.data)}, ${extremesText(peaks, bytesText)}`];
  }

  panel(
    { setting }: Scene,
    groups: Groups,
    page: Page,
    size: { width: number; height: number },
    bottom: boolean,
  ): Spec {
    const { width, height } = size;
    const marks = groups.marks(setting);
    const tolerance = (TOLERANCE / height) * (this.domain[1] - this.domain[0]);
    const lines = marks.map(({ one, names }) => {
      const { points } = this.curves.get(one)!;
      const shown = this.over.logTime ? points.filter(({ x }) => x > 0) : points;
      return { one, names, points: this.data.curves.thinned(shown, tolerance) };
    });
    const times = lines.flatMap(({ points }) => points.map(({ x }) => (x * 1000) / this.time.size));
    const log = this.over.logTime ? logAxis(times, width) : undefined;
    const domain = (log?.scale as { domain?: [number, number] })?.domain ?? [0, largest(times) || 1];
    const toX = (us: number) => {
      const value = (us * 1000) / this.time.size;
      if (!log) return ((value - domain[0]) / (domain[1] - domain[0])) * width;
      return (Math.log(value / domain[0]) / Math.log(domain[1] / domain[0])) * width;
    };
    const toY = (bytes: number) =>
      height - ((bytes - this.domain[0]) / (this.domain[1] - this.domain[0])) * height;
    const drawn = lines.map(({ one, names, points }) => ({
      one,
      names,
      places: points.map(({ x, y }) => ({ x: toX(x), y: toY(y) })),
    }));
    const named = nameCurves(drawn, size, page);
    const x = {
      field: 'x',
      type: 'quantitative',
      title: bottom ? `time (${this.time.name})` : null,
      ...(log ?? { scale: { nice: false, zero: false, domain: domain.map(rounded) } }),
      axis: { tickCount: 4, grid: false, ...(log?.axis as Spec | undefined), labels: bottom },
    };
    const y = {
      field: 'y',
      type: 'quantitative',
      title: `${this.over.title} (${this.memory.name})`,
      scale: { domain: this.domain.map((end) => rounded(end / this.memory.size)), nice: false },
      axis: { tickCount: height < 50 ? 2 : 4 },
    };
    return {
      width,
      height,
      layer: [
        ...(this.domain[0] < 0 ? [lineLayer([{ x: 0, x2: width, y: toY(0), y2: toY(0) }], THIN)] : []),
        ...lines.map(({ one, points }) => {
          const { color, dash } = this.data.look(one.name);
          return {
            data: {
              values: points.map(({ x: us, y: bytes }) => ({
                x: rounded((us * 1000) / this.time.size),
                y: rounded(bytes / this.memory.size),
              })),
            },
            mark: { type: 'line', color, ...(dash.length > 0 ? { strokeDash: dash } : {}) },
            encoding: { x, y },
          };
        }),
        lineLayer(named.leaders, { color: '#888888', strokeWidth: 0.4 }),
        haloLayer(named.texts, page),
        textLayer(named.texts),
      ],
    };
  }
}

/** Memory over time of a part; undefined where there is nothing to see. */
export function overTimeDrawing(
  part: Part,
  data: FigureData,
  page: Page,
  over: OverTime,
): Drawing | undefined {
  const pictures = part.traces.map(
    (trace) =>
      new TimePicture(
        trace,
        part.settings.filter((setting) => setting.trace.label === trace.label),
        data,
        over,
      ),
  );
  const drawn = pictures.filter(({ says }) => says);
  if (drawn.length === 0) return undefined;
  const pictureOf = (setting: Setting) => drawn.find((picture) => picture.settings.includes(setting))!;
  const groups = new Groups(
    drawn.flatMap(({ settings }) => settings),
    (setting) => pictureOf(setting).shown(setting),
    (setting, a, b) => pictureOf(setting).same(a, b),
  );
  const scenes = drawn.map((picture) => ({ picture, own: picture.scenes() }));
  const most = Math.max(...scenes.map(({ own }) => own.length));
  const key = keyOf(groups, data);
  const height = panelHeight({ rows: most, columns: drawn.length, key, most: HEIGHTS }, page);
  const several = new Set(part.settings.map(({ limit }) => limit)).size > 1;
  return panelDrawing(
    {
      name: `${over.figure}${part.suffix}`,
      caption: [
        over.caption(part),
        over.saved ? mostSaved(part.settings, data) : peaksText(drawn),
        ...notDrawn(
          part,
          drawn.map(({ trace }) => trace),
          data,
        ),
        evidence(part.settings, data, 'first'),
      ].join(' '),
      traces: drawn.map(({ trace }) => trace.label),
      columns: scenes.map(({ picture, own }) =>
        own.map(
          (scene, i): Panel => ({
            title: titles(
              i === 0 ? [data.titleOf(picture.trace)] : [],
              several ? scene.limits : [],
              drawn.length,
            ),
            draw: (width) => picture.panel(scene, groups, page, { width, height }, i === own.length - 1),
          }),
        ),
      ),
      key,
    },
    page,
  );
}

/** The message of curves that are no differences. */
function peaksText(pictures: readonly TimePicture[]): string {
  const texts = pictures.flatMap((picture) => picture.peaks());
  return texts.length === 0 ? '' : `At the peak: ${texts.join('; ')}.`;
}

function keyOf(groups: Groups, data: FigureData): KeyItem[] {
  return groups.everywhere.map(([leader, all]) => {
    const { color, dash } = data.look(leader);
    return { sample: { kind: 'line', color, dash }, text: all };
  });
}
