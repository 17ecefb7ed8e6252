import { InputError } from '../../input/errors.js';
import { unknownName } from '../../input/nearest.js';
import { parseCsv, type Value } from '../../metrics/csv.js';
import { IDENTITY_COLUMNS, KEY_COLUMNS, NOT_APPLICABLE, OUTCOMES } from '../../metrics/schema.js';

/** A row of runs.csv. */
export interface CellRow {
  /** Its number in its own run: what perf.csv calls it by. */
  readonly cell: string;
  /** What was run, by identity column. */
  readonly identity: Readonly<Record<string, string>>;
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

const NUMBER = /^-?\d+(\.\d+)?(e[+-]\d+)?$/;
const COUNTS = ['events', 'touches', 'trace_time_us'];
const NAMES = KEY_COLUMNS.filter((column) => !COUNTS.includes(column));

/** What cells are matched by, as one text. */
export function cellKey({ identity }: Pick<CellRow, 'identity'>): string {
  return JSON.stringify(IDENTITY_COLUMNS.map((column) => identity[column]));
}

function parseValue(text: string, column: string, file: string, line: number): Value {
  if (text === '') return null;
  if (text === NOT_APPLICABLE) return text;
  if (NUMBER.test(text)) return Number(text);
  throw new InputError(`${column} is "${text}", expected a number, nothing or ${NOT_APPLICABLE}`, {
    file,
    line,
  });
}

function parseRow(
  row: Readonly<Record<string, string>>,
  columns: readonly string[],
  file: string,
  line: number,
): CellRow {
  const text = (column: string) => row[column] as string;
  const outcome = text('outcome');
  if (!(OUTCOMES as readonly string[]).includes(outcome))
    throw unknownName('outcome', outcome, OUTCOMES).at({ file, line });
  return {
    cell: text('cell'),
    identity: Object.fromEntries(IDENTITY_COLUMNS.map((column) => [column, text(column)])),
    traceSha256: text('trace_sha256'),
    outcome,
    values: Object.fromEntries(
      columns.map((column) => [column, parseValue(text(column), column, file, line)]),
    ),
  };
}

/**
 * Reads runs.csv.
 *
 * @throws InputError with the line for a missing column, a value that is none, or a cell that is there twice
 */
export function parseRuns(text: string, file: string): Runs {
  if (text.trim() === '') throw new InputError('is empty, expected a header line and a row a cell', { file });
  const { columns: all, rows } = parseCsv(text, file);
  const missing = KEY_COLUMNS.filter((column) => !all.includes(column));
  if (missing.length > 0)
    throw new InputError(`missing columns: ${missing.join(', ')}; expected the runs.csv of this version`, {
      file,
      line: 1,
    });
  const columns = all.filter((column) => !(NAMES as readonly string[]).includes(column));
  const seen = new Map<string, number>();
  const cells = rows.map((row, i) => {
    const line = i + 2;
    const cell = parseRow(row, columns, file, line);
    const before = seen.get(cellKey(cell));
    if (before !== undefined)
      throw new InputError(`the cell of line ${before} once more, expected each cell once`, { file, line });
    seen.set(cellKey(cell), line);
    return cell;
  });
  return { columns, cells };
}
