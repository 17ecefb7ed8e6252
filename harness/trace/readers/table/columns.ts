import { itemsOf, type ParameterValues } from '../../../base/parameters.js';
import { type Misfit, misfit } from '../reader.js';
import { type HeadLine, headLines, noLines } from '../scan/lines.js';
import { ROLE, type Role } from './layout.js';
import { type NamedColumn, namedColumn, plainName } from './names.js';
import { delimiterOf, splitFields } from './split.js';

/** The parameters that name columns, and what these are. */
const COLUMN_PARAMETERS = {
  time: ROLE.time,
  id: ROLE.id,
  size: ROLE.size,
  op: ROLE.op,
  volume: ROLE.volume,
} as const;
type ColumnParameter = keyof typeof COLUMN_PARAMETERS;

/** Texts of the parameters that name columns, by parameter. */
type Given = Partial<Record<ColumnParameter, string>>;

/** Columns that may be read without a header: of more, no order is usual. */
const USUAL_ROLES: readonly Role[] = [ROLE.time, ROLE.id, ROLE.size];
/** Characters of a wrong field that a message shows. */
const SHOWN = 30;

/** A column that a layout takes, with what its name says. */
export type Column = NamedColumn | undefined;

/** A table whose first lines are known. */
export interface Table {
  readonly delimiter: string;
  /** By column, of the header; empty where there is none. */
  readonly names: readonly string[];
  /** Whether the first line that is no comment is the header. */
  readonly header: boolean;
  /** Lines before the header: `sep=;`. */
  readonly preamble: number;
  /** Microseconds of a unit of the column that goes on with the time. */
  readonly partUs: number;
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly line: HeadLine; readonly fields: readonly string[] }[];
}

/** Why the first lines of a file do not show how it is read. */
export interface TableMisfit extends Misfit {
  /** The line, and what it has: `has one field, expected at least 2`. */
  readonly line?: number;
  readonly what: string;
}

/** Whether a value is a misfit. */
export function isMisfit(value: object): value is TableMisfit {
  return 'why' in value;
}

/** A misfit of a line of a table, all of which is read. @param ifNamed how it fits where the name of the file says so */
export function atLine(
  { number, start, text }: HeadLine,
  what: string,
  ifNamed?: Misfit['ifNamed'],
): TableMisfit {
  const wrong = misfit(`line ${number} ${what}`, start + text.length);
  return { ...wrong, ...(ifNamed ? { ifNamed } : {}), line: number, what };
}

/** A field as messages show it. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN));
}

function givenColumns(values: ParameterValues): Given {
  const keys = Object.keys(COLUMN_PARAMETERS) as ColumnParameter[];
  return Object.fromEntries(
    keys.filter((key) => values[key] !== '').map((key) => [key, String(values[key])]),
  );
}

/** The number of a column that a parameter names, from 0 on; -1 where no column is named so. */
function columnOf(text: string, names: readonly string[]): number {
  if (/^\d+$/.test(text)) return Number(text) - 1;
  const exact = names.findIndex((name) => name.trim() === text);
  return exact >= 0 ? exact : names.findIndex((name) => plainName(name) === plainName(text));
}

/** Whether the first line names columns: as a header does, or by a text in a column that a parameter says is a number. */
function isHeader(fields: readonly string[], given: Given): boolean {
  if (Object.values(given).some((text) => !/^[\d+]+$/.test(text))) return true;
  const named = fields.map(namedColumn);
  if (named.some((column) => column?.role === ROLE.id)) return true;
  // Names of which none is known as an id, so that it can be asked for.
  if (named.some((column) => column) && fields.every((field) => !/^[\d.+-]/.test(field.trim()))) return true;
  return given.id !== undefined && !fields.some((field) => /\d/.test(field));
}

/** The names in a comment above the first line, where these name an id: `# time,id,size`. */
function commentNames(
  head: Uint8Array,
  first: HeadLine,
  delimiter: string,
  count: number,
): readonly string[] {
  const above = Buffer.from(head.subarray(0, first.start)).toString('utf8').trim().split('\n').at(-1) ?? '';
  const names = splitFields(above.replace(/^[#\s]+/, ''), delimiter);
  const named = names.length === count && names.some((name) => namedColumn(name)?.role === ROLE.id);
  return named ? names : [];
}

/** Sets the columns that parameters name. */
function setGiven(
  columns: Column[],
  given: Given,
  names: readonly string[],
  line: HeadLine,
): TableMisfit | undefined {
  const wanted = Object.entries(given).flatMap(([key, texts]) => itemsOf(texts).map((text) => [key, text]));
  for (const [key, text] of wanted as [ColumnParameter, string][]) {
    const role = COLUMN_PARAMETERS[key];
    const column = columnOf(text, names);
    if (column < 0) return atLine(line, `has no column ${shown(text)}, expected one of ${names.join(', ')}`);
    if (column >= columns.length)
      return atLine(
        line,
        `has ${columns.length} columns, expected at least ${column + 1} for ${key}=${text}`,
      );
    const named = namedColumn(names[column] ?? '');
    columns[column] = named?.role === role ? named : { role };
  }
  return undefined;
}

/** Sets the other columns by their names: each role is taken once, except volumes. Of ids, there must be one only. */
function setNamed(columns: Column[], names: readonly string[], line: HeadLine): TableMisfit | undefined {
  const named = names.map(namedColumn);
  const taken = new Set(columns.map((column) => column?.role));
  const all = names.filter((_, i) => named[i]?.role === ROLE.id);
  // A URL or a hash next to an id says more of the same object.
  const strong = all.filter(
    (name) => !/(ur[li]|hash|path|name|query|md5|sha\d+|digest)$/.test(plainName(name)),
  );
  const ids = strong.length > 0 ? strong : all;
  if (ids.length > 1 && !taken.has(ROLE.id))
    return atLine(line, `has ${ids.map(shown).join(' and ')}: say which is the id, as in csv:id=${ids[0]}`);
  const volumes = !taken.has(ROLE.volume);
  const inFile = named.some((column, i) => column?.place && names[i] === ids[0]);
  named.forEach((column, i) => {
    if (!column || columns[i]) return;
    if (column.role === ROLE.volume ? !volumes : taken.has(column.role)) return;
    if (column.role === ROLE.id && names[i] !== ids[0]) {
      // An offset is a place in the file that is named next to it.
      if (inFile && volumes && /(path|name)$/.test(plainName(names[i]!))) columns[i] = { role: ROLE.volume };
      return;
    }
    columns[i] = column;
    taken.add(column.role);
  });
  return undefined;
}

/** A line whose columns could be anything. Where it begins with no number, it is not near to a table. */
function unnamed(line: HeadLine, what: string): TableMisfit {
  const wrong = atLine(line, `${what} and no header: name them, as in csv:time=1,id=2,size=3`);
  return /^[\d\s]/.test(line.text) ? wrong : { ...wrong, reached: line.start };
}

/** What each column is. */
function columnsOf(
  given: Given,
  names: readonly string[],
  count: number,
  line: HeadLine,
): Column[] | TableMisfit {
  if (names.length === 0 && Object.keys(given).length === 0) {
    if (count > USUAL_ROLES.length) return unnamed(line, `has ${count} columns`);
    return USUAL_ROLES.slice(0, count).map((role) => ({ role }));
  }
  const columns: Column[] = Array.from({ length: count }, () => undefined);
  const wrong = setGiven(columns, given, names, line) ?? setNamed(columns, names, line);
  if (wrong) return wrong;
  if (columns.some((column) => column?.role === ROLE.id)) return columns;
  const unknown = names.filter((name, i) => name.trim() !== '' && !columns[i]);
  return atLine(
    line,
    unknown.length > 0
      ? `has no column of ids: say which one is, of ${unknown.slice(0, 5).join(', ')}, as in csv:id=${unknown[0]!.trim()}`
      : 'has no column of ids, expected it named, as in csv:time=1,id=2,size=3',
  );
}

/** The name of a column of times without its unit. */
const BASE = /^(.*?)_?[a-z\u00b5\u03bc]+$/;
/** Microseconds of units below a second. */
const PARTS: Readonly<Record<string, number>> = { ms: 1000, us: 1, ns: 0.001 };

/** Makes two columns one time where their names say so: tv_sec and tv_usec. Returns the microseconds of a unit of the second. */
function setPart(columns: Column[], names: readonly string[]): number {
  const named = names.map((name) => {
    const column = namedColumn(name);
    return column?.role === ROLE.time && column.unit
      ? { column, base: BASE.exec(plainName(name))?.[1] }
      : undefined;
  });
  const time = columns.findIndex((column) => column?.role === ROLE.time);
  const other = named.findIndex(
    (one, i) => one && i !== time && !columns[i] && one.base === named[time]?.base,
  );
  if (other < 0) return 0;
  const [whole, part] = named[time]!.column.unit === 's' ? [time, other] : [other, time];
  const partUs = PARTS[named[part]!.column.unit!];
  if (named[whole]!.column.unit !== 's' || partUs === undefined) return 0;
  columns[whole] = named[whole]!.column;
  columns[part] = { role: ROLE.part };
  return partUs;
}

/** `sep=;`, with which Excel says what is between fields. */
const SEPARATOR = /^"?sep=(.)"?$/i;

/**
 * Splits the first lines of a file into columns that have a meaning.
 *
 * @param values of the parameters of `csv`
 * @returns a misfit where there is no meaning, or more than one
 */
export function tableOf(head: Uint8Array, values: ParameterValues): Table | TableMisfit {
  const lines = headLines(head, true);
  const separator = lines[0] && SEPARATOR.exec(lines[0].text)?.[1];
  if (separator !== undefined) lines.shift();
  const [first, ...others] = lines;
  if (!first) return { ...noLines(head), what: noLines(head).why };
  const given = givenColumns(values);
  const delimiter = separator ?? delimiterIn(first.text);
  const fields = splitFields(Buffer.from(first.text, 'latin1').toString('utf8'), delimiter);
  if (fields.length < 2 && delimiter !== NO_DELIMITER)
    return { ...atLine(first, 'has one field, expected at least 2'), reached: first.start };
  const header = isHeader(fields, given);
  if (delimiter === ' ' && !header && Object.keys(given).length === 0)
    return unnamed(first, 'has fields between blanks');
  const rows = (header ? others : lines).map((line) => ({ line, fields: splitFields(line.text, delimiter) }));
  if (rows.length === 0) return atLine(first, 'is a header and no line is below it');
  const found = header ? fields : commentNames(head, first, delimiter, fields.length);
  const { names, count } = columnNames(found, fields.length, rows, header);
  const columns = columnsOf(given, names, count, first);
  if (isMisfit(columns)) return columns;
  const partUs = setPart(columns, names);
  // Lines that end in a delimiter have one field more.
  for (let more = rows[0]!.fields.length; columns.length < more; ) columns.push(undefined);
  return { delimiter, names, header, preamble: separator === undefined ? 0 : 1, partUs, columns, rows };
}

/** What stands for the delimiter where a line is one field: no text has it. */
const NO_DELIMITER = '\0';

/** The delimiter of the first line: none where that is the name of the only column. */
function delimiterIn(line: string): string {
  const delimiter = delimiterOf(line);
  const only = delimiter === ' ' && namedColumn(line.replace(/^"(.*)"$/, '$1'))?.role === ROLE.id;
  return only ? NO_DELIMITER : delimiter;
}

/** The names of columns, and how many have a meaning: rows may have one more, without a name in front or empty at the end. */
function columnNames(
  names: readonly string[],
  count: number,
  rows: Table['rows'],
  header: boolean,
): { readonly names: readonly string[]; readonly count: number } {
  const lasts = rows.map(({ fields }) =>
    fields.length === (header ? count + 1 : count) ? fields.at(-1)!.trim() : undefined,
  );
  if (lasts.every((last) => last === '')) return { names, count: header ? count : Math.max(2, count - 1) };
  // R writes names of rows without a name for them.
  const more = header && lasts.every((last) => last !== undefined && last !== '');
  return more ? { names: ['', ...names], count: count + 1 } : { names, count };
}

/** The fields of the first rows in a column of a role, without blanks around them; none where there is no such column. */
export function fieldsOf({ columns, rows }: Table, role: Role): string[] {
  const column = columns.findIndex((one) => one?.role === role);
  return column < 0 ? [] : rows.map(({ fields }) => (fields[column] ?? '').trim());
}
