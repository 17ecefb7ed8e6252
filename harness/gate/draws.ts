import type { DrawRow } from '../metrics/files.js';
import { DRAWN_METRICS, type DrawnMetric } from '../metrics/schema.js';
import { type Estimate, estimate } from '../stats/estimate.js';
import { type Finding, finding } from './report.js';

/** How a metric changed from draw to draw of the same number; undefined where there are no pairs of draws. */
function paired(
  metric: DrawnMetric,
  baseline: readonly DrawRow[],
  candidate: readonly DrawRow[],
): Estimate | undefined {
  if (baseline.length !== candidate.length || baseline.length < 2) return undefined;
  return estimate(candidate.map((row, i) => row[metric] - baseline[i]![metric]));
}

/** A finding about a metric that draws change, with the interval of its change in 95 of 100 draws. */
export function withInterval(
  found: Finding,
  baseline: readonly DrawRow[],
  candidate: readonly DrawRow[],
): Finding {
  const metric = DRAWN_METRICS.find((name) => name === found.metric);
  const change = metric && paired(metric, baseline, candidate);
  if (change?.low === undefined || change.high === undefined) return found;
  const bound = (value: number) => `${value > 0 ? '+' : ''}${Math.round(value)}`;
  return {
    ...found,
    text: `${found.text}, change ${bound(change.low)} to ${bound(change.high)} (95 %, ${change.n} draws)`,
  };
}

/** Draws that differ although their means are equal. */
export function changedDraws(
  known: readonly Finding[],
  baseline: readonly DrawRow[],
  candidate: readonly DrawRow[],
): Finding[] {
  const names = DRAWN_METRICS.filter(
    (name) =>
      !known.some(({ metric }) => metric === name) &&
      candidate.some((row, i) => row[name] !== baseline[i]?.[name]),
  );
  if (names.length === 0) return [];
  return [finding('failure', 'changed', `draws of ${names.join(', ')} differ, with the same mean`)];
}
