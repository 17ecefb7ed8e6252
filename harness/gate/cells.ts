import type { Value } from '../metrics/csv.js';
import type { DrawRow } from '../metrics/files.js';
import { METRICS } from '../metrics/schema.js';
import { changedDraws, withInterval } from './draws.js';
import { cellLabels, cellName } from './names.js';
import type { Experiment } from './read/results.js';
import { type CellRow, COUNTS, cellKey } from './read/runs.js';
import { AGAIN_GUARDED, AGAIN_TOLERANCES } from './recorded-again.js';
import {
  type CellReport,
  type Finding,
  finding,
  type GateOptions,
  type Kind,
  type Level,
  sorted,
} from './report.js';
import { reproduceCommands } from './reproduce.js';
import type { Tolerance } from './tolerance.js';
import { compareValue, measuredIn, type Rule } from './values.js';

/** A cell as both runs have it; one of them may lack it. */
interface Pair {
  readonly baseline: CellRow | undefined;
  readonly candidate: CellRow | undefined;
}

/** Metrics that depend on another cell, the base. */
const SAVINGS: readonly (string | undefined)[] = METRICS.filter(({ kind }) => kind === 'saving').map(
  ({ name }) => name,
);

/** Larger than any distance between values: what cannot be compared at all comes first. */
const WHOLE_CELL = 1e6;

function wholeCell(level: Level, kind: Kind, text: string): Finding {
  return finding(level, kind, text, WHOLE_CELL);
}

/** Whether both have a trace of one name, and not the same one. */
function isOtherTrace({ baseline, candidate }: Pair): boolean {
  return baseline !== undefined && candidate !== undefined && baseline.traceSha256 !== candidate.traceSha256;
}

/** What is wrong with a pair as a whole, so that its values cannot be compared; undefined if nothing is. */
function mismatch({ baseline, candidate }: Pair, traceMayChange: boolean): Finding | undefined {
  if (!candidate) return wholeCell('failure', 'missing-cell', 'not in the candidate');
  if (!baseline) return wholeCell('warning', 'new-cell', 'not in the baseline: nothing guards it yet');
  if (!traceMayChange && baseline.traceSha256 !== candidate.traceSha256)
    return wholeCell(
      'failure',
      'trace-changed',
      `a different trace under the same name: SHA-256 ${baseline.traceSha256.slice(0, 12)}… → ${candidate.traceSha256.slice(0, 12)}…`,
    );
  if (baseline.outcome !== candidate.outcome)
    return wholeCell(
      candidate.outcome === 'ok' ? 'warning' : 'failure',
      'outcome-changed',
      `outcome ${baseline.outcome} → ${candidate.outcome}`,
    );
  return undefined;
}

/** How many results a cell has that are measured in the baseline or the candidate; counts of the trace are none. */
function comparedValues({ baseline, candidate }: Pair, columns: readonly string[]): number {
  const at = (row: CellRow | undefined, column: string): Value => row?.values[column] ?? null;
  const measured = (column: string) => at(baseline, column) !== null || at(candidate, column) !== null;
  return columns.filter((column) => !COUNTS.includes(column) && measured(column)).length;
}

/** How columns of a pair are compared: none of those of the trace itself, where that was recorded again. */
function rulesOf(
  pair: Pair,
  tolerances: ReadonlyMap<string, Tolerance>,
): (column: string) => Rule | undefined {
  if (!isOtherTrace(pair)) return (column) => ({ tolerance: tolerances.get(column), guards: true });
  return (column) =>
    COUNTS.includes(column) && column !== 'draws'
      ? undefined
      : {
          tolerance: tolerances.get(column) ?? AGAIN_TOLERANCES.get(column),
          guards: tolerances.has(column) || AGAIN_GUARDED.has(column),
        };
}

function compareValues(
  pair: Pair,
  columns: readonly string[],
  tolerances: ReadonlyMap<string, Tolerance>,
): Finding[] {
  const ruleOf = rulesOf(pair, tolerances);
  return columns.flatMap((column) => {
    const before = pair.baseline?.values[column] ?? null;
    const after = pair.candidate?.values[column] ?? null;
    const rule = ruleOf(column);
    return rule ? (compareValue(column, before, after, rule) ?? []) : [];
  });
}

function drawsOf({ draws }: Experiment, row: CellRow | undefined): readonly DrawRow[] {
  return (row && draws.get(Number(row.cell))) ?? [];
}

function pairs(baseline: readonly CellRow[], candidate: readonly CellRow[]): Pair[] {
  const byKey = new Map<string, Pair>(
    baseline.map((row) => [cellKey(row), { baseline: row, candidate: undefined }]),
  );
  for (const row of candidate)
    byKey.set(cellKey(row), { baseline: byKey.get(cellKey(row))?.baseline, candidate: row });
  return [...byKey.values()];
}

/**
 * Compares the cells of two runs, matched by what was run. Results are deterministic, so every difference is one of the
 * program, its input or its setup.
 *
 * @param options tolerances by metric: one without may not differ at all, unless its trace was recorded again
 */
export function compareCells(
  baseline: Experiment,
  candidate: Experiment,
  { tolerances, allowTraceChange }: Pick<GateOptions, 'tolerances' | 'allowTraceChange'>,
): CellReport[] {
  const columns = baseline.columns.filter((column) => candidate.columns.includes(column));
  const labelOf = cellLabels([...baseline.cells, ...candidate.cells]);
  return pairs(baseline.cells, candidate.cells).map((pair) => {
    const row = (pair.candidate ?? pair.baseline) as CellRow;
    const whole = mismatch(pair, allowTraceChange);
    const draws = [drawsOf(baseline, pair.baseline), drawsOf(candidate, pair.candidate)] as const;
    const changes = compareValues(pair, columns, tolerances);
    const findings = whole
      ? [whole]
      : sorted([
          ...changes.map((found) => withInterval(found, ...draws)),
          ...(isOtherTrace(pair) ? [] : changedDraws(changes, ...draws)),
        ]);
    const saving = findings.some(({ metric }) => SAVINGS.includes(metric));
    const { manifest } = pair.candidate ? candidate : baseline;
    return {
      name: cellName(row),
      label: labelOf(row),
      trace: row.identity.trace,
      identity: row.identity,
      compared: whole ? 0 : comparedValues(pair, columns),
      findings,
      reproduce: findings.length > 0 ? reproduceCommands(row, manifest, saving) : [],
      candidate: measuredIn(pair.candidate, draws[1]),
      baseline: measuredIn(pair.baseline, draws[0]),
    };
  });
}
