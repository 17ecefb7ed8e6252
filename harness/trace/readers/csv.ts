import type { Parameter, ParameterValues } from '../../base/parameters.js';
import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { headLines, type LineScanner, noLines, readLines } from './scan/lines.js';

/** In order of preference where a line has several alike, as libCacheSim weighs them. */
const DELIMITERS = '\t,|:;';
const FIELDS = ['time', 'id', 'size', 'op'] as const;
type Field = (typeof FIELDS)[number];

/** Which column a header's name is of. */
const NAMES: Readonly<Record<Field, RegExp>> = {
  time: /^(time|timestamp|ts|clock|clock[_ -]time|time[_ -]?(s|sec|seconds))$/i,
  id: /^((obj|object|key|block|page)?[_ -]?id|obj|object|key|lbn|lba|block|page|addr|address|offset)$/i,
  size: /^((obj|object|block|req|request)?[_ -]?size|len|length|bytes)$/i,
  op: /^(op|opcode|operation|cmd|type|rw)$/i,
};
/** Characters of a wrong field that a misfit shows. */
const SHOWN = 30;
const WRITES = /^(w|write|writes|put|set|1)$/i;

/** By field: its column, from 0 on; -1 where there is none. */
type Columns = Readonly<Record<Field, number>>;

/** Without a header: time and id, or time, id, size. */
function usualColumns(count: number): Columns {
  return { time: 0, id: 1, size: count > 2 ? 2 : -1, op: -1 };
}

function isHeader(fields: readonly string[]): boolean {
  return fields.some((field) => NAMES.id.test(field.trim()));
}

function namedColumns(fields: readonly string[]): Columns {
  const find = (field: Field) => fields.findIndex((name) => NAMES[field].test(name.trim()));
  return { time: find('time'), id: find('id'), size: find('size'), op: find('op') };
}

function delimiterOf(line: string): string {
  const counts = [...DELIMITERS].map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/** Reads lines once the first one has shown the delimiter and the columns. */
class CsvScanner {
  private delimiter = 0;
  /** By column: which field it is. */
  private fields: (Field | undefined)[] = [];

  constructor(private readonly values: ParameterValues) {}

  readonly scan: LineScanner = (cursor, batch) => {
    if (cursor.blank) cursor.skipLine();
    else if (this.delimiter === 0 && this.first(cursor)) cursor.skipLine();
    else this.record(cursor, batch);
  };

  /** Settles delimiter and columns by the first line. True where it is a header. */
  private first(cursor: Cursor): boolean {
    const line = cursor.text();
    const delimiter = delimiterOf(line);
    this.delimiter = delimiter.charCodeAt(0);
    const names = line.split(delimiter);
    if (names.length === 1)
      cursor.fail('no delimiter in the first line, expected a tab, a comma, "|", ":" or ";"');
    const header = isHeader(names) || (!/\d/.test(line) && this.values.id !== 0);
    const found = { ...(header ? namedColumns(names) : usualColumns(names.length)) };
    const given = FIELDS.some((field) => this.values[field] !== 0);
    for (const field of FIELDS) if (given) found[field] = (this.values[field] as number) - 1;
    if (found.id < 0)
      cursor.fail('no column of ids, expected it named, as in --reader csv:time=1,id=2,size=3');
    this.fields = names.map((_, column) => FIELDS.find((field) => found[field] === column));
    if (!this.fields.includes('id')) cursor.wrong(`${found.id + 1} columns, the last one with the id`);
    return header;
  }

  private record(cursor: Cursor, batch: RequestBatch): void {
    let low = 0;
    let high = 0;
    let size = 0;
    let time = 0;
    let write: 0 | 1 = 0;
    const { fields } = this;
    for (let column = 0; column < fields.length; column++) {
      if (column > 0) cursor.expect(this.delimiter, `a delimiter and ${fields.length} columns`);
      while (cursor.byte === BYTE.space) cursor.at++;
      const field = fields[column];
      if (field === 'id') {
        cursor.anyId('an id, decimal or 0x and hexadecimal digits');
        low = cursor.low;
        high = cursor.high;
      } else if (field === 'size') size = cursor.number('a size in bytes');
      else if (field === 'time') time = cursor.seconds('a time in seconds');
      else {
        const text = this.skipField(cursor, field === 'op');
        if (field === 'op') write = WRITES.test(text) ? 1 : 0;
      }
    }
    batch.add(low, high, size, write, time);
    if (cursor.byte === this.delimiter) cursor.wrong(`${fields.length} columns, as in the first line`);
    cursor.endLine();
  }

  /** Moves to the end of a field; returns its text if it is wanted. */
  private skipField(cursor: Cursor, wanted: boolean): string {
    const start = cursor.at;
    while (cursor.byte !== this.delimiter && cursor.byte !== BYTE.lf && cursor.byte !== BYTE.cr) cursor.at++;
    return wanted ? Buffer.from(cursor.bytes.subarray(start, cursor.at)).toString('latin1').trim() : '';
  }
}

/** Columns of numbers, as many in each line, under a header or none. */
function detect(head: Uint8Array): Detection {
  const lines = headLines(head);
  const [first, ...others] = lines;
  if (!first) return noLines(head);
  const delimiter = delimiterOf(first.text);
  const names = first.text.split(delimiter);
  const header = isHeader(names);
  const columns = header ? namedColumns(names) : usualColumns(names.length);
  const rows = header ? others : lines;
  if (names.length < 2) return misfit(`line ${first.number} has one field, expected at least 2`);
  if (rows.length === 0) return misfit('there is a header and no line below it');
  for (const { number, text, start } of rows) {
    const why = rowMisfit(text.split(delimiter), names.length, columns);
    if (why !== undefined) return misfit(`line ${number} ${why}`, start);
  }
  return { fit: FIT.possible };
}

/** Why a line is not one of numbers in columns; undefined where it is. */
function rowMisfit(fields: readonly string[], count: number, columns: Columns): string | undefined {
  if (fields.length !== count) return `has ${fields.length} fields, expected ${count} as in the first`;
  const id = fields[columns.id] ?? '';
  if (!/^\s*(0x[0-9a-f]+|\d+)\s*$/i.test(id))
    return `has the id ${JSON.stringify(id.slice(0, SHOWN))}, expected a number`;
  const time = fields[columns.time] ?? '0';
  if (!/^\s*\d+(\.\d+)?\s*$/.test(time))
    return `has the time ${JSON.stringify(time.slice(0, SHOWN))}, expected seconds`;
  return undefined;
}

function column(meaning: string): Parameter {
  return {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 1000,
    meaning: `${meaning}: its column, counted from 1; 0: as the header says`,
  };
}

export const csv: RequestReader = {
  yields: 'requests',
  name: 'csv',
  summary:
    'libCacheSim: columns time (s), id, size, or as a header names them (also op), or as the parameters say; the delimiter is a tab, a comma, "|", ":" or ";"',
  extensions: ['.csv', '.tsv'],
  source: 'https://github.com/1a1a11a/libCacheSim, traceReader/generalReader/csv.c',
  kind: 'object',
  idBytes: 512,
  timed: true,
  parameters: {
    time: column('time in seconds'),
    id: column('object id'),
    size: column('size in bytes'),
    op: column('operation'),
  },
  sides: {},
  detect,
  read: (input) => readLines(input, new CsvScanner(input.values).scan),
};
