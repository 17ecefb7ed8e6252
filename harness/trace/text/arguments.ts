import { InputError } from '../../base/errors.js';
import { checkArg, parseContent } from '../args.js';
import { type EventBlock, StringTable } from '../block.js';
import { CONTENT_LIMIT, HAS, OP, OPS, type OpInfo } from '../op.js';
import { BYTE, FieldScanner } from './fields.js';
import { ByteInterner } from './interner.js';

/** Thrown inside the scanner when a line goes on beyond the bytes at hand. */
export const INCOMPLETE = Symbol('incomplete line');

export function opInfo(code: number): OpInfo {
  return OPS[code]!;
}

/** In place of a bit: the op takes no argument. */
const NO_ARGUMENT = 255;
let argumentOps = 0;
/** By code: the bit of an op that takes an argument in `ArgumentScanner.checked`. */
const ARGUMENT_BITS = Uint8Array.from(OPS, ({ arg }) => (arg === 'none' ? NO_ARGUMENT : argumentOps++));
if (argumentOps > 32) throw new Error(`${argumentOps} ops take an argument, and a word has 32 bits`);

/** Reads the last field of a line: the argument, whose form depends on the op. */
export class ArgumentScanner extends FieldScanner {
  readonly strings = new StringTable();
  private readonly interner = new ByteInterner(this.strings);
  /** By text, a bit an op (`ARGUMENT_BITS`): its form as that op's argument has been checked. */
  private checked = new Uint32Array(1024);

  /** The argument and the end of the line; returns the field bits. */
  protected arg(block: EventBlock, row: number, code: number): number {
    const { bytes } = this;
    const from = this.at;
    const first = bytes[from]!;
    if (first === BYTE.lf || (first === BYTE.cr && bytes[from + 1] === BYTE.lf)) {
      if (opInfo(code).arg === 'required')
        this.fail(`${opInfo(code).name} needs an argument, expected ${opInfo(code).argForm}`);
      this.at = first === BYTE.lf ? from + 1 : from + 2;
      return 0;
    }
    if (first === BYTE.quote) return this.textArg(block, row, code, this.quoted(), from);
    let at = from;
    let c = first;
    while (c !== BYTE.lf) {
      if (c === BYTE.comma || c === BYTE.quote) {
        this.fail(
          'a comma or quote in an unquoted argument, expected six fields, or quotes around the argument',
          at,
        );
      }
      c = bytes[++at]!;
    }
    const end = bytes[at - 1] === BYTE.cr ? at - 1 : at;
    this.at = at + 1;
    if (code === OP.write || code === OP.pwrite) return this.contentArg(block, row, code, from, end);
    const text = this.intern(from, end);
    this.check(code, text, from);
    block.text[row] = text;
    return HAS.text;
  }

  /** write: `=N` or `=N+`; pwrite: `NAME`, or `NAME =N`. */
  private contentArg(block: EventBlock, row: number, code: number, from: number, end: number): number {
    const { bytes } = this;
    let start = from;
    let bits = 0;
    if (code === OP.pwrite) {
      const space = bytes.subarray(from, end).indexOf(BYTE.space);
      const nameEnd = space < 0 ? end : from + space;
      const text = this.intern(from, nameEnd);
      this.check(code, text, from);
      block.text[row] = text;
      bits = HAS.text;
      if (space < 0) return bits;
      start = nameEnd + 1;
    }
    let value = 0;
    let at = start + 1;
    for (; at < end; at++) {
      const digit = bytes[at]! - BYTE.zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const up = at === end - 1 && bytes[at] === BYTE.plus;
    if (bytes[start] !== BYTE.equals || at === start + 1 || value >= CONTENT_LIMIT || (at !== end && !up)) {
      this.wrongContent(start, end);
    }
    block.content[row] = value;
    return bits | HAS.content | (up ? HAS.contentUp : 0);
  }

  private wrongContent(from: number, end: number): never {
    try {
      parseContent(this.decode(from, end));
    } catch (error) {
      if (error instanceof InputError) this.fail(error.what, from);
      throw error;
    }
    throw new Error('unreachable: parseContent accepts what the scanner refused');
  }

  /** An argument that had quotes around it. Contents of writes never need quotes and are refused in them. */
  private textArg(block: EventBlock, row: number, code: number, text: string, from: number): number {
    if (code === OP.write || code === OP.pwrite)
      this.fail('contents and names need no quotes, expected them plain', from);
    const index = this.strings.intern(text);
    this.check(code, index, from);
    block.text[row] = index;
    return HAS.text;
  }

  /** A quoted field: `""` inside is a quote; commas and line breaks are text. Moves past the end of the line. */
  private quoted(): string {
    const { bytes } = this;
    const from = this.at + 1;
    let at = from;
    let breaks = 0;
    for (; ; at++) {
      if (at >= bytes.length) throw INCOMPLETE;
      if (bytes[at] === BYTE.lf) breaks++;
      if (bytes[at] !== BYTE.quote) continue;
      if (at + 1 >= bytes.length) throw INCOMPLETE;
      if (bytes[at + 1] !== BYTE.quote) break;
      at++;
    }
    const text = this.decode(from, at).replaceAll('""', '"');
    at++;
    if (bytes[at] === BYTE.cr) at++;
    if (at >= bytes.length) throw INCOMPLETE;
    if (bytes[at] !== BYTE.lf) this.fail('text after a closing quote, expected the end of the line', at);
    this.at = at + 1;
    this.line += breaks;
    return text;
  }

  private intern(from: number, to: number): number {
    try {
      return this.interner.intern(this.bytes, from, to);
    } catch (error) {
      if (error instanceof TypeError) this.fail('the argument is not UTF-8', from);
      throw error;
    }
  }

  /** Parses a text once per op that uses it, so that a wrong argument is found where it stands. */
  private check(code: number, text: number, from: number): void {
    if (text >= this.checked.length) {
      const grown = new Uint32Array(Math.max(text + 1, this.checked.length * 2));
      grown.set(this.checked);
      this.checked = grown;
    }
    const bit = ARGUMENT_BITS[code]!;
    if (bit === NO_ARGUMENT)
      this.fail(`${opInfo(code).name} takes no argument, expected an empty field`, from);
    if (((this.checked[text]! >>> bit) & 1) !== 0) return;
    try {
      checkArg(code, this.strings.text(text));
    } catch (error) {
      if (error instanceof InputError) this.fail(error.what, from);
      throw error;
    }
    this.checked[text] = this.checked[text]! | (1 << bit);
  }
}
