import type { NumberColumn } from '../../metrics/columns.js';
import type { RunRow } from '../../metrics/files.js';
import type { MetricName } from '../../metrics/schema.js';
import type { Axis } from '../comparison.js';
import { difference, extraCost } from '../estimate.js';
import type { TraceFacts } from '../facts.js';
import { numberIn } from '../format.js';
import type { Setting } from '../selection.js';
import { costNoun, evidence, labelOf, moreText, mostSaved, notDrawn, scatterOf } from './captions.js';
import type { FigureData, Part } from './data.js';
import type { Drawing, Figure, Page } from './figure.js';
import { Groups } from './groups.js';
import type { KeyItem } from './key.js';
import { panelDrawing, panelHeight } from './panels.js';
import { type Cost, LIMIT_MARKS, TIE_FILL, TracePicture } from './tradeoff.js';
import { digits, timeText, timeUnit } from './units.js';

const HEIGHT = 112;

function keyOf(groups: Groups, limits: readonly string[], data: FigureData, ties: boolean): KeyItem[] {
  const policies: KeyItem[] = groups.everywhere.map(([leader, all]) => {
    const { color } = data.look(leader);
    return { sample: { kind: 'line', color, dash: [] }, text: all };
  });
  const black = '#000000';
  const shapes: KeyItem[] = limits.map((limit, i) => ({
    sample: { kind: 'mark', color: black, shape: LIMIT_MARKS[i % LIMIT_MARKS.length]!, fill: 'white' },
    text: limit,
  }));
  const filled = (fill: string, text: string): KeyItem => ({
    sample: { kind: 'mark', color: black, shape: 'circle', fill },
    text,
  });
  return [
    ...policies,
    ...(shapes.length > 1 ? shapes : []),
    filled(black, 'filled: best'),
    ...(ties ? [filled(TIE_FILL, 'grey: tie')] : []),
  ];
}

function picturesOf(part: Part, by: Cost): TracePicture[] {
  return part.traces.map(
    (trace) =>
      new TracePicture(
        trace,
        part.settings.filter((setting) => setting.trace.label === trace.label),
        by,
      ),
  );
}

function drawing(part: Part, data: FigureData, page: Page, by: Cost): Drawing | undefined {
  const pictures = picturesOf(part, by);
  const drawn = pictures.filter(({ says }) => says);
  if (drawn.length === 0) return undefined;
  const settings = drawn.flatMap((picture) => picture.settings);
  const pictureOf = (setting: Setting) => drawn.find((picture) => picture.settings.includes(setting))!;
  const groups = new Groups(
    settings,
    (setting) => pictureOf(setting).contenders(setting),
    (setting, a, b) => pictureOf(setting).same(setting, a, b),
  );
  const limits = [...new Set(settings.map(({ limit }) => limit))];
  const ties = drawn.some((picture) => picture.ties);
  const key = keyOf(groups, limits, data, ties);
  const height = panelHeight({ rows: 1, columns: drawn.length, key, most: [HEIGHT] }, page);
  const against = data.axis === 'merge' ? 'no merging' : 'keep';
  const caption = [
    `Memory saved on average, and the ${by.named(data.axis)} it costs, against ${against}${labelOf(part)}. Filled marks are best: nothing else saves as much for less ${costNoun(data.axis)}, or more for as much.${ties ? ' Grey marks tie with them.' : ''}`,
    mostSaved(settings, data, (one, reference, setting) =>
      by.text(by.of(one, reference, setting).mean, setting.axis),
    ),
    ...notDrawn(
      part,
      drawn.map(({ trace }) => trace),
      data,
    ),
    evidence(settings, data, scatterOf(drawn.flatMap((picture) => picture.estimates()))),
  ].join(' ');
  return panelDrawing(
    {
      name: `${by.figure}${part.suffix}`,
      caption,
      traces: drawn.map(({ trace }) => trace.label),
      notes(width) {
        const texts = drawn.flatMap((picture) => {
          const names = picture.unnamed(picture.dots(groups), width, { data, page, height });
          return names.length === 0 ? [] : [`${data.traceName(picture.trace.label)}: ${names.join('; ')}`];
        });
        return texts.length === 0 ? [] : [`Best without room for a name: ${texts.join('; ')}.`];
      },
      columns: drawn.map((picture) => [
        {
          title: [data.titleOf(picture.trace)],
          draw: (width) => picture.panel(picture.dots(groups), limits, width, { data, page, height }),
        },
      ]),
      key,
    },
    page,
  );
}

/** The difference of a number of runs.csv. */
const more =
  (column: NumberColumn<RunRow>): Cost['of'] =>
  (one, reference) =>
    difference(one, reference, (row) => numberIn(row, column), false);

/** A cost in time. */
function timeCost(named: Cost['named'], noun: (axis: Axis) => string): Pick<Cost, 'named' | 'axis' | 'text'> {
  return {
    named,
    axis: (most, axis) => {
      const { name, size } = timeUnit(most);
      return { size, title: `${named(axis)} (${name})` };
    },
    text: (ns, axis) => moreText(ns, timeText, noun(axis)),
  };
}

function figure(
  by: Cost,
  summary: string,
  columns: readonly MetricName[],
  wanted: (trace: TraceFacts) => boolean,
): Figure {
  const parts = (data: FigureData) => data.parts(({ trace }) => wanted(trace));
  const says = (data: FigureData) =>
    parts(data).some((part) => picturesOf(part, by).some((picture) => picture.says));
  return {
    name: by.figure,
    summary,
    needs: { 'runs.csv': ['saved_pages_mean', ...columns] },
    lacks: (data) => data.onePolicy() ?? (says(data) ? undefined : `there is no ${by.named(data.axis)}`),
    draw: (data, page) => parts(data).flatMap((part) => drawing(part, data, page, by) ?? []),
  };
}

/** Memory saved against the time that programs wait beyond their own. */
export const savingStall: Figure = figure(
  {
    figure: 'saving-stall',
    of: extraCost,
    ...timeCost((axis) => `extra ${costNoun(axis)}`, costNoun),
  },
  'memory saved against extra stall, with what is best marked, a panel a trace',
  ['stall_ns'],
  () => true,
);

/** Memory saved against major faults. */
export const savingFaults: Figure = figure(
  {
    figure: 'saving-faults',
    named: () => 'extra major faults',
    of: more('major_rate'),
    axis: () => ({ size: 1, title: 'extra major faults / 1000 touches' }),
    text: (rate) => moreText(rate, digits, 'major faults per 1000 touches'),
  },
  'memory saved against extra major faults per 1000 touches, a panel a trace',
  ['major_rate'],
  ({ touches }) => touches === 'recorded',
);

/** Memory saved against the work of the daemon that merges. */
export const savingKsmd: Figure = figure(
  {
    figure: 'saving-ksmd',
    of: more('ksmd_cpu_ns'),
    ...timeCost(
      () => 'CPU time of ksmd',
      () => 'CPU time of ksmd',
    ),
  },
  'memory saved against CPU time of ksmd, a panel a trace',
  ['ksmd_cpu_ns'],
  () => true,
);
