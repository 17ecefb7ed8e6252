import type { Page, Spec } from './figure.js';
import { rounded } from './units.js';

/** Size of all text, in points: what journals ask for at least. */
export const TEXT_POINTS = 8;
/** The font, and what a reader of the SVG without it takes: all three have the same widths. */
const FONT = 'Liberation Sans, Arial, Helvetica, sans-serif';

const GREY = '#666666';

/**
 * Colours of Okabe and Ito, which people with any colour vision can distinguish; without their yellow, which is faint on white.
 * One fewer than dashes and shapes: where they repeat, the combination is another one.
 */
const COLORS = ['#000000', '#0072B2', '#D55E00', '#009E73', '#E69F00', '#CC79A7', '#56B4E9'];
const DASHES = [
  [1, 0],
  [4, 1.5],
  [1.5, 1.5],
  [6, 1.5, 1.5, 1.5],
  [3, 1],
  [8, 2],
  [6, 1.5, 1.5, 1.5, 1.5, 1.5],
  [1, 2.5],
];
const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
  'triangle-right',
  'triangle-left',
];

/**
 * Fills of the parts of a stack, in its order: light and dark alternate, so that neighbours can be distinguished in
 * grey.
 */
export const FILLS = [
  '#56B4E9',
  '#000000',
  '#D0D0D0',
  '#F0E442',
  '#0072B2',
  '#E69F00',
  '#009E73',
  '#CC79A7',
  '#D55E00',
];

function cycled<T>(values: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => values[i % values.length] as T);
}

/** Room a legend's symbol takes next to its label. */
const SYMBOL_ROOM = 30;
/** Room the axis takes at whose end a legend begins. */
const AXIS_ROOM = 44;

/** A label of several names in lines that are not wider than `width`. */
function broken(label: string, width: number, page: Page): string[] {
  const lines: string[] = [];
  for (const name of label.split(', ')) {
    const last = lines.at(-1);
    if (last !== undefined && page.textWidth(`${last}, ${name}`) <= width)
      lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines.map((line, i) => (i < lines.length - 1 ? `${line},` : line));
}

/**
 * A legend below the figure, in as many columns as fit; labels of several names take several lines where they are long.
 *
 * @param indent room left of the first panel
 */
export function legend(labels: readonly string[], page: Page, more: Spec = {}, indent = AXIS_ROOM): Spec {
  const room = page.width - indent;
  const lines = new Map(labels.map((label) => [label, broken(label, room - SYMBOL_ROOM, page)]));
  const widest = Math.max(...[...lines.values()].flat().map((line) => page.textWidth(line)));
  const fit = Math.max(1, Math.floor(room / (widest + SYMBOL_ROOM)));
  // Even rows: five entries in three columns look better than in four.
  const columns = Math.ceil(labels.length / Math.ceil(labels.length / fit));
  const several = [...lines].filter(([, own]) => own.length > 1);
  const labelExpr = `${JSON.stringify(Object.fromEntries(several))}[datum.label] || datum.label`;
  return {
    orient: 'bottom',
    title: null,
    columns,
    labelLimit: 0,
    ...(several.length > 0 ? { labelExpr } : {}),
    ...more,
  };
}

/** Encodings that distinguish the lines of a figure: colour and dash by `field`. */
export function lineChannels(field: string, labels: readonly string[], page: Page): Spec {
  const shown = legend(labels, page, {
    symbolType: 'stroke',
    symbolSize: 256,
    symbolStrokeWidth: 1.25,
    rowPadding: -5,
  });
  const scale = (range: readonly unknown[]) => ({ domain: labels, range: cycled(range, labels.length) });
  return {
    color: { field, type: 'nominal', scale: scale(COLORS), legend: shown },
    strokeDash: { field, type: 'nominal', scale: scale(DASHES), legend: shown },
  };
}

/** Encodings that distinguish lines with points: colour, dash and shape by `field`; the legend has the points. */
export function linePointChannels(field: string, labels: readonly string[], page: Page): Spec {
  const shown = legend(labels, page, { symbolSize: 30, symbolStrokeWidth: 0 });
  const channel = (range: readonly unknown[]) => ({
    field,
    type: 'nominal',
    scale: { domain: labels, range: cycled(range, labels.length) },
    legend: shown,
  });
  return { color: channel(COLORS), strokeDash: channel(DASHES), shape: channel(SHAPES) };
}

/** Encodings that distinguish the points of a figure: colour and shape by `field`. */
export function pointChannels(field: string, labels: readonly string[], page: Page): Spec {
  const shown = legend(labels, page, { symbolSize: 30 });
  const scale = (range: readonly unknown[]) => ({ domain: labels, range: cycled(range, labels.length) });
  return {
    color: { field, type: 'nominal', scale: scale(COLORS), legend: shown },
    shape: { field, type: 'nominal', scale: scale(SHAPES), legend: shown },
  };
}

/** The numbers 1, 2 and 5 of each decade that lie between two numbers, or only the 1 where these are too many. */
function logTicks(least: number, most: number, count: number): number[] {
  const ticks: number[] = [];
  for (let decade = Math.floor(Math.log10(least)); decade <= Math.log10(most); decade++) {
    // Written as a number: a power of ten that is computed may be off in its last digit.
    for (const digit of [1, 2, 5]) ticks.push(Number(`${digit}e${decade}`));
  }
  const within = ticks.filter((tick) => tick >= least && tick <= most);
  const ones = within.filter((tick) => /^[10.e+-]+$/.test(String(tick)));
  const chosen = within.length <= count ? within : ones;
  const every = Math.ceil(chosen.length / count);
  return chosen.filter((_, i) => i % every === 0);
}

/** Room of a label of a logarithmic axis. */
const TICK_ROOM = 24;

const LOG_MARGIN = 1.1;
const HALF_DECADE = 3.2;

/** Scale and axis of logarithmic values, with few and round ticks. */
export function logAxis(values: readonly number[], length: number): Spec {
  if (values.length === 0) return { scale: { type: 'log' } };
  const middle = Math.sqrt(Math.min(...values) * Math.max(...values));
  // A decade at least, so that there are ticks; a margin, so that outermost points are whole.
  const least = rounded(Math.min(Math.min(...values) / LOG_MARGIN, middle / HALF_DECADE));
  const most = rounded(Math.max(Math.max(...values) * LOG_MARGIN, middle * HALF_DECADE));
  const ticks = logTicks(least, most, Math.max(2, Math.floor(length / TICK_ROOM)));
  return {
    scale: { type: 'log', nice: false, domain: [least, most] },
    axis: { values: ticks, format: least < 1 ? '~g' : '~s' },
  };
}

/** A line with its points marked. */
export const LINE_AND_POINTS: Spec = { type: 'line', point: { filled: true, size: 20, opacity: 1 } };

/** A thin grey line, as a limit or a front. */
export const THIN: Spec = { color: GREY, strokeWidth: 0.5 };

/** What all figures share: one font and size, no title, thin axes, nothing that needs colour. */
const CONFIG: Spec = {
  font: FONT,
  padding: 1,
  background: null,
  view: { stroke: '#bbbbbb', strokeWidth: 0.5 },
  axis: {
    labelFontSize: TEXT_POINTS,
    titleFontSize: TEXT_POINTS,
    titleFontWeight: 'normal',
    titlePadding: 3,
    labelPadding: 2,
    labelLimit: 0,
    titleLimit: 0,
    tickSize: 3,
    tickWidth: 0.5,
    domainWidth: 0.5,
    gridWidth: 0.35,
    gridColor: '#dddddd',
    domainColor: GREY,
    tickColor: GREY,
    labelOverlap: true,
    labelSeparation: 4,
  },
  legend: {
    labelFontSize: TEXT_POINTS,
    titleFontSize: TEXT_POINTS,
    titleFontWeight: 'normal',
    columnPadding: 10,
    rowPadding: 1,
    padding: 0,
    offset: 4,
    labelOffset: 3,
  },
  title: {
    fontSize: TEXT_POINTS,
    fontWeight: 'normal',
    offset: 3,
    anchor: 'start',
    frame: 'group',
    limit: 0,
  },
  line: { strokeWidth: 1, strokeJoin: 'round', strokeCap: 'butt' },
  concat: { spacing: 8 },
};

/** A whole specification: the schema, the shared style, and what is drawn. */
export function wholeSpec(body: Spec): Spec {
  return { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', config: CONFIG, ...body };
}
