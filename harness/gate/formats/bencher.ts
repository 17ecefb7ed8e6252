import { createHash } from 'node:crypto';
import { jsonText } from '../../base/json.js';
import { slug } from '../../base/text.js';
import { median } from '../../stats/median.js';
import type { TimeReport } from '../report.js';
import { type Series, seriesOf } from '../series.js';
import type { Format } from './format.js';

/** The most characters that Bencher takes of a benchmark's name, and of a measure's slug. */
const NAME_LIMIT = 1024;
const SLUG_LIMIT = 64;
const HASH_DIGITS = 16;

interface Measure {
  readonly value: number;
  readonly lower_value?: number;
  readonly upper_value?: number;
}

/** A name that Bencher takes. A longer one ends with its hash, so that no two become the same. */
function limited(name: string): string {
  if (name.length <= NAME_LIMIT) return name;
  const end = ` ${createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)}`;
  return `${name.slice(0, NAME_LIMIT - end.length)}${end}`;
}

/** What values span, as Bencher draws it around the value. */
function boundsOf(values: readonly number[]): Omit<Measure, 'value'> {
  return { lower_value: Math.min(...values), upper_value: Math.max(...values) };
}

function ofSeries({ name, candidate }: Series): [string, Record<string, Measure>] {
  const measures = candidate.map(
    ({ metric, value, draws }) =>
      [slug(metric).slice(0, SLUG_LIMIT), { value, ...(draws && boundsOf([value, ...draws])) }] as const,
  );
  return [limited(name), Object.fromEntries(measures)];
}

/** `latency` is the measure that Bencher has for times in ns. */
function ofTime({ name, candidate }: TimeReport): [string, Record<string, Measure>] {
  return [limited(name), { latency: { value: median(candidate), ...boundsOf(candidate) } }];
}

/**
 * Bencher Metric Format, for `bencher run --adapter json`: values of the candidate, with what draws and samples span.
 * Source: bencher.dev/docs/reference/bencher-metric-format.
 */
export const bencher: Format = {
  name: 'bencher',
  file: 'bencher.json',
  about: 'Bencher Metric Format: values of the candidate',
  text(report, every) {
    const all = [
      ...seriesOf(report, every)
        .filter(({ candidate }) => candidate.length > 0)
        .map(ofSeries),
      ...report.times.filter(({ candidate }) => candidate.length > 0).map(ofTime),
    ];
    const sorted = all.sort(([a], [b]) => (a < b ? -1 : 1));
    return jsonText(Object.fromEntries(sorted));
  },
};
