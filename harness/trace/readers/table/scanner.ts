import type { RequestBatch } from '../../requests/batch.js';
import { BATCH_CAPACITY } from '../../requests/batch.js';
import { BYTE } from '../../text/fields.js';
import type { LineAccount } from '../account.js';
import type { Cursor } from '../scan/cursor.js';
import { TextHash } from '../scan/hash.js';
import type { LineScanner } from '../scan/lines.js';
import { type Layout, ROLE, type Role, type TimeUnit } from './layout.js';
import { DOES, Operations } from './operations.js';
import { Times } from './times.js';
import { Volumes } from './volumes.js';

const TAB = 9;
const NINE = BYTE.zero + 9;
const LETTER_A = 0x41;
const UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  filetime: 'steps of 100 ns',
  date: 'date, as in 2023-10-01 12:00:00',
};
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

/** Reads the lines of a table into requests. */
export class TableScanner {
  private readonly roles: Uint8Array;
  /** By column: what a field should be. */
  private readonly expected: readonly string[];
  private readonly delimiter: number;
  /** Whether any run of blanks is between fields. */
  private readonly blanks: boolean;
  private readonly dated: boolean;
  private readonly textIds: boolean;
  private readonly times: Times;
  private readonly operations: Operations | undefined;
  private readonly volumes: Volumes | undefined;
  private readonly hash = new TextHash();
  private readonly timed: boolean;
  private started = false;
  private requests = 0;
  private emptySizes = 0;
  /** Whether the field at hand is in quotes. */
  private quoted = false;
  /** Of a line that counts several times: requests that are in batches already. */
  private done = 0;

  constructor(
    private readonly layout: Layout,
    private readonly account: LineAccount,
  ) {
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
    this.timed = roles.includes(ROLE.time);
  }

  readonly scan: LineScanner = (cursor, batch) => {
    if (!this.started && this.start(cursor, batch)) return;
    if (cursor.blank) cursor.skipLine();
    else this.record(cursor, batch);
  };

  /** Says of the lines that have been used what was assumed or lost in them. */
  remark(): void {
    const { account, layout } = this;
    for (const what of layout.remarks) account.remark(what, account.used);
    account.remark('sizes that are empty, taken as 0', this.emptySizes);
  }

  /** Sets what all rows share. True where the line at hand has been passed. */
  private start(cursor: Cursor, batch: RequestBatch): boolean {
    batch.idBytes = this.layout.idBytes;
    batch.hashed = this.textIds;
    batch.timed = this.timed;
    if (cursor.blank && this.layout.header) {
      cursor.skipLine();
      return true;
    }
    this.started = true;
    const { header } = this.layout;
    if (header === false || (header !== true && !header.test(cursor.text()))) return false;
    cursor.skipLine();
    this.account.join();
    return true;
  }

  private record(cursor: Cursor, batch: RequestBatch): void {
    const { roles, expected } = this;
    const { required } = this.layout;
    let low = 0;
    let high = 0;
    let size = 0;
    let time = this.timed ? 0 : this.requests;
    /** Of DOES. */
    let does: number = DOES.read;
    let volume = 0;
    let volumes = 0;
    let count = 1;
    for (let column = 0; column < roles.length; column++) {
      if (column >= required && this.ended(cursor)) break;
      if (column > 0) this.delimit(cursor);
      this.open(cursor);
      const what = expected[column]!;
      switch (roles[column]) {
        case ROLE.id:
          if (this.textIds) this.text(cursor, what);
          else this.number(cursor, what);
          low = cursor.low;
          high = cursor.high;
          break;
        case ROLE.time:
          time = this.dated
            ? this.times.date(cursor, what, this.fieldEnd(cursor))
            : this.times.read(cursor, what);
          break;
        case ROLE.size:
          size += this.size(cursor, what);
          break;
        case ROLE.op:
          does = this.operation(cursor);
          break;
        case ROLE.volume: {
          const next = this.volume(cursor);
          volume = volumes++ === 0 ? next : this.volumes!.join(volume, next);
          break;
        }
        case ROLE.count:
          count = cursor.number(what);
          break;
        default:
          cursor.at = this.fieldEnd(cursor);
      }
      if (this.quoted) this.close(cursor, what);
    }
    if (does === DOES.other) this.account.leave(this.operations!.reason);
    else if (count !== 1) {
      if (this.several(batch, count, low, high, size, does, time, volume)) {
        cursor.rewind();
        return;
      }
    } else this.add(batch, low, high, size, does, time, volume);
    this.end(cursor);
  }

  private add(
    batch: RequestBatch,
    low: number,
    high: number,
    size: number,
    does: number,
    time: number,
    volume: number,
  ): void {
    if (this.volumes) batch.volume[batch.length] = volume;
    batch.add(low, high, size, does === DOES.write ? 1 : 0, this.timed ? time : this.requests);
    this.requests++;
  }

  /** Adds the requests of a line that stands for several, as far as there is room. True where some are left. */
  private several(
    batch: RequestBatch,
    count: number,
    low: number,
    high: number,
    size: number,
    does: number,
    time: number,
    volume: number,
  ): boolean {
    if (count === 0) this.account.leave('lines that stand for 0 requests');
    const until = Math.min(count, this.done + BATCH_CAPACITY - batch.length);
    for (; this.done < until; this.done++) this.add(batch, low, high, size, does, time, volume);
    if (this.done < count) return true;
    this.done = 0;
    return false;
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

  /** Moves past the end of the line, which has no more columns than the first one. */
  private end(cursor: Cursor): void {
    if (this.layout.open) {
      this.more(cursor);
      return;
    }
    cursor.blanks();
    if (cursor.byte === this.delimiter) cursor.wrong(`${this.roles.length} columns, as in the first line`);
    cursor.endLine();
  }

  /** Whether nothing but blanks is left of the line. */
  private ended(cursor: Cursor): boolean {
    cursor.blanks();
    return cursor.byte === BYTE.lf || cursor.byte === BYTE.cr;
  }

  /** Moves over further columns. */
  private more(cursor: Cursor): void {
    const { byte } = cursor;
    const ended = byte === BYTE.lf || byte === BYTE.cr || byte === this.delimiter || byte === TAB;
    if (!ended) cursor.wrong('a delimiter or the end of the line');
    cursor.skipLine();
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
