import { BYTE } from '../../text/fields.js';
import type { Cursor } from '../scan/cursor.js';
import type { TimeUnit } from './layout.js';

const TWO_32 = 2 ** 32;
/** The letter that begins an exponent, in lower case. */
const LETTER_E = 0x65;
const LOWER_CASE = 0x20;
const NINE = BYTE.zero + 9;

/** By unit: microseconds are `number * scale / divisor`. */
export const UNITS: Readonly<Record<TimeUnit, { readonly scale: number; readonly divisor: number }>> = {
  s: { scale: 1e6, divisor: 1 },
  ms: { scale: 1e3, divisor: 1 },
  us: { scale: 1, divisor: 1 },
  ns: { scale: 1, divisor: 1000 },
  filetime: { scale: 1, divisor: 10 },
  date: { scale: 1, divisor: 1 },
};

const SCIENTIFIC = /^(\d+)(?:[.,](\d*))?e([+-]?\d{1,3})$/i;
const DATE =
  /^(\d{4})[-/](\d\d?)[-/](\d\d?)[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/;

/** Whether a text is a date with a time of day. */
export function isDate(text: string): boolean {
  return DATE.test(text);
}

/** Microseconds since 1970 of a date with a time of day, in UTC where it names no zone; NaN for another text. */
function dateUs(text: string): number {
  const found = DATE.exec(text);
  if (!found) return Number.NaN;
  const [year, month, day, hours, minutes, seconds] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const ms = Date.UTC(year!, month! - 1, day, hours, minutes, seconds);
  const fraction = Number((found[7] ?? '').padEnd(6, '0').slice(0, 6));
  const [, sign, zoneHours, zoneMinutes] = /([+-])(\d\d):?(\d\d)/.exec(found[8] ?? '') ?? [];
  const zone = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * (sign === '-' ? -1 : 1);
  return (ms - zone * 60_000) * 1000 + fraction;
}

/** Reads times in one unit as whole microseconds; what is below a microsecond is cut off. */
export class Times {
  private readonly scale: number;
  private readonly divisor: number;
  /** The first time in two words; the lower one is -1 until there is one. */
  private firstLow = -1;
  private firstHigh = 0;

  /** @param mark the byte before a fraction, other than a point: a comma where that is no delimiter */
  constructor(
    unit: TimeUnit,
    private readonly mark: number,
  ) {
    this.scale = UNITS[unit].scale;
    this.divisor = UNITS[unit].divisor;
  }

  /**
   * The time at a place, in µs: since the first one where units are smaller than a microsecond, so that no digit is lost.
   *
   * @param what names the field in messages
   */
  read(cursor: Cursor, what: string): number {
    const start = cursor.at;
    if (cursor.byte === BYTE.minus) cursor.wrong(`${what}, not negative`);
    cursor.id(what);
    let us = this.whole(cursor, start, what);
    const { byte } = cursor;
    if (byte === BYTE.point || byte === this.mark) us += this.fraction(cursor);
    if ((cursor.byte | LOWER_CASE) !== LETTER_E) return us;
    cursor.at = start;
    return this.scientific(cursor, what);
  }

  /** The number in the words of the cursor as microseconds. */
  private whole(cursor: Cursor, start: number, what: string): number {
    if (this.divisor === 1) {
      const us = (cursor.high * TWO_32 + cursor.low) * this.scale;
      if (us <= Number.MAX_SAFE_INTEGER) return us;
      cursor.at = start;
      cursor.wrong(`${what} below 2^53 microseconds; is it in a smaller unit?`);
    }
    if (this.firstLow < 0) {
      this.firstLow = cursor.low;
      this.firstHigh = cursor.high;
    }
    const steps = (cursor.high - this.firstHigh) * TWO_32 + (cursor.low - this.firstLow);
    return Math.floor(steps / this.divisor);
  }

  /** Digits after a point or comma, as microseconds. */
  private fraction(cursor: Cursor): number {
    let us = 0;
    let unit = this.divisor === 1 ? this.scale : 0;
    for (cursor.at++; cursor.byte >= BYTE.zero && cursor.byte <= NINE; cursor.at++) {
      unit /= 10;
      if (unit >= 1) us += (cursor.byte - BYTE.zero) * unit;
    }
    return us;
  }

  /** A number with an exponent, exactly. */
  private scientific(cursor: Cursor, what: string): number {
    const { at } = cursor;
    const end = cursor.tokenEnd();
    const text = Buffer.from(cursor.bytes.subarray(at, end)).toString('latin1').replace(/".*$/, '');
    const [token, digits, decimals = '', exponent] =
      SCIENTIFIC.exec(text.replace(/[^\d.,e+-].*$/i, '')) ?? [];
    if (!token) cursor.wrong(what);
    const shift = Number(exponent) - decimals.length + (this.divisor === 1 ? Math.log10(this.scale) : 0);
    const number = BigInt(digits! + decimals);
    const value = shift >= 0 ? number * 10n ** BigInt(shift) : number / 10n ** BigInt(-shift);
    if (value >= 1n << 64n) cursor.wrong(`${what} below 2^64`);
    cursor.at = at + token.length;
    cursor.low = Number(value & 0xffff_ffffn);
    cursor.high = Number(value >> 32n);
    if (this.divisor > 1) return this.whole(cursor, at, what);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    cursor.at = at;
    return cursor.wrong(`${what} below 2^53 microseconds`);
  }

  /** The date at a place, in µs since 1970. @param end where the field ends */
  date(cursor: Cursor, what: string, end: number): number {
    const text = Buffer.from(cursor.bytes.subarray(cursor.at, end)).toString('latin1').trim();
    const us = dateUs(text);
    if (Number.isNaN(us)) cursor.wrong(what);
    cursor.at = end;
    return us;
  }
}
