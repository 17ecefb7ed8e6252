import type { Spec } from './figure.js';
import { rounded } from './units.js';

/** Size of all text, in points: what journals ask for at least. */
export const TEXT_POINTS = 8;
/** The font, and what a reader of the SVG without it takes: all three have the same widths. */
const FONT = 'Liberation Sans, Arial, Helvetica, sans-serif';

const GREY = '#666666';

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
    axis: { values: ticks, format: least < 1 ? '~g' : ',d' },
  };
}

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
