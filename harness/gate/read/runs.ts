import { InputError } from '../../base/errors.js';
import type { Columns } from '../../metrics/columns.js';
import { cellText, formatNumber, parseCsv, type Row, type Value } from '../../metrics/csv.js';
import {
  ADDED_COLUMNS,
  IDENTITY_COLUMNS,
  type IdentityColumn,
  KEY_COLUMNS,
  KEYS,
  type KeyColumn,
  RESULT_COLUMNS,
  type RunRow,
} from '../../metrics/files.js';
import { parseTable } from '../../metrics/results.js';

/** What was run, as text, by identity column. */
export type Identity = Readonly<Record<IdentityColumn, string>>;

/** A row of runs.csv. */
export interface CellRow {
  /** Its number in its own run: what perf.csv calls it by. */
  readonly cell: string;
  readonly experiment: string;
  /** What was run, by identity column. */
  readonly identity: Identity;
  readonly traceSha256: string;
  readonly outcome: string;
  /** What came out, by column: numbers, null where nothing was measured, `n/a` where it says nothing. */
  readonly values: Readonly<Record<string, Value>>;
}

/** A runs.csv. */
export interface Runs {
  /** Columns of what came out: counts of the trace, then metrics. */
  readonly columns: readonly string[];
  readonly cells: readonly CellRow[];
}

/** Key columns that are compared and are no result: counts of the trace, sizes in pages, which follow from it, and draws. */
export const COUNTS: readonly string[] = [
  'limit_pages',
  'memory_pages',
  'draws',
  'events',
  'touches',
  'trace_time_us',
] satisfies KeyColumn[];
const NAMES: readonly string[] = KEY_COLUMNS.filter((column) => !COUNTS.includes(column));

/** What cells are matched by, as one text. */
export function cellKey({ identity }: Pick<CellRow, 'identity'>): string {
  return JSON.stringify(IDENTITY_COLUMNS.map((column) => identity[column]));
}

function cellRow(row: Pick<RunRow, KeyColumn>, columns: readonly string[]): CellRow {
  const text = (column: KeyColumn) => cellText(row[column]);
  // Metrics are found by name: some may be missing, and others are not known.
  const values: Row = { ...row };
  return {
    cell: text('cell'),
    experiment: text('experiment'),
    identity: Object.fromEntries(IDENTITY_COLUMNS.map((column) => [column, text(column)])) as Identity,
    traceSha256: text('trace_sha256'),
    outcome: text('outcome'),
    values: Object.fromEntries(columns.map((column) => [column, values[column] ?? null])),
  };
}

/**
 * Reads runs.csv. Metrics may be missing: what a baseline has and a candidate lacks is a finding.
 *
 * @throws InputError with the line for a missing column, a malformed value, or a cell that appears twice
 */
export function parseRuns(text: string, file: string): Runs {
  const {
    columns: all,
    rows,
    lineOf,
  } = parseTable(text, file, KEYS, RESULT_COLUMNS['runs.csv'], ADDED_COLUMNS['runs.csv']);
  const columns = all.filter((column) => !NAMES.includes(column));
  const seen = new Map<string, number>();
  const cells = rows.map((row, i) => {
    const cell = cellRow(row, columns);
    const before = seen.get(cellKey(cell));
    if (before !== undefined)
      throw new InputError(`the same cell as in line ${lineOf(before)}, expected each cell once`, {
        file,
        line: lineOf(i),
      });
    seen.set(cellKey(cell), i);
    return cell;
  });
  checkNumbers(text, file, RESULT_COLUMNS['runs.csv']);
  return { columns, cells };
}

/**
 * Numbers must be written as the program writes them: of two texts, what is the same number would otherwise pass as equal
 * (digits beyond what a number holds, -0).
 *
 * @throws InputError with the line of one that is not
 */
export function checkNumbers(text: string, file: string, kinds: Columns): void {
  const { columns, rows, lineOf } = parseCsv<string>(text, file, []);
  const numbers = columns.filter((column) => !/^(text|outcome)/.test(kinds[column] ?? ''));
  rows.forEach((row, i) => {
    for (const column of numbers) {
      const value = row[column]!;
      if (!/\d/.test(value) || formatNumber(Number(value)) === value) continue;
      throw new InputError(`${column} is "${value}", expected ${formatNumber(Number(value))}`, {
        file,
        line: lineOf(i),
      });
    }
  });
}
