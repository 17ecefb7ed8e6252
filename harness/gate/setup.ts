import type { Experiment } from './read/results.js';
import { type Finding, finding } from './report.js';
import { betterOf } from './values.js';

function columnFindings(baseline: Experiment, candidate: Experiment): Finding[] {
  const gone = baseline.columns.filter((column) => !candidate.columns.includes(column));
  const added = candidate.columns.filter((column) => !baseline.columns.includes(column));
  return [
    ...gone.map((column) =>
      finding(
        'failure',
        'missing-column',
        `column ${column} (better: ${betterOf(column)}) is not in the candidate`,
      ),
    ),
    ...added.map((column) =>
      finding('warning', 'new-column', `column ${column} is not in the baseline: nothing guards it yet`),
    ),
  ];
}

function unfinished(side: string, { manifest, cells }: Experiment): Finding[] {
  const { planned } = manifest.cells;
  if (cells.length >= planned) return [];
  return [finding('warning', 'unfinished', `the ${side} has ${cells.length} of ${planned} planned cells`)];
}

function changed(what: string, before: string | undefined, after: string | undefined): Finding[] {
  if (before === after) return [];
  return [finding('warning', 'setup-changed', `${what}: ${before || 'none'} → ${after || 'none'}`)];
}

/** What differs in how two runs were made: columns, program, machine, prices. */
export function compareSetup(baseline: Experiment, candidate: Experiment): Finding[] {
  const [before, after] = [baseline.manifest, candidate.manifest];
  const version =
    before.program.version === after.program.version
      ? []
      : [
          finding(
            'warning',
            'version-changed',
            `version of the program: ${before.program.version} → ${after.program.version}`,
          ),
        ];
  return [
    ...columnFindings(baseline, candidate),
    ...unfinished('baseline', baseline),
    ...unfinished('candidate', candidate),
    ...version,
    ...changed('cost table', before.costs.sha256.slice(0, 12), after.costs.sha256.slice(0, 12)),
    ...changed('policy modules', before.policy_modules.join(' '), after.policy_modules.join(' ')),
  ];
}
