/**
 * What may differ where a trace was recorded again (`--allow-trace-change`). Two recordings of one program are never the same:
 * the host has its own pace, and now and then a page more is touched. Ten recordings of a pool of 13 MiB on a busy host spread
 * by up to 0.03 % in peaks and faults, 0 in calls and pages given back, 0.4 % in stalls, 2 % in what reclaim does, 15 % in the
 * longest touch, and 50 % in means over time, which follow the pace.
 */
import { HEADLINE_METRICS } from '../metrics/headline.js';
import { METRICS, type Metric, type MetricGroup, type Unit } from '../metrics/schema.js';
import type { Tolerance } from './tolerance.js';

/** Shares by class of metric. */
const SHARES: Readonly<Record<MetricGroup, number>> = {
  memory: 0.02,
  faults: 0.03,
  huge: 0.05,
  reclaim: 0.05,
  merge: 0.05,
  discard: 0.02,
  calls: 0.02,
  time: 0.05,
  pressure: 0.05,
};
/** What any value may change by, in its unit. */
const LEAST: Readonly<Record<Unit, number>> = {
  pages: 8,
  bytes: 8 * 4096,
  KiB: 32,
  ns: 10_000,
  µs: 10,
  '%': 1,
  count: 8,
  'per 1000 touches': 1,
  ratio: 0.01,
};

/** What metrics of a trace that was recorded again may change by, where nothing else is said. */
export const AGAIN_TOLERANCES: ReadonlyMap<string, Tolerance> = new Map(
  METRICS.map(({ name, group, unit }) => [name, { kind: 'share', share: SHARES[group], least: LEAST[unit] }]),
);

/** Whether a metric is a mean over trace time: how long the program took between its calls decides it. */
function followsPace({ name }: Metric): boolean {
  return name.endsWith('_mean');
}

/** The metrics of a trace that was recorded again that can fail the gate without being named: the headline, except means over time. */
export const AGAIN_GUARDED: ReadonlySet<string> = new Set(
  METRICS.filter(
    (metric) => (HEADLINE_METRICS as readonly string[]).includes(metric.name) && !followsPace(metric),
  ).map(({ name }) => name),
);
