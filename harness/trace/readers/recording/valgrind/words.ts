import { InputError } from '../../../../base/errors.js';
import type { RawFolder } from '../folder.js';

/** Kinds of records: the low four bits of their first word. Source: harness/record/valgrind/README.md */
export const RECORD = {
  read: 0,
  write: 1,
  fetch: 2,
  time: 3,
  thread: 4,
  call: 5,
  enter: 6,
  map: 7,
  object: 8,
  io: 9,
  content: 10,
  string: 11,
  end: 12,
} as const;

const WORD_BYTES = 8;
const KIND_MASK = 15;
const KIND_BITS = 4;
const TWO_28 = 2 ** 28;
const TWO_32 = 2 ** 32;
const ALL_ONES = TWO_32 - 1;
/** Of the upper half of a word: the bits of it that are of a page, and where the number of pages begins. */
const PAGE_HIGH = 0xfff;
const RUN_SHIFT = 12;

/** Words of records that have no text, by kind. */
const FIXED = [1, 1, 1, 1, 1, 8, 8, 5, 5, 5, 2, 1, 2];
/** Kinds that end in a text: its length stands behind the fixed words. */
const WITH_TEXT: ReadonlySet<number> = new Set([RECORD.map, RECORD.object, RECORD.string]);

/** The words of a file, many at a time; a place in them is an index into what is at hand. */
export class Words {
  /** The place that is read next, and the words at hand. */
  at = 0;
  length = 0;
  /** Words of the file before those at hand. */
  before = 0;
  private low: Uint32Array = new Uint32Array(0);
  private bytes: Uint8Array = new Uint8Array(0);
  private readonly chunks: AsyncIterator<Uint8Array>;

  constructor(
    folder: RawFolder,
    /** What messages call it. */
    readonly name: string,
  ) {
    this.chunks = folder.input(name).bytes[Symbol.asyncIterator]();
  }

  /** Words of the file that have been passed. */
  get passed(): number {
    return this.before + this.at;
  }

  /** Brings more of the file to hand. @returns whether there was more */
  async more(): Promise<boolean> {
    const { value, done } = await this.chunks.next();
    if (done) return false;
    const rest = this.bytes.subarray(this.at * WORD_BYTES);
    this.before += this.at;
    this.at = 0;
    this.bytes = new Uint8Array(rest.length + value.length);
    this.bytes.set(rest);
    this.bytes.set(value, rest.length);
    this.length = Math.floor(this.bytes.length / WORD_BYTES);
    this.low = new Uint32Array(this.bytes.buffer, 0, this.length * 2);
    return true;
  }

  /** Whether the file ends within a word, or within what has to follow: its process was killed. */
  get isCut(): boolean {
    return this.bytes.length > this.at * WORD_BYTES;
  }

  kind(at: number): number {
    return this.low[2 * at]! & KIND_MASK;
  }

  /** What a record's first word says besides its kind. */
  payload(at: number): number {
    return (this.low[2 * at]! >>> KIND_BITS) + this.low[2 * at + 1]! * TWO_28;
  }

  /** Of a payload that has them: the page. */
  page(at: number): number {
    return (this.low[2 * at]! >>> KIND_BITS) + (this.low[2 * at + 1]! & PAGE_HIGH) * TWO_28;
  }

  /** Of the same payload: the bits behind the page. */
  bits(at: number): number {
    return this.low[2 * at + 1]! >>> RUN_SHIFT;
  }

  /** A whole word as an unsigned number; exact below 2^53. */
  number(at: number): number {
    return this.low[2 * at]! + this.low[2 * at + 1]! * TWO_32;
  }

  /** A whole word as it is written in hexadecimal. */
  hex(at: number): string {
    const high = this.low[2 * at + 1]!;
    const low = this.low[2 * at]!.toString(16);
    return high === 0 ? `0x${low}` : `0x${high.toString(16)}${low.padStart(8, '0')}`;
  }

  /** The result of a call: small negative numbers are errors. */
  result(at: number): number {
    return this.low[2 * at + 1] === ALL_ONES ? this.low[2 * at]! - TWO_32 : this.number(at);
  }

  text(at: number): string {
    const from = (at + 1) * WORD_BYTES;
    return Buffer.from(this.bytes.buffer, from, this.number(at)).toString();
  }

  /** Words of the text at a place; undefined where its length is not at hand. */
  textWords(at: number): number | undefined {
    return at < this.length ? 1 + Math.ceil(this.number(at) / WORD_BYTES) : undefined;
  }

  /**
   * Words of the record at a place; 0 where it is not whole at hand.
   *
   * @throws InputError for a kind that there is not
   */
  sizeAt(at: number): number {
    if (at >= this.length) return 0;
    const kind = this.kind(at);
    const fixed = FIXED[kind];
    if (fixed === undefined) throw this.wrong(at, `a record of kind ${kind}`);
    const size = WITH_TEXT.has(kind)
      ? fixed + (this.textWords(at + fixed) ?? Number.POSITIVE_INFINITY)
      : fixed;
    return at + size <= this.length ? size : 0;
  }

  /** The error of what cannot be at a place. */
  wrong(at: number, what: string): InputError {
    const byte = (this.before + at) * WORD_BYTES;
    return new InputError(`${what} at byte ${byte}, expected records of the page tool`, { file: this.name });
  }
}
