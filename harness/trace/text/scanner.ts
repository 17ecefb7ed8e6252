import { InputError } from '../../base/errors.js';
import { unknownName } from '../../base/nearest.js';
import { checkArg, parseContent } from '../args.js';
import { BLOCK_EVENTS, type EventBlock, newBlock, StringTable } from '../block.js';
import { TraceMeta } from '../meta.js';
import {
  CONTENT_LIMIT,
  COUNT_LIMIT,
  FORBIDDEN_FIELDS,
  HAS,
  ID_LIMIT,
  OP,
  OPS,
  type OpInfo,
  PAGE_LIMIT,
  REQUIRED_FIELDS,
} from '../op.js';
import { BYTE, TEXT_HEADER } from './format.js';
import { ByteInterner } from './interner.js';

const OP_TABLE_SIZE = 1024;
const encoder = new TextEncoder();
const OP_BYTES: readonly Uint8Array[] = OPS.map((info) => encoder.encode(info.name));
const FIELD_NAMES: readonly (readonly [number, string])[] = [
  [HAS.space, 'space'],
  [HAS.page, 'page'],
  [HAS.count, 'count'],
];

function opHash(bytes: Uint8Array, from: number, to: number, factor: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (hash * factor + bytes[i]!) & (OP_TABLE_SIZE - 1);
  return hash;
}

/** A factor under which no two op names share a slot, so that a look-up is one comparison. */
function perfectFactor(): number {
  for (let factor = 3; ; factor += 2) {
    const slots = new Set(OP_BYTES.map((name) => opHash(name, 0, name.length, factor)));
    if (slots.size === OPS.length) return factor;
  }
}

const OP_FACTOR = perfectFactor();
const OP_SLOTS = new Int8Array(OP_TABLE_SIZE).fill(-1);
OP_BYTES.forEach((name, code) => {
  OP_SLOTS[opHash(name, 0, name.length, OP_FACTOR)] = code;
});

/** 1 for ops that can stand with exactly a space, a page and a count. */
const PLAIN_OPS = Uint8Array.from(OPS, (info, code) => {
  const wrong = FORBIDDEN_FIELDS[code]! & (HAS.space | HAS.page | HAS.count);
  return wrong === 0 && info.arg !== 'required' ? 1 : 0;
});

/** Thrown inside the scanner when a line goes on beyond the bytes at hand. */
const INCOMPLETE = Symbol('incomplete line');

/**
 * Reads the text form of a trace from bytes, without a string a line. Feed it bytes with `push`, then call `end`;
 * both yield blocks. Lines may end in LF or CRLF. The first error is thrown as an `InputError` with its place.
 */
export class TextScanner {
  readonly meta = new TraceMeta();
  readonly strings = new StringTable();

  private readonly interner = new ByteInterner(this.strings);
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  /** Per text, a bit an op: its form as that op's argument has been checked. */
  private checked = new Uint32Array(1024);
  private block = newBlock();
  private rest: Uint8Array = new Uint8Array(0);
  private inHeader = true;
  private line = 1;
  private lastTime = 0;

  /** The bytes being scanned, the position in them, and where the complete lines end. */
  private bytes: Uint8Array = this.rest;
  private at = 0;
  private lineStart = 0;
  private limit = 0;

  constructor(private readonly file: string) {}

  /** Scans all complete lines of the bytes so far. */
  *push(chunk: Uint8Array): Generator<EventBlock> {
    this.bytes = this.joined(chunk);
    this.limit = this.bytes.lastIndexOf(BYTE.lf) + 1;
    yield* this.scanLines();
  }

  /** Scans what is left as the last line and hands over the last block. */
  *end(): Generator<EventBlock> {
    if (this.rest.length > 0) {
      const last = this.rest;
      this.rest = new Uint8Array(0);
      this.bytes = new Uint8Array(last.length + 1);
      this.bytes.set(last);
      this.bytes[last.length] = BYTE.lf;
      this.limit = this.bytes.length;
      yield* this.scanLines();
      if (this.rest.length > 0) this.fail('a quoted field does not end, expected a closing quote');
    }
    if (this.inHeader)
      throw new InputError(`no events, expected the header line ${TEXT_HEADER}`, { file: this.file });
    if (this.block.length > 0) yield this.block;
  }

  private joined(chunk: Uint8Array): Uint8Array {
    if (this.rest.length === 0) return chunk;
    const joined = new Uint8Array(this.rest.length + chunk.length);
    joined.set(this.rest);
    joined.set(chunk, this.rest.length);
    return joined;
  }

  private *scanLines(): Generator<EventBlock> {
    this.at = 0;
    this.lineStart = 0;
    while (this.inHeader && this.at < this.limit) this.headerLine();
    while (this.at < this.limit) {
      if (!this.events()) break;
      if (this.block.length > 0) {
        yield this.block;
        this.block = newBlock();
      }
      this.block.firstLine = this.line;
    }
    this.rest = this.bytes.slice(this.lineStart);
  }

  /** One line of metadata, or the header line itself. */
  private headerLine(): void {
    let end = this.bytes.indexOf(BYTE.lf, this.at);
    const next = end + 1;
    if (end > this.at && this.bytes[end - 1] === BYTE.cr) end--;
    let text: string;
    try {
      text = this.decoder.decode(this.bytes.subarray(this.at, end));
    } catch {
      this.fail('this is not UTF-8 text, expected a trace');
    }
    if (text.startsWith('#')) this.metaLine(text);
    else if (text === TEXT_HEADER) this.inHeader = false;
    else
      this.fail(`"${text.slice(0, 60)}" is not a trace's header, expected "# key: value" or ${TEXT_HEADER}`);
    this.at = next;
    this.lineStart = next;
    this.line++;
    if (!this.inHeader) this.block.firstLine = this.line;
  }

  private metaLine(text: string): void {
    const match = /^# ?([^:]*): ?(.*)$/.exec(text);
    if (!match) this.fail(`"${text.slice(0, 60)}" is not metadata, expected "# key: value"`);
    try {
      this.meta.set(match[1]!, match[2]!);
    } catch (error) {
      throw error instanceof InputError ? error.at(this.place(this.at)) : error;
    }
  }

  /**
   * Scans events until the block is full or the complete lines end. True when there may be more; false when the
   * last line goes on beyond the bytes at hand.
   */
  private events(): boolean {
    const { block } = this;
    try {
      while (this.at < this.limit && block.length < BLOCK_EVENTS) {
        const { line } = this;
        const next = this.plainEvent(block, block.length);
        if (next < 0) this.event(block, block.length);
        else this.at = next;
        block.length++;
        this.line++;
        this.lineStart = this.at;
        // A text with line breaks ends the block, so that event i of a block is always on line firstLine + i.
        if (this.line !== line + 1) return true;
      }
    } catch (error) {
      if (error !== INCOMPLETE) throw error;
      return false;
    }
    return block.length === BLOCK_EVENTS;
  }

  /**
   * Scans the plain shape that nearly all lines have (digits where digits belong, no thread, no argument, LF) with
   * everything in local variables: 2 × faster than `event`. Gives the position of the next line, or -1 where the
   * line has any other shape or is wrong: `event` then scans it from the start and says what is wrong.
   */
  private plainEvent(block: EventBlock, row: number): number {
    const { bytes } = this;
    let at = this.at;
    let c = bytes[at]!;
    let time = 0;
    for (; c >= 48 && c <= 57; c = bytes[++at]!) time = time * 10 + (c - 48);
    if (c !== BYTE.comma || at === this.at || time < this.lastTime || time > Number.MAX_SAFE_INTEGER)
      return -1;
    let from = ++at;
    let hash = 0;
    for (c = bytes[at]!; c >= 97; c = bytes[++at]!) hash = (hash * OP_FACTOR + c) & (OP_TABLE_SIZE - 1);
    const code = OP_SLOTS[hash]!;
    if (c !== BYTE.comma || code < 0 || !this.isOp(code, from, at)) return -1;
    from = ++at;
    let space = 0;
    for (c = bytes[at]!; c >= 48 && c <= 57; c = bytes[++at]!) space = space * 10 + (c - 48);
    if (c !== BYTE.comma || at === from || space >= ID_LIMIT) return -1;
    from = ++at;
    let page = 0;
    for (c = bytes[at]!; c >= 48 && c <= 57; c = bytes[++at]!) page = page * 10 + (c - 48);
    if (c !== BYTE.comma || at === from || page >= PAGE_LIMIT) return -1;
    from = ++at;
    let count = 0;
    for (c = bytes[at]!; c >= 48 && c <= 57; c = bytes[++at]!) count = count * 10 + (c - 48);
    if (c !== BYTE.comma || at === from || count > COUNT_LIMIT || bytes[at + 1] !== BYTE.lf) return -1;
    if (PLAIN_OPS[code] === 0) return -1;
    block.time[row] = time;
    block.op[row] = code;
    block.space[row] = space;
    block.page[row] = page;
    block.count[row] = count;
    block.fields[row] = HAS.space | HAS.page | HAS.count;
    this.lastTime = time;
    return at + 2;
  }

  private event(block: EventBlock, row: number): void {
    const time = this.number(Number.MAX_SAFE_INTEGER, 'time_us, expected whole microseconds');
    if (time < this.lastTime) {
      this.fail(
        `time runs backwards from ${this.lastTime} to ${time}, expected times that never decrease`,
        this.lineStart,
      );
    }
    this.comma('time_us');
    const code = this.opCode();
    let bits = this.space(block, row);
    if (this.bytes[this.at] !== BYTE.comma) {
      block.page[row] = this.number(PAGE_LIMIT - 1, 'page, expected a page number below 2^45');
      bits |= HAS.page;
    }
    this.comma('page');
    if (this.bytes[this.at] !== BYTE.comma) {
      block.count[row] = this.count(code);
      bits |= HAS.count;
    }
    this.comma('count');
    if ((REQUIRED_FIELDS[code]! & ~bits) !== 0 || (FORBIDDEN_FIELDS[code]! & bits) !== 0) {
      this.wrongFields(code, bits);
    }
    block.fields[row] = bits | this.arg(block, row, code);
    block.time[row] = time;
    block.op[row] = code;
    this.lastTime = time;
  }

  /** Digits up to `max`; the position moves behind them. */
  private number(max: number, what: string): number {
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

  private comma(after: string): void {
    if (this.bytes[this.at] !== BYTE.comma) this.wrongField(`${after}, expected a comma`);
    this.at++;
  }

  private opCode(): number {
    const { bytes } = this;
    const from = this.at;
    let at = from;
    let hash = 0;
    for (let c = bytes[at]!; c !== BYTE.comma && c !== BYTE.lf; c = bytes[++at]!) {
      hash = (hash * OP_FACTOR + c) & (OP_TABLE_SIZE - 1);
    }
    const code = OP_SLOTS[hash]!;
    if (code < 0 || !this.isOp(code, from, at)) this.unknownOp(from, at);
    this.at = at;
    this.comma('op');
    return code;
  }

  private isOp(code: number, from: number, to: number): boolean {
    const name = OP_BYTES[code]!;
    if (name.length !== to - from) return false;
    for (let i = 0; i < name.length; i++) if (name[i] !== this.bytes[from + i]) return false;
    return true;
  }

  /** `S` or `S:T`; gives the field bits. */
  private space(block: EventBlock, row: number): number {
    let bits = 0;
    if (this.bytes[this.at] !== BYTE.comma) {
      block.space[row] = this.number(ID_LIMIT - 1, 'space, expected S or S:T below 2^31');
      bits = HAS.space;
      if (this.bytes[this.at] === BYTE.colon) {
        this.at++;
        block.thread[row] = this.number(ID_LIMIT - 1, 'thread, expected S:T below 2^31');
        bits |= HAS.thread;
      }
    }
    this.comma('space');
    return bits;
  }

  private count(code: number): number {
    const negative = this.bytes[this.at] === BYTE.minus;
    const start = this.at;
    if (negative) this.at++;
    const value = this.number(COUNT_LIMIT, 'count, expected a whole number of pages within 2^31 - 1');
    if (negative && code !== OP.read && code !== OP.write) {
      this.fail(`a negative count makes no sense for ${opInfo(code).name}, expected 0 or more`, start);
    }
    return negative ? -value : value;
  }

  /** The argument and the end of the line; gives the field bits. */
  private arg(block: EventBlock, row: number, code: number): number {
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

  /** A quoted field: `""` inside is a quote; commas and line breaks are text. Moves behind the end of the line. */
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

  private decode(from: number, to: number): string {
    try {
      return this.decoder.decode(this.bytes.subarray(from, to));
    } catch {
      return this.fail('the argument is not UTF-8', from);
    }
  }

  /** Parses a text once per op that uses it, so that a wrong argument is found where it stands. */
  private check(code: number, text: number, from: number): void {
    if (text >= this.checked.length) {
      const grown = new Uint32Array(Math.max(text + 1, this.checked.length * 2));
      grown.set(this.checked);
      this.checked = grown;
    }
    if (((this.checked[text]! >>> code) & 1) !== 0) return;
    if (opInfo(code).arg === 'none')
      this.fail(`${opInfo(code).name} takes no argument, expected an empty field`, from);
    try {
      checkArg(code, this.strings.text(text));
    } catch (error) {
      if (error instanceof InputError) this.fail(error.what, from);
      throw error;
    }
    this.checked[text] = this.checked[text]! | (1 << code);
  }

  private place(at: number) {
    return { file: this.file, line: this.line, column: at - this.lineStart + 1 };
  }

  private fail(what: string, at = this.at): never {
    throw new InputError(what, this.place(at));
  }

  /** A field that is not what it should be: too few fields, or the wrong characters. */
  private wrongField(what: string): never {
    let end = this.at;
    while (end < this.bytes.length && this.bytes[end] !== BYTE.comma && this.bytes[end] !== BYTE.lf) end++;
    const found =
      this.bytes[this.at] === BYTE.lf ? 'the line ends' : `"${this.decode(this.at, end)}" is wrong`;
    this.fail(`${found} at ${what}; a line has six fields: ${TEXT_HEADER}`);
  }

  private unknownOp(from: number, to: number): never {
    const error = unknownName(
      'op',
      this.decode(from, to),
      OPS.map((info) => info.name),
    );
    return this.fail(error.what, from);
  }

  private wrongFields(code: number, bits: number): never {
    const { name } = opInfo(code);
    for (const [bit, field] of FIELD_NAMES) {
      if (REQUIRED_FIELDS[code]! & ~bits & bit) this.fail(`${name} needs a ${field}, found an empty field`);
      if (FORBIDDEN_FIELDS[code]! & bits & bit)
        this.fail(`${name} takes no ${field}, expected an empty field`);
    }
    throw new Error('unreachable: no field is wrong');
  }
}

function opInfo(code: number): OpInfo {
  return OPS[code]!;
}
