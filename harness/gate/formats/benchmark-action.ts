import { jsonText } from '../../base/json.js';
import type { Better } from '../../metrics/schema.js';
import { median } from '../../stats/median.js';
import type { Report } from '../report.js';
import { seriesOf } from '../series.js';
import type { Format } from './format.js';

interface Entry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range?: string;
  readonly extra?: string;
}

/** Half of what values span, as the action prints it behind the value. */
function rangeOf(values: readonly number[]): string {
  return `± ${Math.round((Math.max(...values) - Math.min(...values)) / 2)}`;
}

function metricEntries(report: Report, better: Better, all: boolean): Entry[] {
  return seriesOf(report, all).flatMap(({ name, candidate }) =>
    candidate
      .filter((measured) => measured.better === better)
      .map(({ metric, unit, value, draws }) => ({
        name: `${metric} ${name}`,
        unit,
        value,
        ...(draws && { range: rangeOf(draws), extra: `mean of ${draws.length} draws` }),
      })),
  );
}

function timeEntries({ times }: Report): Entry[] {
  return times
    .filter(({ candidate }) => candidate.length > 0)
    .map(({ name, candidate }) => ({
      name: `wall_ns ${name}`,
      unit: 'ns',
      value: median(candidate),
      range: rangeOf(candidate),
      extra: `median of ${candidate.length} samples`,
    }));
}

function text(entries: readonly Entry[]): string {
  // By name: the order of the report is that of what changed, which would make every file differ.
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  return jsonText(sorted);
}

/**
 * Files of github-action-benchmark, which keeps a chart of each value. It knows one direction a file; metrics whose
 * better direction is `neither` are in none.
 * Source: github.com/benchmark-action/github-action-benchmark, README, "customBiggerIsBetter / customSmallerIsBetter".
 */
export const smallerIsBetter: Format = {
  name: 'customSmallerIsBetter',
  file: 'smaller-is-better.json',
  about: 'github-action-benchmark: values of the candidate of which less is better, wall times among them',
  text: (report, all) => text([...metricEntries(report, 'lower', all), ...timeEntries(report)]),
};

export const biggerIsBetter: Format = {
  name: 'customBiggerIsBetter',
  file: 'bigger-is-better.json',
  about: 'github-action-benchmark: values of the candidate of which more is better',
  text: (report, all) => text(metricEntries(report, 'higher', all)),
};
