import { jsonText } from '../../base/json.js';
import { median } from '../../stats/median.js';
import type { CellReport, TimeReport } from '../report.js';
import type { Format } from './format.js';
import { summaryLine } from './words.js';

function cellJson({ name, identity, findings, reproduce }: CellReport) {
  return { name, identity, findings, reproduce };
}

function timeJson({ name, baseline, candidate, notCompared, change, p, noise, findings }: TimeReport) {
  return {
    name,
    not_compared: notCompared,
    baseline_median_ns: baseline.length > 0 ? median(baseline) : null,
    candidate_median_ns: candidate.length > 0 ? median(candidate) : null,
    baseline_ns: baseline,
    candidate_ns: candidate,
    change,
    p,
    noise,
    findings,
  };
}

/** For programs: every finding, none left out. */
export const json: Format = {
  name: 'json',
  file: 'gate.json',
  about: 'one object with every finding, for programs',
  text(report) {
    const { verdict, strict, baseline, candidate, compared, general, cells, times } = report;
    const object = {
      verdict,
      strict,
      summary: summaryLine(report),
      baseline,
      candidate,
      compared,
      general,
      cells: cells.filter(({ findings }) => findings.length > 0).map(cellJson),
      times: times.map(timeJson),
    };
    return jsonText(object);
  },
};
