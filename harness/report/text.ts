import type { DrawsByCell } from '../metrics/draws.js';
import type { RunRow, SpaceRow } from '../metrics/files.js';
import { comparedAxis, type TraceFacts } from './comparison.js';
import { familyFindings, findingText } from './family-findings.js';
import { familyTablesText } from './family-table.js';
import { findings } from './findings.js';
import { comparisonTables } from './table.js';
import { ofCalls } from './warnings.js';

/** The results of an experiment, as its files have them. */
export interface Results {
  /** Rows of runs.csv. */
  readonly runs: readonly RunRow[];
  /** Rows of draws.csv by cell. */
  readonly draws: DrawsByCell;
  /** Rows of spaces.csv. */
  readonly spaces: readonly SpaceRow[];
  readonly traces: readonly TraceFacts[];
}

function section(name: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  return [`What ${name} shows:\n${sentences.map((sentence) => `- ${sentence}`).join('\n')}`];
}

/** A table and sentences per family. */
function familyText({ runs, spaces, traces }: Results): string[] {
  const families = new Set(traces.flatMap(({ family }) => (family === undefined ? [] : [family])));
  const parts = [...families].flatMap((family) => [
    familyTablesText(
      family,
      runs,
      traces.filter((trace) => trace.family === family),
    ),
    ...section(`the ${family} family`, familyFindings(family, runs, spaces, traces).map(findingText)),
  ]);
  if (families.size > 0) parts.push(legend(runs, traces));
  return parts;
}

/** What the marks and figures of family tables mean, as far as these tables need it. */
function legend(runs: readonly RunRow[], traces: readonly TraceFacts[]): string {
  const lines = [
    '* Pareto-best: no other policy saves as much for less, or more for as much. saved: mean over time against keep.',
  ];
  const known = new Set(traces.map(({ touches }) => touches));
  if (known.has('inferred'))
    lines.push('~ accesses are inferred, and so are the faults among the stalls; there is no fault rate.');
  if (known.has('first-access'))
    lines.push(
      '\u2265 only first accesses are in the trace: stalls lack the faults on what was reclaimed; there is no fault rate.',
    );
  if (runs.some(({ discard }) => /^volatile\b/.test(discard)))
    lines.push(
      'No kernel has volatile ranges today: the prices of their calls are proxies, as the cost table says.',
    );
  return lines.join('\n');
}

/** A table per trace and reclaim policy, then sentences per trace, for the traces without a family. */
function traceText({ runs, traces }: Results): string[] {
  const alone = traces.filter(({ family }) => family === undefined);
  if (alone.length === 0) return [];
  const rows = runs.filter((row) => alone.some(({ label }) => label === row.trace));
  const base = comparedAxis(rows) === 'merge' ? 'no merging' : 'keep';
  return [
    comparisonTables(rows, alone),
    ...alone.flatMap((trace) => section(trace.label, findings(rows, trace))),
    `saved: mean over time against ${base}; best: saves the most and, among equals, costs the least.`,
  ];
}

/** The results of an experiment as text: tables first, then sentences, then what falsifies their numbers. */
export function comparisonText(results: Results): string {
  const warnings = ofCalls(results.runs).map(({ what, advice }) => `Warning: ${what} ${advice}`);
  return [...familyText(results), ...traceText(results), ...warnings].join('\n\n');
}
