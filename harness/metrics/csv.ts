import Papa from 'papaparse';
import { InputError } from '../input/errors.js';

/** A value of a result file: empty (not measured), a number or a text. */
export type Value = number | string | null;
/** A row of a result file, by names of columns. */
export type Row = Readonly<Record<string, Value>>;

/** Numbers in results: whole numbers as they are, others with six significant digits after the point at most. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toFixed(6)));
}

function cellText(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? formatNumber(value) : value;
}

/** Rows as RFC 4180 CSV with LF line ends, without a header line. */
export function csvRows(columns: readonly string[], rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const data = rows.map((row) => columns.map((column) => cellText(row[column])));
  return `${Papa.unparse(data, { newline: '\n' })}\n`;
}

/** The header line of a result file. */
export function csvHeader(columns: readonly string[]): string {
  return `${Papa.unparse([columns as string[]], { newline: '\n' })}\n`;
}

/** Papa would rename a column that is there twice, and say so on standard error. */
function checkHeader(text: string, file: string): void {
  const [header = []] = Papa.parse<string[]>(text, { preview: 1 }).data;
  const twice = header.find((column, i) => header.indexOf(column) < i);
  if (twice !== undefined)
    throw new InputError(`column ${twice} is there twice, expected once`, { file, line: 1 });
}

/**
 * Reads a result file: every value is text.
 *
 * @throws InputError with the line when the file is not the CSV it should be
 */
export function parseCsv(text: string, file: string): { columns: string[]; rows: Record<string, string>[] } {
  checkHeader(text, file);
  const parsed = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  const problem = parsed.errors[0];
  // Papa counts data rows from 0; the header is line 1.
  if (problem) throw new InputError(problem.message, { file, line: (problem.row ?? 0) + 2 });
  return { columns: parsed.meta.fields ?? [], rows: parsed.data };
}
