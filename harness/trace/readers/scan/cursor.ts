import { InputError } from '../../../base/errors.js';
import { BYTE } from '../../text/fields.js';

const NINE = 9;
/** Hexadecimal digits of 64 bits. */
const HEX_DIGITS = 16;
/** Digits that a float holds exactly, whatever they are. */
const EXACT_DIGITS = 15;
const TWO_32 = 2 ** 32;
const TAB = 9;
/** The bit that makes a letter of ASCII lower case. */
const LOWER_CASE = 0x20;
const LETTER_E = 0x65;
const LETTER_R = 0x72;
const LETTER_W = 0x77;
/** Characters of a wrong token that a message shows. */
const SHOWN = 40;

/** The value of a byte as a hexadecimal digit; 16 for any other byte. */
const HEX = new Uint8Array(256).fill(16);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * A place in the lines of a text, for readers that make no string a line. Each line ends in LF, also the last one, so
 * that no loop over the characters of a token has to look for the end of the bytes.
 */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  /** Lower and upper word of the id read last. */
  low = 0;
  high = 0;
  private lineStart = 0;
  private line = 1;

  /** @param file what messages call it */
  constructor(private readonly file: string) {}

  /** Moves to the start of the next lines. */
  load(lines: Uint8Array): void {
    this.bytes = lines;
    this.at = 0;
    this.lineStart = 0;
  }

  /** Lines whose end has been passed. */
  get lines(): number {
    return this.line - 1;
  }

  get more(): boolean {
    return this.at < this.bytes.length;
  }

  /** The byte at hand. */
  get byte(): number {
    return this.bytes[this.at]!;
  }

  /** Whether the line at hand is empty or a comment (`#`). */
  get blank(): boolean {
    const { byte } = this;
    return (
      byte === BYTE.lf || byte === BYTE.hash || (byte === BYTE.cr && this.bytes[this.at + 1] === BYTE.lf)
    );
  }

  /** Decimal digits, up to 2^64 − 1, into `low` and `high`. @param what names the field in messages */
  id(what: string): void {
    const { bytes } = this;
    let at = this.at;
    let value = 0;
    let digit = bytes[at]! - BYTE.zero;
    while (digit >= 0 && digit <= NINE) {
      value = value * 10 + digit;
      digit = bytes[++at]! - BYTE.zero;
    }
    const digits = at - this.at;
    if (digits === 0) this.wrong(what);
    if (digits > EXACT_DIGITS) this.longId(at, what);
    else {
      this.low = value >>> 0;
      this.high = value < TWO_32 ? 0 : (value - this.low) / TWO_32;
    }
    this.at = at;
  }

  /** At most 16 hexadecimal digits without 0x, into `low` and `high`. */
  hexId(what: string): void {
    const { bytes } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    let digit = HEX[bytes[at]!]!;
    while (digit < 16) {
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
      digit = HEX[bytes[++at]!]!;
    }
    if (at === this.at) this.wrong(what);
    if (at - this.at > HEX_DIGITS) this.wrong(`${what} below 2^64`);
    this.low = low >>> 0;
    this.high = high >>> 0;
    this.at = at;
  }

  /** Decimal digits, or hexadecimal ones after 0x, into `low` and `high`. */
  anyId(what: string): void {
    if (this.skipHexMark()) this.hexId(what);
    else this.id(what);
  }

  /** Moves over 0x, if it is there. */
  skipHexMark(): boolean {
    const x = this.bytes[this.at + 1];
    if (this.byte !== BYTE.zero || (x !== 0x78 && x !== 0x58)) return false;
    this.at += 2;
    return true;
  }

  /** Decimal digits, below 2^53. */
  number(what: string): number {
    this.id(what);
    if (this.high >= 1 << 21) this.wrong(`${what} below 2^53`);
    return this.high * TWO_32 + this.low;
  }

  /** Moves over a fraction of zeros, as some programs write whole numbers (`7.0`). @param what names the field in messages */
  wholeFraction(what: string): void {
    const { bytes, at: point } = this;
    if (bytes[point] !== BYTE.point) return;
    while (bytes[++this.at] === BYTE.zero);
    const digit = bytes[this.at]! - BYTE.zero;
    if (digit < 0 || digit > NINE) return;
    this.at = point;
    this.wrong(`${what}, a whole number`);
  }

  /** Seconds with or without a fraction, as whole microseconds. */
  seconds(what: string): number {
    const start = this.at;
    let us = this.byte === BYTE.point ? 0 : this.number(what) * 1e6;
    if (this.byte === BYTE.point) {
      let unit = 1e6;
      for (this.at++; this.byte >= BYTE.zero && this.byte <= BYTE.zero + NINE; this.at++) {
        unit /= 10;
        if (unit >= 1) us += (this.byte - BYTE.zero) * unit;
      }
    }
    return (this.byte | LOWER_CASE) === LETTER_E ? this.scientific(start, what) : us;
  }

  /** Seconds with an exponent, as some programs write small ones (`1e-05`), as microseconds. @param start where they begin */
  private scientific(start: number, what: string): number {
    this.at = start;
    const end = this.tokenEnd();
    const us = Math.round(Number(Buffer.from(this.bytes.subarray(start, end)).toString('latin1')) * 1e6);
    if (!Number.isSafeInteger(us)) this.wrong(what);
    this.at = end;
    return us;
  }

  /** Moves over a byte that must be there. */
  expect(byte: number, what: string): void {
    if (this.byte !== byte) this.wrong(what);
    this.at++;
  }

  /** Moves over blanks; there may be none. */
  blanks(): void {
    while (this.byte === BYTE.space || this.byte === TAB) this.at++;
  }

  /** Moves over blanks; there must be one. */
  gap(what: string): void {
    if (this.byte !== BYTE.space && this.byte !== TAB) this.wrong(what);
    this.blanks();
  }

  /** Moves over blanks and the end of the line, where nothing else may be. */
  endLine(): void {
    if (this.byte !== BYTE.lf) this.blanksBeforeEnd();
    this.nextLine(this.at + 1);
  }

  /** Moves past the end of the line. */
  skipLine(): void {
    this.nextLine(this.bytes.indexOf(BYTE.lf, this.at) + 1);
  }

  /** The line at hand, without its end. */
  text(): string {
    const end = this.bytes.indexOf(BYTE.lf, this.at);
    return Buffer.from(this.bytes.subarray(this.lineStart, end)).toString('latin1').trimEnd();
  }

  /** Moves back to the start of the line, to read it again. */
  rewind(): void {
    this.at = this.lineStart;
  }

  /** Moves over blanks, a comma and blanks. */
  comma(): void {
    this.blanks();
    this.expect(BYTE.comma, 'a comma');
    this.blanks();
  }

  /**
   * An operation: 0 for a read (`R`, `Read`), 1 for a write, else why its line is left out. Moves past it.
   *
   * @param what names the field in messages
   */
  operation(what: string): 0 | 1 | string {
    const { at } = this;
    const end = this.tokenEnd();
    if (end === at) this.wrong(what);
    const letter = this.byte | LOWER_CASE;
    this.at = end;
    if (end === at + 1 && (letter === LETTER_R || letter === LETTER_W)) return letter === LETTER_W ? 1 : 0;
    const word = Buffer.from(this.bytes.subarray(at, end)).toString('utf8');
    if (/^read$/i.test(word)) return 0;
    return /^write$/i.test(word) ? 1 : `operations ${JSON.stringify(word.slice(0, SHOWN))}`;
  }

  /** A letter for a read or a write, of either case, into 0 or 1; moves past it. */
  readOrWrite(read: number, write: number, what: string): 0 | 1 {
    const letter = this.byte | LOWER_CASE;
    if (letter !== read && letter !== write) this.wrong(what);
    this.at++;
    return letter === write ? 1 : 0;
  }

  /** The end of the token at hand: the next byte that is blank, a comma or the end of the line. */
  tokenEnd(): number {
    const { bytes } = this;
    let at = this.at;
    let c = bytes[at]!;
    while (c !== BYTE.lf && c !== BYTE.cr && c !== BYTE.space && c !== BYTE.comma && c !== TAB)
      c = bytes[++at]!;
    return at;
  }

  /** The end of the word at hand: the next byte that is blank or the end of the line. */
  wordEnd(): number {
    const { bytes } = this;
    let at = this.at;
    let c = bytes[at]!;
    while (c !== BYTE.lf && c !== BYTE.cr && c !== BYTE.space && c !== TAB) c = bytes[++at]!;
    return at;
  }

  /** The text of the word at hand. */
  word(): string {
    return Buffer.from(this.bytes.subarray(this.at, this.wordEnd())).toString('latin1');
  }

  /** Ends the read: the token at hand is not `what`. */
  wrong(what: string): never {
    const token = Buffer.from(this.bytes.subarray(this.at, this.tokenEnd())).toString('utf8').slice(0, SHOWN);
    const next = this.byte === BYTE.comma ? ',' : ' ';
    const found =
      token !== ''
        ? JSON.stringify(token)
        : this.byte === BYTE.lf || this.byte === BYTE.cr
          ? 'the end of the line'
          : `"${next}"`;
    this.fail(`${found} is wrong here, expected ${what}`);
  }

  /** Ends the read with an error at the place at hand. */
  fail(what: string): never {
    throw new InputError(what, { file: this.file, line: this.line, column: this.at - this.lineStart + 1 });
  }

  private blanksBeforeEnd(): void {
    this.blanks();
    if (this.byte === BYTE.cr) this.at++;
    if (this.byte !== BYTE.lf) this.wrong('the end of the line');
  }

  private nextLine(at: number): void {
    this.at = at;
    this.lineStart = at;
    this.line++;
  }

  /** Digits from the place at hand to `end`, too many for a float: the last ones are added to a number of two words. */
  private longId(end: number, what: string): void {
    const { bytes } = this;
    const exactEnd = this.at + EXACT_DIGITS;
    let value = 0;
    let at = this.at;
    for (; at < exactEnd; at++) value = value * 10 + (bytes[at]! - BYTE.zero);
    let low = value >>> 0;
    let high = (value - low) / TWO_32;
    for (; at < end; at++) {
      const sum = low * 10 + (bytes[at]! - BYTE.zero);
      low = sum >>> 0;
      high = high * 10 + (sum - low) / TWO_32;
      if (high >= TWO_32) this.wrong(`${what} below 2^64`);
    }
    this.low = low;
    this.high = high;
  }
}
