import type { DrawsByCell } from '../metrics/draws.js';
import type { RunRow, SpaceRow } from '../metrics/files.js';
import { closedClock } from './closed-clock.js';
import { compactTable } from './compact-table.js';
import { baseName, comparedAxis, type TraceFacts } from './comparison.js';
import { familyTables, fewFigures } from './family-table.js';
import { findings, findingText } from './findings.js';
import { rank } from './front.js';
import { lazyText } from './not-to-use.js';
import { select } from './selection.js';
import { comparisonTables } from './table.js';
import { type Look, PLAIN, wrapped } from './terminal-text.js';
import { type Verdict, verdictOf } from './verdict.js';
import { verdictText } from './verdict-text.js';
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

/** How results are printed. */
export interface Form {
  readonly look: Look;
  /** Whether all columns and sentences are wanted. */
  readonly full: boolean;
}

/** Traces that share tables: a family, or those without one. */
interface Group {
  readonly title: string;
  readonly members: readonly TraceFacts[];
}

function groupsOf(traces: readonly TraceFacts[]): Group[] {
  return [...new Set(traces.map(({ family }) => family))].map((family) => {
    const members = traces.filter((trace) => trace.family === family);
    const one = members.length === 1 ? members[0]!.label : 'all traces';
    return { title: family ?? one, members };
  });
}

/** The tables of a group, and what they leave out. */
function shortTables({ runs, draws }: Results, { title, members }: Group, look: Look): string[] {
  const { tables, leftOut } = familyTables(title, runs, members, draws, fewFigures);
  return [
    ...tables.map((table) => compactTable(table, look)),
    ...(leftOut === '' ? [] : [wrapped(leftOut, look.columns)]),
  ];
}

/** The tables of a group with all columns, and sentences. */
function longText(results: Results, group: Group, { columns }: Look): string[] {
  const sentences = findings(results, group.members).map(
    (finding) => `- ${wrapped(findingText(finding), columns - 2, '  ')}`,
  );
  const { leftOut } = familyTables(group.title, results.runs, group.members);
  return [
    comparisonTables(results, group.members),
    ...(leftOut === '' ? [] : [leftOut]),
    ...(sentences.length > 0 ? [[`What ${group.title} shows:`, ...sentences].join('\n')] : []),
  ];
}

/** Whether any policy ties with the best. */
function tiesIn(results: Results): boolean {
  return select(results).settings.some((setting) => rank(setting).tied.length > 0);
}

/** What the marks and figures of tables mean, as far as these tables need it. */
function legend(results: Results, verdict: Verdict, { look, full }: Form): string {
  const { runs, traces } = results;
  const known = new Set(traces.map(({ touches }) => touches));
  const base = verdict.base ?? 'what is in parentheses';
  const all = verdict.base ?? baseName(comparedAxis(runs));
  const lines = [
    `* best: no other policy saves as much for less, or more for as much. saved: mean over time against ${base}.`,
    ...(tiesIn(results)
      ? [
          '= tie: ahead of a best one in stalls or savings, but not clearly: draws or replicates disagree, or it is too little to count.',
        ]
      : []),
    ...(full
      ? []
      : [
          `(…): all that ${all} holds and stalls, or where there is none, what is marked so; the other numbers are differences to it.`,
        ]),
    ...(known.has('inferred')
      ? ['~ accesses are inferred, and so are the faults among the stalls; there is no fault rate.']
      : []),
    ...(known.has('first-access')
      ? ['≥ only first accesses are in the trace: stalls lack the faults on what was reclaimed.']
      : []),
    ...(runs.some(({ discard }) => /^volatile\b/.test(discard))
      ? [
          'No kernel has volatile ranges today: their prices are proxies, and verdicts recommend what kernels have.',
        ]
      : []),
    ...lazyText(verdict.parts).map((text) => `${text}.`),
  ];
  return lines.map((line) => wrapped(line, look.columns, '  ')).join('\n');
}

/** The results of an experiment as text: the verdict first, then tables, then what falsifies their numbers. */
export function comparisonText(results: Results, form: Form = { look: PLAIN, full: false }): string {
  const { look, full } = form;
  const warnings = [...closedClock(results.runs), ...ofCalls(results.runs)].map(({ what, advice }) =>
    wrapped(`Warning: ${what} ${advice}`, look.columns, '  '),
  );
  const groups = groupsOf(results.traces);
  const verdict = verdictOf(results);
  return [
    verdictText(verdict, look),
    ...groups.flatMap((group) => (full ? longText(results, group, look) : shortTables(results, group, look))),
    legend(results, verdict, form),
    ...warnings,
    ...(full ? [] : ['All columns and sentences: --full']),
  ].join('\n\n');
}
