import type { Value } from '../metrics/csv.js';
import type { KeyColumn } from '../metrics/files.js';
import type { Experiment } from './read/results.js';
import type { CellRow } from './read/runs.js';
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

/** Values of manifest.json that are compared elsewhere, with the rows of runs.csv or below, or depend on the host. */
const ELSEWHERE = [
  'host',
  'command',
  'program.version',
  'program.commit',
  'files',
  'cells',
  'not_ok',
  'policy_modules',
  'costs.sha256',
];
/** Values of manifest.json that are named; more are counted. */
const MOST_NAMED = 8;

/** What names an element of a list: its trace, or the number of its replicate. */
function nameOf(element: unknown): string | undefined {
  const { trace, replicate } = (element ?? {}) as { trace?: unknown; replicate?: unknown };
  const name = trace ?? replicate;
  return name === undefined ? undefined : String(name);
}

/** The values of a document as texts, by their paths. */
function valuesOf(value: unknown, path = '', values = new Map<string, string>()): Map<string, string> {
  if (ELSEWHERE.includes(path)) return values;
  const below = (name: string, each: unknown) =>
    valuesOf(each, path === '' ? name : `${path}.${name}`, values);
  if (Array.isArray(value) && value.length > 0 && value.every((each) => nameOf(each) !== undefined))
    for (const each of value) below(nameOf(each)!, each);
  else if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [name, each] of Object.entries(value)) below(name, each);
  else values.set(path, JSON.stringify(value));
  return values;
}

/** What manifest.json says of the events of a trace, all of which changes when it is recorded again. */
const OF_EVENTS = /^traces\..*\.(trace_sha256|events|peak_pages|duration_us|gives_back\.\w+)$/;

/**
 * Values that both manifests have, and that differ. What only one has is of another version, or of other cells.
 *
 * @param passed paths that are not compared
 */
function documentFindings(baseline: unknown, candidate: unknown, passed: RegExp | undefined): Finding[] {
  const after = valuesOf(candidate);
  const texts = [...valuesOf(baseline)].flatMap(([path, value]) => {
    const now = after.get(path);
    if (now === undefined || now === value || passed?.test(path)) return [];
    return [`manifest.json, ${path}: ${value} → ${now}`];
  });
  const more = texts.length - MOST_NAMED;
  const named = more > 0 ? [...texts.slice(0, MOST_NAMED), `${more} more values of manifest.json`] : texts;
  return named.map((text) => finding('warning', 'setup-changed', text));
}

/** A trace that is another one in the other run, under the same name: what both runs say of it. */
export interface TraceChange {
  readonly trace: string;
  readonly replicate: string;
  /** SHA-256 of the decoded content, in the baseline and in the candidate. */
  readonly hashes: readonly [before: string, after: string];
  /** What differs of its counts, by column of runs.csv. */
  readonly counts: readonly {
    readonly column: string;
    readonly values: readonly [before: Value, after: Value];
  }[];
}

/** Columns that count the events of a trace, whatever is done with them. */
const EVENT_COUNTS = ['events', 'touches', 'trace_time_us'] as const satisfies readonly KeyColumn[];

/** Traces that both runs have under one name, and that are not the same. */
export function tracesChanged(baseline: Experiment, candidate: Experiment): TraceChange[] {
  const nameOf = ({ identity: { trace, replicate } }: CellRow) => JSON.stringify([trace, replicate]);
  const rowsOf = ({ cells }: Experiment) => new Map(cells.map((row) => [nameOf(row), row]));
  const before = rowsOf(baseline);
  return [...rowsOf(candidate)].flatMap(([name, row]) => {
    const old = before.get(name);
    if (!old || old.traceSha256 === row.traceSha256) return [];
    const { trace, replicate } = row.identity;
    const counts = EVENT_COUNTS.map((column) => ({
      column,
      values: [old.values[column] ?? null, row.values[column] ?? null] as const,
    })).filter(({ values: [a, b] }) => a !== b);
    return { trace, replicate, hashes: [old.traceSha256, row.traceSha256] as const, counts };
  });
}

/** A trace that changed, as a line with both hashes. */
export function traceChangeText({ trace, replicate, hashes, counts }: TraceChange): string {
  const name = replicate === '1' ? trace : `${trace}, replicate ${replicate}`;
  const [before, after] = hashes.map((hash) => `${hash.slice(0, 12)}…`);
  const others = counts.map(
    ({ column, values: [a, b] }) => `, ${column} ${a ?? 'unknown'} → ${b ?? 'unknown'}`,
  );
  return `${name}: SHA-256 ${before} → ${after}${others.join('')}`;
}

/**
 * What differs in how two runs were made: columns, program, machine, prices.
 *
 * @param tracesMayChange whether what the manifests say of the events of traces may differ
 */
export function compareSetup(
  baseline: Experiment,
  candidate: Experiment,
  tracesMayChange: boolean,
): Finding[] {
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
    ...documentFindings(baseline.document, candidate.document, tracesMayChange ? OF_EVENTS : undefined),
  ];
}
