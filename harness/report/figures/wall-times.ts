import type { PerfRow } from '../../metrics/files.js';
import { extremesText, range } from './captions.js';
import { type Drawing, type Figure, type Page, WIDTHS } from './figure.js';
import { wholeSpec } from './style.js';
import { largest, rounded, timeText, timeUnit } from './units.js';

/** An interval of fewer samples says nothing. */
const MIN_SAMPLES = 3;
/** With at least this many samples, the interval between two of them covers the median with 95 %. */
const CONFIDENT = 6;
/** The 97.5 % quantile of the normal distribution. */
const Z = 1.96;
const ROW = 11;

interface Bar {
  readonly name: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * The median and an interval around it, which needs no assumption about the distribution: two of the sorted samples that
 * enclose the median with 95 % confidence, the least and the largest where there are too few.
 * Source: Conover, "Practical Nonparametric Statistics", confidence intervals of quantiles.
 */
function barOf(name: string, samples: readonly number[]): Bar {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  const at = (i: number) => sorted[i]!;
  const median = n % 2 === 1 ? at((n - 1) / 2) : (at(n / 2 - 1) + at(n / 2)) / 2;
  const rank = n < CONFIDENT ? 0 : Math.max(0, Math.floor((n - Z * Math.sqrt(n)) / 2) - 1);
  return { name, median, low: at(rank), high: at(n - 1 - rank), n };
}

function barsOf(rows: readonly PerfRow[]): Bar[] {
  const samples = new Map<string, number[]>();
  for (const { name, wall_ns, events } of rows) {
    if (events === 0) continue;
    const own = samples.get(name) ?? [];
    own.push(wall_ns / events);
    samples.set(name, own);
  }
  return [...samples].filter(([, own]) => own.length >= MIN_SAMPLES).map(([name, own]) => barOf(name, own));
}

function suiteOf(name: string): string {
  return name.split('/')[0]!;
}

function drawing(suite: string, all: readonly Bar[], page: Page): Drawing {
  const time = timeUnit(largest(all.map(({ high }) => high)));
  const names = all.map(({ name }) => name.slice(suite.length + 1) || name);
  const values = all.map(({ median, low, high }, i) => ({
    policy: names[i],
    median: rounded(median / time.size),
    low: rounded(low / time.size),
    high: rounded(high / time.size),
  }));
  const samples = range(all.map(({ n }) => n));
  const medians = all.map(({ median }, i) => ({ name: names[i]!, value: median }));
  const y = {
    field: 'policy',
    type: 'nominal',
    title: null,
    scale: { domain: names },
    axis: { ticks: false, domain: false, labelOverlap: false, labelLimit: WIDTHS[page.asked] / 2 },
  };
  const x = (field: string) => ({ field, type: 'quantitative', title: `time an event (${time.name})` });
  return {
    name: `wall-times-${suite}`,
    caption: `Wall time an event: median, and its 95 % confidence interval (the range where there are fewer than ${CONFIDENT} samples); n = ${samples} samples of each, on one host in one run. The medians: ${extremesText(medians, timeText)}.`,
    traces: [],
    width: page.asked,
    columns: 1,
    spec: (width) =>
      wholeSpec({
        data: { values },
        width,
        height: names.length * ROW,
        encoding: { y },
        layer: [
          { mark: { type: 'bar', color: '#bbbbbb', height: { band: 0.7 } }, encoding: { x: x('median') } },
          { mark: { type: 'rule', strokeWidth: 1 }, encoding: { x: x('low'), x2: { field: 'high' } } },
          ...['low', 'high'].map((end) => ({
            mark: { type: 'tick', thickness: 1, size: 5, color: 'black' },
            encoding: { x: x(end) },
          })),
        ],
      }),
  };
}

/** Wall times of a bench, with intervals. */
export const wallTimes: Figure = {
  name: 'wall-times',
  summary: 'wall times with confidence intervals, from `reclaim bench --out`',
  needs: { 'perf.csv': ['wall_ns', 'events'] },
  lacks(data) {
    return barsOf(data.rows('perf.csv')).length > 0
      ? undefined
      : `no case has ${MIN_SAMPLES} samples or more: reclaim bench --out writes them`;
  },
  draw(data, page) {
    const bars = barsOf(data.rows('perf.csv'));
    const suites = [...new Set(bars.map(({ name }) => suiteOf(name)))];
    return suites.map((suite) =>
      drawing(
        suite,
        bars.filter(({ name }) => suiteOf(name) === suite),
        page,
      ),
    );
  },
};
