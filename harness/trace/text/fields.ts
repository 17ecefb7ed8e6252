import { InputError, type Place } from '../../base/errors.js';

/** The header line of the text form. */
export const TEXT_HEADER = 'time_us,op,space,page,count,arg';

/** No line of a text is longer: more bytes without a line end are not text, or an attack. */
export const MAX_LINE_BYTES = 1 << 20;

/** Bytes that mean something in the text forms. */
export const BYTE = {
  lf: 10,
  cr: 13,
  space: 32,
  quote: 34,
  hash: 35,
  percent: 37,
  plus: 43,
  comma: 44,
  minus: 45,
  point: 46,
  zero: 48,
  colon: 58,
  equals: 61,
} as const;

/** Reads the fields of lines at a position in bytes whose lines are complete. Errors name the place of what is wrong. */
export class FieldScanner {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  lineStart = 0;
  /** The number of the line at hand, from 1. */
  line = 1;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

  constructor(private readonly file: string) {}

  /** Digits up to `max`; the position moves past them. */
  protected number(max: number, what: string): number {
    const { bytes } = this;
    let at = this.at;
    let value = 0;
    for (let digit = bytes[at]! - BYTE.zero; digit >= 0 && digit <= 9; digit = bytes[at]! - BYTE.zero) {
      value = value * 10 + digit;
      at++;
    }
    if (at === this.at || value > max) this.wrongField(what);
    this.at = at;
    return value;
  }

  /** @throws InputError for a line longer than any event: copied with each chunk, it would take time by its square */
  checkLength(bytes: number): void {
    if (bytes > MAX_LINE_BYTES)
      this.fail(`a line of more than ${MAX_LINE_BYTES} bytes, expected an event`, this.lineStart);
  }

  protected comma(after: string): void {
    if (this.bytes[this.at] !== BYTE.comma) this.wrongField(`${after}, expected a comma`);
    this.at++;
  }

  protected decode(from: number, to: number): string {
    try {
      return this.decoder.decode(this.bytes.subarray(from, to));
    } catch {
      return this.fail('the argument is not UTF-8', from);
    }
  }

  place(at: number): Place {
    return { file: this.file, line: this.line, column: at - this.lineStart + 1 };
  }

  fail(what: string, at = this.at): never {
    throw new InputError(what, this.place(at));
  }

  /** A field that is not what it should be: too few fields, or the wrong characters. */
  protected wrongField(what: string): never {
    let end = this.at;
    while (end < this.bytes.length && this.bytes[end] !== BYTE.comma && this.bytes[end] !== BYTE.lf) end++;
    const found =
      this.bytes[this.at] === BYTE.lf ? 'the line ends' : `"${this.decode(this.at, end)}" is wrong`;
    this.fail(`${found} at ${what}; a line has six fields: ${TEXT_HEADER}`);
  }
}
