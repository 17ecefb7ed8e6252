import { jsonText } from '../../base/json.js';
import type { Estimate } from '../../stats/estimate.js';
import { type Choice, geometricMean, summaryOf } from '../choice.js';
import type { CellDiff, Change } from '../diff.js';
import { summaryLine } from '../words.js';
import type { Format } from './format.js';

function estimateJson({ mean, low, high, n }: Estimate) {
  return { mean, low: low ?? null, high: high ?? null, n };
}

function changeJson({ a, b, difference, percent, standing }: Change) {
  return {
    a,
    b,
    difference: estimateJson(difference),
    percent: percent ? estimateJson(percent) : null,
    standing,
  };
}

function cellJson({ label, identity, outcomes, changes, onlyOne }: CellDiff, { metrics }: Choice) {
  const { replicate: _, ...matched } = identity;
  const shown = changes.filter(({ metric }) => metrics.includes(metric.name));
  return {
    label,
    identity: matched,
    outcomes: outcomes ?? null,
    metrics: Object.fromEntries(shown.map((change) => [change.metric.name, changeJson(change)])),
    measured_on_one_side: onlyOne,
  };
}

/** For programs: every cell; values in the units of runs.csv. */
export const json: Format = {
  name: 'json',
  file: 'diff.json',
  text(diff, choice) {
    const { a, b, setup, traces, cells, onlyA, onlyB } = diff;
    const { worst, ...counts } = summaryOf(diff, choice);
    return jsonText({
      summary: summaryLine(diff, choice),
      counts,
      worst: worst ? { metric: worst.change.metric.name, cell: worst.cell.label } : null,
      a,
      b,
      setup,
      traces,
      geometric_mean_percent: Object.fromEntries(
        choice.metrics.map((name) => [name, geometricMean(diff, name)?.percent ?? null]),
      ),
      cells: cells.map((cell) => cellJson(cell, choice)),
      only_a: onlyA,
      only_b: onlyB,
    });
  },
};
