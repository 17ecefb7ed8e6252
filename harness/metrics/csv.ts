import Papa from 'papaparse';
import { InputError } from '../base/errors.js';

/** A value of a result file: empty (not measured), a number or a text. */
export type Value = number | string | null;
/** A row of a result file, by names of columns. */
export type Row = Readonly<Record<string, Value>>;

/** Numbers in results: whole numbers as they are, others with six significant digits after the point at most. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toFixed(6)));
}

/** A value as a result file has it. */
export function cellText(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? formatNumber(value) : value;
}

/** A text that needs no quotes, also not those that Papa Parse adds for spaces at either end and a byte order mark. */
const PLAIN = /^(?! )[^",\r\n\uFEFF]*(?<! )$/;

/** A value as CSV has it. Numbers are never quoted, and nearly all texts are plain: Papa Parse takes five times as long a field. */
export function fieldText(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return formatNumber(value);
  return PLAIN.test(value) ? value : Papa.unparse([[value]]);
}

/** Rows as RFC 4180 CSV with LF line ends, without a header line. */
export function csvRows<C extends string>(
  columns: readonly C[],
  rows: readonly Readonly<Record<C, Value>>[],
): string {
  let text = '';
  for (const row of rows) {
    for (let i = 0; i < columns.length; i++)
      text += i === 0 ? fieldText(row[columns[i]!]) : `,${fieldText(row[columns[i]!])}`;
    text += '\n';
  }
  return text;
}

/** A row as an object for JSON: numbers as the CSV shows them. */
export function jsonRow<C extends string>(
  columns: readonly C[],
  row: Readonly<Record<C, Value>>,
): Readonly<Record<C, Value>> {
  const entries = columns.map((column) => {
    const value = row[column];
    return [column, typeof value === 'number' ? Number(formatNumber(value)) : value];
  });
  return Object.fromEntries(entries) as Record<C, Value>;
}

/** The header line of a result file. */
export function csvHeader(columns: readonly string[]): string {
  return `${Papa.unparse([columns as string[]], { newline: '\n' })}\n`;
}

/** A parsed result file: every value is text. */
export interface CsvText<C extends string> {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<C, string>>[];
  /** The line on which a row starts, by its place in `rows`. */
  lineOf(row: number): number;
}

/** The line on which a record starts: quoted fields may hold line ends. */
function startOf(records: readonly string[][], index: number): number {
  let line = 1;
  for (let i = 0; i < index; i++) {
    line++;
    for (const field of records[i]!) line += field.split('\n').length - 1;
  }
  return line;
}

function checkHeader(header: readonly string[], needed: readonly string[], file: string): void {
  const place = { file, line: 1 };
  const twice = header.find((column, i) => header.indexOf(column) !== i);
  if (twice !== undefined) throw new InputError(`column "${twice}" appears twice, expected once`, place);
  // Rows are objects: what they inherit is no column.
  if (header.includes('__proto__')) throw new InputError('"__proto__" is not the name of a column', place);
  const missing = needed.filter((column) => !header.includes(column));
  if (missing.length === 0) return;
  const which =
    missing.length > 3
      ? `${missing.slice(0, 3).join(', ')} and ${missing.length - 3} more`
      : missing.join(', ');
  throw new InputError(
    `missing ${missing.length === 1 ? 'column' : 'columns'} ${which}: the file was edited, or written by another version`,
    place,
  );
}

/** The fields of CSV, record by record. */
interface CsvRecords {
  readonly columns: readonly string[];
  /** Without the header; each has a field for each column. */
  readonly records: readonly (readonly string[])[];
  /** The line on which a record starts. */
  lineOf(record: number): number;
}

/** A row as an object. Set field by field: made of pairs, the rows of a long file take three times as long. */
export function rowOf<V>(columns: readonly string[], fieldAt: (column: number) => V): Record<string, V> {
  const row: Record<string, V> = {};
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = fieldAt(i);
  return row;
}

/**
 * Parses the text of a result file, as `parseCsv`, without making objects of the records.
 *
 * @throws InputError with the line when it is not CSV with these columns
 */
export function csvRecords(text: string, file: string, needed: readonly string[]): CsvRecords {
  if (text.trim() === '') throw new InputError('is empty, expected a header line and rows', { file });
  const { data: records, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, '').replace(/\r?\n$/, ''), {
    delimiter: ',',
  });
  const problem = errors[0];
  if (problem) throw new InputError(problem.message, { file, line: startOf(records, problem.row ?? 0) });
  const columns = records[0]!;
  checkHeader(columns, needed, file);
  const lineOf = (record: number) => startOf(records, record + 1);
  const wrong = records.findIndex((fields) => fields.length !== columns.length);
  if (wrong > 0)
    throw new InputError(`${records[wrong]!.length} fields, expected ${columns.length} as in the header`, {
      file,
      line: lineOf(wrong - 1),
    });
  return { columns, records: records.slice(1), lineOf };
}

/**
 * Parses the text of a result file. Columns are found by name, and those that are not asked for are kept.
 *
 * @param needed the columns that it must have
 * @throws InputError with the line when it is not CSV with these columns
 */
export function parseCsv<C extends string>(
  text: string,
  file: string,
  needed: readonly C[] = [],
): CsvText<C> {
  const { columns, records, lineOf } = csvRecords(text, file, needed);
  const rows = records.map((fields) => rowOf(columns, (i) => fields[i]!) as Record<C, string>);
  return { columns, rows, lineOf };
}
