import { BYTE } from '../../text/fields.js';
import type { Cursor } from '../scan/cursor.js';
import { TextHash } from '../scan/hash.js';
import { type Layout, ROLE, type Role, UNIT_NAMES } from './layout.js';
import { DOES, Operations } from './operations.js';
import { Times } from './times.js';
import { Volumes } from './volumes.js';

const TAB = 9;
const NINE = BYTE.zero + 9;
const LETTER_A = 0x41;
const ID_NAMES = {
  number: 'id, decimal or 0x and hexadecimal digits, or ids=text to take any',
  hex: 'id, hexadecimal',
  text: 'id',
} as const;

/** What a field should be, and which one it is, for messages. */
function expectation(layout: Layout, column: number): string {
  const meanings: Readonly<Record<Role, string>> = {
    [ROLE.skip]: 'a field',
    [ROLE.time]: `a time in ${UNIT_NAMES[layout.unit]}`,
    [ROLE.id]: `an ${ID_NAMES[layout.ids]}`,
    [ROLE.size]: 'a size in bytes',
    [ROLE.op]: 'an operation',
    [ROLE.volume]: 'a volume',
    [ROLE.count]: 'a number of requests',
  };
  const name = layout.names[column];
  const place = name ? `column ${column + 1}, ${JSON.stringify(name)}` : `column ${column + 1}`;
  return `${meanings[layout.roles[column]!]} (${place})`;
}

/** What a line says. */
export class Row {
  low = 0;
  high = 0;
  size = 0;
  time = 0;
  /** Of DOES. */
  does: number = DOES.read;
  volume = 0;
  /** Requests that the line stands for. */
  count = 1;

  clear(): void {
    this.low = 0;
    this.high = 0;
    this.size = 0;
    this.time = 0;
    this.does = DOES.read;
    this.volume = 0;
    this.count = 1;
  }
}

/** Reads lines of any form: with quotes, blanks, empty sizes, fractions; and says what is wrong in the others. */
export class FieldReader {
  readonly roles: Uint8Array;
  readonly times: Times;
  readonly operations: Operations | undefined;
  readonly volumes: Volumes | undefined;
  readonly hash = new TextHash();
  /** Sizes that were not there. */
  emptySizes = 0;
  /** By column: what a field should be. */
  private readonly expected: readonly string[];
  private readonly delimiter: number;
  /** Whether any run of blanks is between fields. */
  private readonly blanks: boolean;
  private readonly dated: boolean;
  private readonly textIds: boolean;
  /** Whether the field at hand is in quotes. */
  private quoted = false;

  constructor(private readonly layout: Layout) {
    const { roles, delimiter, unit, ids, operations } = layout;
    this.roles = Uint8Array.from(roles);
    this.expected = roles.map((_, column) => expectation(layout, column));
    this.delimiter = delimiter;
    this.textIds = ids === 'text';
    this.blanks = delimiter === BYTE.space;
    this.dated = unit === 'date';
    this.times = new Times(unit, delimiter === BYTE.comma ? BYTE.point : BYTE.comma);
    this.operations = operations && new Operations(operations);
    this.volumes = roles.includes(ROLE.volume) ? new Volumes() : undefined;
  }

  /** Reads a line of any form into a row; the cursor is at its end after it. */
  read(cursor: Cursor, row: Row): void {
    const { roles, expected } = this;
    const { required } = this.layout;
    row.clear();
    let volumes = 0;
    for (let column = 0; column < roles.length; column++) {
      if (column >= required && this.ended(cursor)) break;
      if (column > 0) this.delimit(cursor);
      this.open(cursor);
      const what = expected[column]!;
      switch (roles[column]) {
        case ROLE.id:
          if (this.textIds) this.text(cursor, what);
          else this.number(cursor, what);
          row.low = cursor.low;
          row.high = cursor.high;
          break;
        case ROLE.time:
          row.time = this.dated
            ? this.times.date(cursor, what, this.fieldEnd(cursor))
            : this.times.read(cursor, what);
          break;
        case ROLE.size:
          row.size += this.size(cursor, what);
          break;
        case ROLE.op:
          row.does = this.operation(cursor);
          break;
        case ROLE.volume: {
          const next = this.volume(cursor);
          row.volume = volumes++ === 0 ? next : this.volumes!.join(row.volume, next);
          break;
        }
        case ROLE.count:
          row.count = cursor.number(what);
          break;
        default:
          cursor.at = this.fieldEnd(cursor);
      }
      if (this.quoted) this.close(cursor, what);
    }
    this.end(cursor);
  }

  /** Moves over what is between two fields. */
  private delimit(cursor: Cursor): void {
    if (this.blanks) {
      cursor.gap(`a blank and ${this.roles.length} columns`);
      return;
    }
    while (cursor.byte === BYTE.space) cursor.at++;
    if (cursor.byte !== this.delimiter) cursor.wrong(`a delimiter and ${this.roles.length} columns`);
    cursor.at++;
  }

  /** Moves to the start of what a field says. */
  private open(cursor: Cursor): void {
    while (cursor.byte === BYTE.space) cursor.at++;
    this.quoted = cursor.byte === BYTE.quote;
    if (this.quoted) cursor.at++;
  }

  /** Moves past the end of a field in quotes. */
  private close(cursor: Cursor, what: string): void {
    cursor.expect(BYTE.quote, `${what} and a quote after it`);
    this.quoted = false;
  }

  /** Checks the end of the line, which has no more columns than the first one. */
  private end(cursor: Cursor): void {
    if (this.layout.open) {
      this.more(cursor);
      return;
    }
    if (this.ended(cursor)) return;
    if (cursor.byte === this.delimiter) cursor.wrong(`${this.roles.length} columns, as in the first line`);
    cursor.wrong('the end of the line');
  }

  /** Whether nothing but blanks is left of the line. */
  private ended(cursor: Cursor): boolean {
    const { bytes } = cursor;
    let { at } = cursor;
    while (bytes[at] === BYTE.space || bytes[at] === TAB) at++;
    return bytes[at] === BYTE.lf || bytes[at] === BYTE.cr;
  }

  /** Checks that no field goes on where further columns begin. */
  private more(cursor: Cursor): void {
    const { byte } = cursor;
    const ended = byte === BYTE.lf || byte === BYTE.cr || byte === this.delimiter || byte === TAB;
    if (!ended) cursor.wrong('a delimiter or the end of the line');
  }

  /** Where the text of the field at hand ends: before a delimiter, the end of the line or, in quotes, the quote. */
  private fieldEnd(cursor: Cursor): number {
    if (this.quoted) return this.quoteEnd(cursor);
    const { bytes } = cursor;
    const { delimiter, blanks } = this;
    let { at } = cursor;
    for (let byte = bytes[at]!; byte !== delimiter && byte !== BYTE.lf; byte = bytes[++at]!)
      if (byte === BYTE.cr && bytes[at + 1] === BYTE.lf) break;
      else if (blanks && byte === TAB) break;
    return at;
  }

  /** The next quote that is not one of two. */
  private quoteEnd(cursor: Cursor): number {
    const { bytes } = cursor;
    let { at } = cursor;
    for (; bytes[at] !== BYTE.lf; at++) {
      if (bytes[at] !== BYTE.quote) continue;
      if (bytes[at + 1] !== BYTE.quote) return at;
      at++;
    }
    return cursor.fail('this quote is not closed in its line, expected a quote after the field');
  }

  /** Moves past a text; returns where it ends without the blanks after it. */
  private passText(cursor: Cursor): number {
    const start = cursor.at;
    let end = this.fieldEnd(cursor);
    cursor.at = end;
    while (end > start && cursor.bytes[end - 1] === BYTE.space) end--;
    return end;
  }

  /** Hashes an id of any text into the words of the cursor. */
  private text(cursor: Cursor, what: string): void {
    const { bytes, at } = cursor;
    const end = this.passText(cursor);
    if (end === at) {
      cursor.at = at;
      cursor.wrong(what);
    }
    if (this.quoted && bytes.subarray(at, end).includes(BYTE.quote)) {
      const text = Buffer.from(bytes.subarray(at, end)).toString('latin1').replaceAll('""', '"');
      this.hash.of(Buffer.from(text, 'latin1'), 0, text.length);
    } else this.hash.of(bytes, at, end);
    cursor.low = this.hash.low;
    cursor.high = this.hash.high;
  }

  /** An id that is a number, into the words of the cursor. */
  private number(cursor: Cursor, what: string): void {
    const start = cursor.at;
    if (this.layout.ids === 'hex') {
      cursor.skipHexMark();
      cursor.hexId(what);
    } else cursor.anyId(what);
    cursor.wholeFraction(what);
    // What goes on, as 1e+15 does, has lost digits or is a text. A delimiter may be above the letters.
    const { byte } = cursor;
    if (byte < LETTER_A || byte === this.delimiter) return;
    cursor.at = start;
    cursor.wrong(what);
  }

  private size(cursor: Cursor, what: string): number {
    const { byte } = cursor;
    if (byte < BYTE.zero || byte > NINE) return this.oddSize(cursor, what);
    const size = cursor.number(what) * this.layout.sizeBytes;
    cursor.wholeFraction(what);
    return size;
  }

  private oddSize(cursor: Cursor, what: string): number {
    const { byte } = cursor;
    const empty =
      byte === BYTE.lf || byte === BYTE.cr || (this.quoted ? byte === BYTE.quote : byte === this.delimiter);
    if (!empty) cursor.wrong(`${what}, not negative`);
    this.emptySizes++;
    return 0;
  }

  /** What the operation at hand does, of DOES. */
  private operation(cursor: Cursor): number {
    const { at } = cursor;
    const end = this.passText(cursor);
    return this.operations!.find(cursor.bytes, at, end);
  }

  private volume(cursor: Cursor): number {
    const { at } = cursor;
    const end = this.passText(cursor);
    return this.volumes!.find(cursor.bytes, at, end);
  }
}
