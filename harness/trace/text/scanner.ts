import { InputError } from '../../base/errors.js';
import { type EventBlock, newBlock, type StringTable, withRoom } from '../block.js';
import { TraceMeta } from '../meta.js';
import { EventScanner } from './event.js';
import { BYTE, TEXT_HEADER } from './fields.js';

/** The shortest line of an event: a digit, a letter, five commas and the line feed. */
const LEAST_BYTES = 8;

/**
 * Reads the text form of a trace from bytes, without a string a line. Feed it bytes with `push`, then call `end`;
 * both yield blocks. Lines may end in LF or CRLF. The first error is thrown as an `InputError` with its place.
 */
export class TextScanner {
  readonly meta = new TraceMeta();
  private readonly lines: EventScanner;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  private block = newBlock(0);
  private rest: Uint8Array = new Uint8Array(0);
  private inHeader = true;
  /** Where the complete lines of the bytes at hand end. */
  private limit = 0;

  constructor(private readonly file: string) {
    this.lines = new EventScanner(file);
  }

  /** The texts of arguments; grows while blocks are taken. */
  get strings(): StringTable {
    return this.lines.strings;
  }

  /** Scans all complete lines of the bytes so far. */
  *push(chunk: Uint8Array): Generator<EventBlock> {
    this.lines.bytes = this.joined(chunk);
    this.limit = this.lines.bytes.lastIndexOf(BYTE.lf) + 1;
    yield* this.scanLines();
  }

  /** Scans what is left as the last line and hands over the last block. */
  *end(): Generator<EventBlock> {
    if (this.rest.length > 0) {
      const last = this.rest;
      this.rest = new Uint8Array(0);
      this.lines.bytes = new Uint8Array(last.length + 1);
      this.lines.bytes.set(last);
      this.lines.bytes[last.length] = BYTE.lf;
      this.limit = this.lines.bytes.length;
      yield* this.scanLines();
      if (this.rest.length > 0) this.lines.fail('a quoted field does not end, expected a closing quote');
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
    this.lines.at = 0;
    this.lines.lineStart = 0;
    while (this.inHeader && this.lines.at < this.limit) this.headerLine();
    while (this.lines.at < this.limit) {
      const most = Math.ceil((this.limit - this.lines.at) / LEAST_BYTES);
      this.block = withRoom(this.block, this.block.length + most);
      if (!this.lines.events(this.block, this.limit)) break;
      if (this.block.length > 0) {
        yield this.block;
        this.block = newBlock(0);
      }
      this.block.firstLine = this.lines.line;
    }
    this.rest = this.lines.bytes.slice(this.lines.lineStart);
    this.lines.checkLength(this.rest.length);
  }

  /** One line of metadata, or the header line itself. */
  private headerLine(): void {
    let end = this.lines.bytes.indexOf(BYTE.lf, this.lines.at);
    const next = end + 1;
    this.lines.checkLength(next - this.lines.at);
    if (end > this.lines.at && this.lines.bytes[end - 1] === BYTE.cr) end--;
    let text: string;
    try {
      text = this.decoder.decode(this.lines.bytes.subarray(this.lines.at, end));
    } catch {
      this.lines.fail('this is not UTF-8 text, expected a trace');
    }
    if (text.startsWith('#')) this.metaLine(text);
    else if (text === TEXT_HEADER) this.inHeader = false;
    else
      this.lines.fail(
        `"${text.slice(0, 60)}" is not a trace's header, expected "# key: value" or ${TEXT_HEADER}`,
      );
    this.lines.at = next;
    this.lines.lineStart = next;
    this.lines.line++;
    if (!this.inHeader) this.block.firstLine = this.lines.line;
  }

  private metaLine(text: string): void {
    const match = /^# ?([^:]*): ?(.*)$/.exec(text);
    if (!match) this.lines.fail(`"${text.slice(0, 60)}" is not metadata, expected "# key: value"`);
    try {
      this.meta.set(match[1]!, match[2]!);
    } catch (error) {
      throw error instanceof InputError ? error.at(this.lines.place(this.lines.at)) : error;
    }
  }
}
