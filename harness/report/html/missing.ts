import type { ResultsFolder } from '../../metrics/results.js';

/** Why there is no report of some results; undefined where there can be one. */
export function missingForReport(results: ResultsFolder): string | undefined {
  return results.rows('runs.csv').length > 0 ? undefined : 'there is no runs.csv with rows';
}
