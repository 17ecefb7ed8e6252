import { BYTE } from '../../text/fields.js';
import type { Cursor } from '../scan/cursor.js';
import type { FieldReader, Row } from './fields.js';
import { type Layout, ROLE, type Role } from './layout.js';
import { UNITS } from './times.js';

const NINE = 9;
const TWO_32 = 2 ** 32;
/** Letters of the longest text that says that there is no value. */
const MISSING_LETTERS = 4;
/** The last digit as a letter. */
const DIGITS = 0x39;
/** Digits of a number that may be below 2^53. */
const MAX_DIGITS = 16;

/**
 * Reads the lines that nearly all tables are made of: each field a few decimal digits or a text without quotes, and one
 * delimiter between two. Whatever else there is in a line, the general reader reads it again; it alone finds errors.
 */
export class PlainLines {
  private readonly roles: Uint8Array;
  /** By column: 1 where it is a decimal number. */
  private readonly numeric: Uint8Array;
  private readonly delimiter: number;
  private readonly scale: number;
  private readonly sizeBytes: number;
  /** Whether lines of the layout may be plain at all. */
  private readonly possible: boolean;

  constructor(
    { delimiter, unit, ids, sizeBytes, open, required, roles }: Layout,
    private readonly fields: FieldReader,
  ) {
    const isNumber = (role: Role) =>
      role === ROLE.time ||
      role === ROLE.size ||
      role === ROLE.count ||
      (role === ROLE.id && ids === 'number');
    this.roles = fields.roles;
    this.numeric = this.roles.map((role) => (isNumber(role as Role) ? 1 : 0));
    this.delimiter = delimiter;
    this.scale = UNITS[unit].scale;
    this.sizeBytes = sizeBytes;
    const decimal = ids !== 'hex' && unit !== 'date' && UNITS[unit].divisor === 1;
    const volumes = roles.filter((role) => role === ROLE.volume).length;
    const whole = !roles.includes(ROLE.part);
    this.possible = decimal && whole && volumes <= 1 && !open && required === roles.length;
  }

  /** Reads a line into a row, and moves to its end. False where it is not plain: the cursor stays at its start. */
  read(cursor: Cursor, row: Row): boolean {
    if (!this.possible) return false;
    const { roles, numeric, delimiter } = this;
    const { bytes } = cursor;
    const last = roles.length - 1;
    let { at } = cursor;
    row.size = 0;
    row.missing = false;
    for (let column = 0; ; column++) {
      if (numeric[column] === 1) {
        const start = at;
        let value = 0;
        let digit = bytes[at]! - BYTE.zero;
        while (digit >= 0 && digit <= NINE) {
          value = value * 10 + digit;
          digit = bytes[++at]! - BYTE.zero;
        }
        if (at === start || at - start > MAX_DIGITS) return false;
        if (roles[column] === ROLE.time && bytes[at] === BYTE.point) {
          value = value * this.scale + this.fraction(bytes, at + 1);
          at = this.end;
          if (value > Number.MAX_SAFE_INTEGER) return false;
          row.time = value;
        } else if (!this.take(roles[column]!, value, row)) return false;
      } else {
        at = this.text(bytes, at, roles[column]!, row);
        if (at < 0) return false;
      }
      if (column === last) break;
      if (bytes[at++] !== delimiter) return false;
    }
    const byte = bytes[at];
    if (byte !== BYTE.lf && (byte !== BYTE.cr || bytes[at + 1] !== BYTE.lf)) return false;
    cursor.at = at;
    return true;
  }

  /** Where the fraction read last ends. */
  private end = 0;

  /** Takes a whole number for what it is. False where it is not exact. */
  private take(role: number, value: number, row: Row): boolean {
    if (role === ROLE.id) {
      row.low = value >>> 0;
      row.high = value < TWO_32 ? 0 : (value - row.low) / TWO_32;
    } else if (role === ROLE.time) row.time = value *= this.scale;
    else if (role === ROLE.size) row.size += value * this.sizeBytes;
    else row.count = value;
    return value <= Number.MAX_SAFE_INTEGER;
  }

  /** Digits after a point as microseconds, and where they end. */
  private fraction(bytes: Uint8Array, start: number): number {
    let us = 0;
    let at = start;
    let unit = this.scale;
    for (let digit = bytes[at]! - BYTE.zero; digit >= 0 && digit <= NINE; digit = bytes[++at]! - BYTE.zero) {
      unit /= 10;
      if (unit >= 1) us += digit * unit;
    }
    this.end = at;
    return us;
  }

  /** Passes a text, and takes it for what it is. Returns where it ends; -1 where it is not plain. */
  private text(bytes: Uint8Array, start: number, role: number, row: Row): number {
    const { delimiter, fields } = this;
    const first = bytes[start];
    if (first === BYTE.quote || first === BYTE.space) return -1;
    let at = start;
    for (let byte = bytes[at]!; byte !== delimiter && byte !== BYTE.lf && byte !== BYTE.cr; )
      byte = bytes[++at]!;
    if (role === ROLE.skip) return at;
    if (at === start || bytes[at - 1] === BYTE.space) return -1;
    if (role === ROLE.op) row.does = fields.operations!.find(bytes, start, at);
    else if (role === ROLE.volume) row.volume = fields.volumes!.find(bytes, start, at);
    else {
      // What may say that there is none.
      if (at - start <= MISSING_LETTERS && bytes[start]! > DIGITS) return -1;
      fields.hash.of(bytes, start, at);
      row.low = fields.hash.low;
      row.high = fields.hash.high;
    }
    return at;
  }
}
