import { counted } from '../base/text.js';
import { findingLine } from '../gate/formats/words.js';
import { traceChangeText } from '../gate/setup.js';
import { formatNumber } from '../metrics/csv.js';
import type { Metric } from '../metrics/schema.js';
import type { Estimate } from '../stats/estimate.js';
import { type Choice, geometricMean, type MetricRows, type Row, summaryOf } from './choice.js';
import type { Diff, Standing } from './diff.js';

/** The verdict in one line. */
export function summaryLine(diff: Diff, choice: Choice): string {
  const { cells, worse, better, changed, unclear, equal, unmeasured, worst } = summaryOf(diff, choice);
  const parts = [
    `worse in ${worse} of ${counted(cells, 'cell')}`,
    `better in ${better}`,
    ...(changed > 0 ? [`changed in ${changed}`] : []),
    ...(unclear > 0 ? [`~ in ${unclear}`] : []),
    `equal in ${equal}`,
    ...(unmeasured > 0 ? [`without results in ${unmeasured}`] : []),
  ];
  const named = worst && `; worst: ${worst.change.metric.name} ${changeText(worst)} in ${worst.cell.label}`;
  return `B is ${parts.join(', ')}${named ?? ''}`;
}

const UNITS = {
  ns: [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
    [1, 'ns'],
  ],
  bytes: [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, 'B'],
  ],
} as const;
/** Digits of a number that say something. */
const DIGITS = 4;

/** A number with `DIGITS` digits, or more where its whole part has more. */
function digits(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 10 ** DIGITS
    ? value.toFixed(0)
    : value.toPrecision(DIGITS);
}

function inUnits(value: number, units: (typeof UNITS)[keyof typeof UNITS]): string {
  const [size, unit] = units.find(([size]) => Math.abs(value) >= size) ?? units.at(-1)!;
  return `${digits(value / size)} ${unit}`;
}

/** A value of a metric for people: memory in bytes, times in their own unit, counts as they are. */
export function valueText(value: number, { unit }: Metric, pageBytes: number): string {
  if (unit === 'ns') return inUnits(value, UNITS.ns);
  if (unit === 'µs') return inUnits(value * 1000, UNITS.ns);
  if (unit === '%') return `${digits(value)} %`;
  if (unit === 'bytes') return inUnits(value, UNITS.bytes);
  if (unit === 'KiB') return inUnits(value * 1024, UNITS.bytes);
  if (unit === 'pages') return inUnits(value * pageBytes, UNITS.bytes);
  return Number.isInteger(value) ? formatNumber(value) : digits(value);
}

function percentDigits(size: number): number {
  if (size >= 100) return 0;
  return size >= 0.1 ? 1 : 3;
}

/** How much more B has, in per cent with half of the 95 % interval; a difference where A has nothing; `~` where it cannot be told. */
export function changeText({ change, cell }: Row): string {
  const { standing, percent, difference, metric } = change;
  if (standing === 'equal') return '0 %';
  if (percent) return `${signed(percent.mean)}${scatter(percent)} %`;
  const { low, high } = difference;
  const half =
    low === undefined || high === undefined || low === high
      ? ''
      : ` ±${valueText((high - low) / 2, metric, cell.pageBytes)}`;
  return `+${valueText(difference.mean, metric, cell.pageBytes)}${half}`.replace('+-', '-');
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(percentDigits(Math.abs(value)))}`;
}

function scatter({ mean, low, high }: Estimate): string {
  if (low === undefined || high === undefined || low === high) return '';
  const half = (high - low) / 2;
  return ` ±${half.toFixed(percentDigits(Math.max(Math.abs(mean), half)))}`;
}

/** The word behind a change; `~` where it cannot be told. */
export function standingText(standing: Standing): string {
  return standing === 'unclear' ? '~' : standing;
}

/** `3 more worse, 12 equal`: what is not shown of a metric. */
export function hiddenText(hidden: MetricRows['hidden']): string {
  return [...hidden]
    .map(([standing, count]) => `${count}${standing === 'equal' ? '' : ' more'} ${standingText(standing)}`)
    .join(', ');
}

/** What a metric is, for the line above its rows. */
export function metricTitle({ name, better, meaning }: Metric): string {
  const direction = better === 'neither' ? 'neither direction is better' : `${better} is better`;
  return `${name} (${direction}): ${meaning}`;
}

/** The line of `geometricMean`; undefined without one. */
export function geometricText(diff: Diff, { metric }: MetricRows): string | undefined {
  const mean = geometricMean(diff, metric.name);
  return mean && `geometric mean of ${mean.cells} cells: ${signed(mean.percent)} %`;
}

/** Names that a list shows; the rest is counted. */
const MOST_NAMES = 5;

function someOf(labels: readonly string[]): string {
  const more = labels.length - MOST_NAMES;
  return more > 0 ? `${labels.slice(0, MOST_NAMES).join('; ')}; and ${more} more` : labels.join('; ');
}

/** What was not compared, and why. */
function missingLines({ cells, onlyA, onlyB }: Diff): string[] {
  const ended = cells.flatMap(({ label, outcomes }) =>
    outcomes ? [`${label}: ${outcomes[0]} → ${outcomes[1]}`] : [],
  );
  const lost = new Map<string, number>();
  for (const { onlyOne } of cells) for (const name of onlyOne) lost.set(name, (lost.get(name) ?? 0) + 1);
  const measured = [...lost].map(([name, count]) => `${name} (${counted(count, 'cell')})`);
  return [
    ...(ended.length > 0 ? [`other outcome, values are not compared: ${someOf(ended)}`] : []),
    ...(onlyA.length > 0 ? [`only in A (${counted(onlyA.length, 'cell')}): ${someOf(onlyA)}`] : []),
    ...(onlyB.length > 0 ? [`only in B (${counted(onlyB.length, 'cell')}): ${someOf(onlyB)}`] : []),
    ...(measured.length > 0 ? [`measured on one side only: ${someOf(measured)}`] : []),
  ];
}

/** What differs besides results, and what is not in both: a line each. */
export function aroundLines(diff: Diff): string[] {
  const traces = diff.traces.map((change) => `trace changed: ${traceChangeText(change)}`);
  const pace = 'means over trace time (..._mean) follow the pace at which a trace was recorded';
  return [
    ...traces,
    ...(traces.length > 0 ? [pace] : []),
    ...diff.setup.map(findingLine),
    ...missingLines(diff),
  ];
}
