import { compareResults } from '../gate/compare.js';
import type { Report } from '../gate/report.js';
import { sampleExperiment, sampleResults } from '../gate/self-test/sample.js';

/** A report on made-up results with a number in every metric: four cells of four traces. */
export function selfTestReport(): Report {
  const same = sampleResults(sampleExperiment());
  return compareResults(same, same, { tolerances: new Map(), strict: false, allowTraceChange: false });
}
