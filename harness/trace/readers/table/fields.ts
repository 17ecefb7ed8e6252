import { BYTE } from '../../text/fields.js';
import type { Cursor } from '../scan/cursor.js';
import { TextHash } from '../scan/hash.js';
import { type Layout, MISSING, ROLE, type Role, UNIT_NAMES } from './layout.js';
import { DOES, Operations } from './operations.js';
import { Times } from './times.js';
import { Volumes } from './volumes.js';

const TAB = 9;
const NINE = BYTE.zero + 9;
const LETTER_A = 0x41;
/** Numbers with a fraction or an exponent. */
const DECIMAL = /^\d+(\.\d*)?(e[+-]?\d+)?$/i;
const ID_NAMES = {
  number: 'id, decimal or 0x and hexadecimal digits, or ids=text to take any',
  hex: 'id, hexadecimal',
  text: 'id',
} as const;

/** The upper word of 2^63. */
const SIGN = 0x8000_0000;

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
    [ROLE.part]: 'a part of a time',
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
  /** Whether there is no id. */
  missing = false;

  clear(): void {
    this.low = 0;
    this.high = 0;
    this.size = 0;
    this.time = 0;
    this.does = DOES.read;
    this.volume = 0;
    this.count = 1;
    this.missing = false;
  }
}

/** Reads lines of any form: with quotes, blanks, empty sizes, fractions; and says what is wrong in the others. */
export class FieldReader {
  readonly roles: Uint8Array;
  readonly times: Times;
  readonly operations: Operations | undefined;
  readonly volumes: Volumes | undefined;
  readonly hash = new TextHash();
  /** Sizes and times that were not there. */
  emptySizes = 0;
  emptyTimes = 0;
  /** Ids with a minus sign. */
  negativeIds = 0;
  private lastTime = 0;
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
          this.id(cursor, what, row);
          break;
        case ROLE.time:
          row.time += this.time(cursor, what);
          break;
        case ROLE.part:
          row.time += Math.floor(cursor.number(what) * this.layout.partUs);
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
  ended(cursor: Cursor): boolean {
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

  /** Moves past a field that says that there is no value. False where there is one. */
  private missing(cursor: Cursor): boolean {
    const { bytes, at, byte } = cursor;
    if (byte >= BYTE.zero && byte <= NINE) return false;
    const end = this.fieldEnd(cursor);
    if (!MISSING.test(Buffer.from(bytes.subarray(at, end)).toString('latin1').trim())) return false;
    cursor.at = end;
    return true;
  }

  private id(cursor: Cursor, what: string, row: Row): void {
    if (this.missing(cursor)) {
      row.missing = true;
      return;
    }
    if (this.textIds) this.text(cursor);
    else this.number(cursor, what);
    row.low = cursor.low;
    row.high = cursor.high;
  }

  /** A time in µs; that of the line before where there is none. */
  private time(cursor: Cursor, what: string): number {
    if (this.missing(cursor)) this.emptyTimes++;
    else if (this.dated) this.lastTime = this.times.date(cursor, what, this.fieldEnd(cursor));
    else this.lastTime = this.times.read(cursor, what);
    return this.lastTime;
  }

  /** Hashes an id of any text, which is not empty, into the words of the cursor. */
  private text(cursor: Cursor): void {
    const { bytes, at } = cursor;
    const end = this.passText(cursor);
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
    const negative = this.layout.signed && cursor.byte === BYTE.minus;
    if (negative) cursor.at++;
    if (this.layout.ids === 'hex') {
      cursor.skipHexMark();
      cursor.hexId(what);
    } else cursor.anyId(what);
    cursor.wholeFraction(what);
    if (negative) this.negate(cursor, what, start);
    // What goes on, as 1e+15 does, has lost digits or is a text. A delimiter may be above the letters.
    const { byte } = cursor;
    if (byte < LETTER_A || byte === this.delimiter) return;
    cursor.at = start;
    cursor.wrong(what);
  }

  /** Makes of the words of the cursor those of the negative number. @param start where it begins */
  private negate(cursor: Cursor, what: string, start: number): void {
    if (cursor.high > SIGN || (cursor.high === SIGN && cursor.low > 0)) {
      cursor.at = start;
      cursor.wrong(`${what}, from -2^63 on`);
    }
    cursor.low = -cursor.low >>> 0;
    cursor.high = (cursor.low === 0 ? -cursor.high : ~cursor.high) >>> 0;
    this.negativeIds++;
  }

  private size(cursor: Cursor, what: string): number {
    if (this.missing(cursor)) {
      this.emptySizes++;
      return 0;
    }
    const { at, byte } = cursor;
    if (byte < BYTE.zero || byte > NINE) cursor.wrong(`${what}, not negative`);
    const size = cursor.number(what) * this.layout.sizeBytes;
    const end = this.fieldEnd(cursor);
    if (cursor.at === end) return size;
    return this.decimalSize(cursor, at, what);
  }

  /** A size such as `4096.0` or `1.5e+06`, or a number in front of blanks. @param start where it begins */
  private decimalSize(cursor: Cursor, start: number, what: string): number {
    cursor.at = start;
    const end = this.passText(cursor);
    const text = Buffer.from(cursor.bytes.subarray(start, end)).toString('latin1');
    const size = Number(text);
    if (DECIMAL.test(text) && Number.isSafeInteger(size)) return size * this.layout.sizeBytes;
    cursor.at = start;
    return cursor.wrong(`${what}, a whole number without a unit`);
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
