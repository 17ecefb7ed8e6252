import type { NumberColumn } from '../../metrics/columns.js';
import type { RunRow } from '../../metrics/files.js';
import { estimateOf } from '../estimate.js';
import type { TraceFacts } from '../facts.js';
import { numberIn } from '../format.js';
import { type Contender, rankedOf, type Setting } from '../selection.js';
import { evidence, extremesText, labelOf, notDrawn, placeOf } from './captions.js';
import { nameCurves } from './curve-names.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Figure, Page, Spec } from './figure.js';
import { Groups } from './groups.js';
import type { KeyItem } from './key.js';
import { type MarkedLine, markedLines } from './lines.js';
import { type Panel, panelDrawing, panelHeight, titles } from './panels.js';
import { haloLayer, lineLayer, textLayer } from './pixels.js';
import type { Point } from './series.js';
import { logAxis } from './style.js';
import { timeText, timeUnit } from './units.js';

/** What is known of the distribution: a share of touches, and what they take longer than. */
const PERCENTILES = [
  ['touch_ns_p99', 0.01],
  ['touch_ns_p999', 0.001],
] as const satisfies readonly (readonly [NumberColumn<RunRow>, number])[];
const HEIGHTS = [96, 44, 34];
/** Room of an axis of shares. */
const INDENT = 54;
/** Times this close are equal, as a factor. */
const SAME = 1.03;

/** A panel: limits, and the curve of each policy, which has times in ns and shares. */
interface Scene {
  readonly setting: Setting;
  readonly curves: ReadonlyMap<Contender, readonly Point[]>;
}

function mean(one: Contender, column: NumberColumn<RunRow>): number {
  return estimateOf(one, (row) => numberIn(row, column), false).mean;
}

/** The share of touches that take longer than a time, where it is known: at two percentiles, and for the longest touch. */
function curveOf(one: Contender): Point[] {
  const points = PERCENTILES.map(([column, share]) => ({ x: mean(one, column), y: share }));
  return [...points, { x: mean(one, 'touch_ns_max'), y: 1 / mean(one, 'touches') }];
}

function same(a: readonly Point[], b: readonly Point[]): boolean {
  return a.every(({ x }, i) => Math.max(x, b[i]!.x) <= SAME * Math.min(x, b[i]!.x));
}

/** The settings in which policies differ: where none does there is nothing to see. */
function scenesOf(settings: readonly Setting[]): Scene[] {
  return settings
    .map((setting) => ({
      setting,
      curves: new Map(rankedOf(setting).map((one) => [one, curveOf(one)] as const)),
    }))
    .filter(({ curves }) => {
      const all = [...curves.values()];
      return all.some((curve) => curve.some(({ x }) => x > 0)) && all.some((curve) => !same(curve, all[0]!));
    });
}

const allPoints = (scenes: readonly Scene[]) => scenes.flatMap(({ curves }) => [...curves.values()].flat());

interface Context {
  readonly data: FigureData;
  readonly page: Page;
  readonly groups: Groups;
  readonly height: number;
}

function panel(
  { setting, curves }: Scene,
  all: readonly Scene[],
  bottom: boolean,
  width: number,
  { data, page, groups, height }: Context,
): Spec {
  const points = allPoints(all);
  const unit = timeUnit(Math.min(...points.map(({ x }) => x)) * 10);
  const marks = groups.marks(setting);
  const lines: MarkedLine[] = marks.map(({ one, names }) => ({
    text: names.join(', '),
    look: data.look(one.name),
    points: curves.get(one)!.map(({ x, y }) => ({ x: x / unit.size, y })),
  }));
  const axes = {
    x: logAxis(
      points.map(({ x }) => x / unit.size),
      width,
    ),
    y: logAxis(
      points.map(({ y }) => y),
      height,
    ),
  };
  const place = (axis: Spec, value: number) => {
    const [least, most] = (axis.scale as { domain: [number, number] }).domain;
    return Math.log(value / least) / Math.log(most / least);
  };
  const named = nameCurves(
    lines.map((line, i) => ({
      names: marks[i]!.names,
      places: line.points.map(({ x, y }) => ({
        x: place(axes.x, x) * width,
        y: height - place(axes.y, y) * height,
      })),
    })),
    { width, height },
    page,
  );
  return {
    width,
    height,
    layer: [
      ...markedLines(
        lines,
        { title: bottom ? `touch (${unit.name})` : null, ...axes.x },
        { title: 'share longer', ...axes.y, axis: { ...(axes.y.axis as Spec), format: '~%' } },
      ),
      lineLayer(named.leaders, { color: '#888888', strokeWidth: 0.4 }),
      haloLayer(named.texts, page),
      textLayer(named.texts),
    ],
  };
}

/** The message of the figure in a sentence: the longest touches under the last limit of each trace, usually the tightest. */
function longestText(scenes: readonly Scene[], data: FigureData): string {
  const last = new Map(scenes.map((scene) => [scene.setting.trace.label, scene]));
  const texts = [...last.values()].map(({ setting, curves }) => {
    const longest = [...curves].map(([{ name }, curve]) => ({ name, value: curve.at(-1)!.x }));
    return `${placeOf(setting, data)}, ${extremesText(longest, timeText)}`;
  });
  return `The longest touch takes: ${texts.join('; ')}.`;
}

function drawing(part: Part, data: FigureData, page: Page): Drawing | undefined {
  const columns = part.traces
    .map((trace): readonly [TraceFacts, Scene[]] => [
      trace,
      scenesOf(part.settings.filter((setting) => setting.trace.label === trace.label)),
    ])
    .filter(([, scenes]) => scenes.length > 0);
  if (columns.length === 0) return undefined;
  const scenes = columns.flatMap(([, own]) => own);
  const curvesOf = (setting: Setting) => scenes.find((scene) => scene.setting === setting)!.curves;
  const groups = new Groups(
    scenes.map(({ setting }) => setting),
    rankedOf,
    (setting, a, b) => same(curvesOf(setting).get(a)!, curvesOf(setting).get(b)!),
  );
  const most = Math.max(...columns.map(([, own]) => own.length));
  const key: KeyItem[] = groups.everywhere.map(([leader, text]) => {
    const { color, dash, mark } = data.look(leader);
    return { sample: { kind: 'line-mark', color, dash, shape: mark }, text };
  });
  const stack = { rows: most, columns: columns.length, key, indent: INDENT, most: HEIGHTS };
  const context = { data, page, groups, height: panelHeight(stack, page) };
  return panelDrawing(
    {
      name: `touch-times${part.suffix}`,
      caption: [
        `The share of touches that take longer than a time${labelOf(part)}, on logarithmic axes. Only the marks are exact: what 1 % and 0.1 % of touches exceed, and the longest touch; the lines between them guide the eye. Limits under which all policies are the same are not drawn.`,
        longestText(scenes, data),
        ...notDrawn(
          part,
          columns.map(([trace]) => trace),
          data,
        ),
        evidence(
          scenes.map(({ setting }) => setting),
          data,
          'means',
        ),
      ].join(' '),
      traces: columns.map(([trace]) => trace.label),
      columns: columns.map(([trace, own]) =>
        own.map(
          (scene, i): Panel => ({
            title: titles(i === 0 ? [data.titleOf(trace)] : [], [scene.setting.limit], columns.length),
            draw: (width) => panel(scene, own, i === own.length - 1, width, context),
          }),
        ),
      ),
      key,
      indent: INDENT,
    },
    page,
  );
}

const isExact = ({ trace }: Setting) => trace.touches === 'recorded';

/** The tail of the times of touches. */
export const touchTimes: Figure = {
  name: 'touch-times',
  summary: 'the share of touches that take longer than a time, by policy',
  needs: { 'runs.csv': [...PERCENTILES.map(([column]) => column), 'touch_ns_max'] },
  lacks(data) {
    const exact = data.selection.settings.filter(isExact);
    if (exact.length === 0) return 'no trace has all of its accesses, so the times of touches say nothing';
    return (
      data.onePolicy() ?? (scenesOf(exact).length > 0 ? undefined : 'touches take the same with all policies')
    );
  },
  draw: (data, page) => data.parts(isExact).flatMap((part) => drawing(part, data, page) ?? []),
};
