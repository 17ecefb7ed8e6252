import { InputError } from '../base/errors.js';
import { HAS, OP, type OpName } from './op.js';

/** The most events a block holds. */
export const BLOCK_EVENTS = 65_536;

/** A block that has become full is replaced by one of eight times its room. */
const GROWTH = 8;
/** Events that the first block of a builder has room for. */
const FIRST_EVENTS = 256;

/** Bytes of one event in a block, over all columns. */
export const EVENT_BYTES = 8 + 8 + 4 * 5 + 1 + 1;

/**
 * A run of events as typed columns. Row `i` of each column belongs to event `i`; `fields[i]` says which of them are
 * given (bits of `HAS`), the others hold 0.
 */
export interface EventBlock {
  length: number;
  /** The line of the first event in its text form; event `i` is on line `firstLine + i`. */
  firstLine: number;
  /** Microseconds, whole, never decreasing. */
  readonly time: Float64Array;
  /** First page number (or page of an object), below 2^45. */
  readonly page: Float64Array;
  /** Pages; negative in read and write means downwards. */
  readonly count: Int32Array;
  readonly space: Int32Array;
  readonly thread: Int32Array;
  /** Index into the trace's string table. */
  readonly text: Int32Array;
  /** Content id `N` of `=N` and `=N+`. */
  readonly content: Uint32Array;
  /** Code of the op (`OP`). */
  readonly op: Uint8Array;
  readonly fields: Uint8Array;
}

/** Views the columns of `capacity` events inside a buffer, from `offset` (a multiple of 8) on. */
export function blockColumns(buffer: ArrayBufferLike, offset: number, capacity: number): EventBlock {
  let at = offset;
  const take = (bytes: number): number => {
    const start = at;
    at += bytes * capacity;
    return start;
  };
  return {
    length: 0,
    firstLine: 1,
    time: new Float64Array(buffer, take(8), capacity),
    page: new Float64Array(buffer, take(8), capacity),
    count: new Int32Array(buffer, take(4), capacity),
    space: new Int32Array(buffer, take(4), capacity),
    thread: new Int32Array(buffer, take(4), capacity),
    text: new Int32Array(buffer, take(4), capacity),
    content: new Uint32Array(buffer, take(4), capacity),
    op: new Uint8Array(buffer, take(1), capacity),
    fields: new Uint8Array(buffer, take(1), capacity),
  };
}

/** A new empty block. */
export function newBlock(capacity = BLOCK_EVENTS): EventBlock {
  return blockColumns(new ArrayBuffer(EVENT_BYTES * capacity), 0, capacity);
}

/**
 * A block with the events of another one and room for more: that block itself, if it has it. Most traces of tests and
 * experiments are far shorter than a full block, whose 2.5 MB would have to be zeroed for each.
 *
 * @param events how many it has to hold in all; a block never holds more than `BLOCK_EVENTS`
 */
export function withRoom(block: EventBlock, events: number): EventBlock {
  const capacity = block.op.length;
  if (capacity >= Math.min(events, BLOCK_EVENTS)) return block;
  const larger = newBlock(Math.min(BLOCK_EVENTS, Math.max(events, capacity * GROWTH)));
  larger.length = block.length;
  larger.firstLine = block.firstLine;
  larger.time.set(block.time);
  larger.page.set(block.page);
  larger.count.set(block.count);
  larger.space.set(block.space);
  larger.thread.set(block.thread);
  larger.text.set(block.text);
  larger.content.set(block.content);
  larger.op.set(block.op);
  larger.fields.set(block.fields);
  return larger;
}

/** The texts of a trace's arguments, each once, by index. */
export class StringTable {
  private readonly texts: string[] = [];
  private readonly indexOf = new Map<string, number>();

  get length(): number {
    return this.texts.length;
  }

  /** The index of a text; new texts are appended. */
  intern(text: string): number {
    const known = this.indexOf.get(text);
    if (known !== undefined) return known;
    const index = this.texts.length;
    this.texts.push(text);
    this.indexOf.set(text, index);
    return index;
  }

  /** Whether it has a text. */
  has(text: string): boolean {
    return this.indexOf.has(text);
  }

  /** The text at an index. */
  text(index: number): string {
    const text = this.texts[index];
    if (text === undefined)
      throw new InputError(`text ${index} is not in the string table of ${this.texts.length}`);
    return text;
  }
}

/** What an event is made of when it is written by a program. Absent fields stay empty. */
export interface EventFields {
  readonly space?: number;
  readonly thread?: number;
  readonly page?: number;
  readonly count?: number;
  readonly text?: string;
  /** Content id of a write or pwrite. */
  readonly content?: number;
  /** With `content`: page `i` gets `content + i`. */
  readonly contentUp?: boolean;
}

/**
 * Collects events into blocks; used by generators and importers. A generator yields `take()` whenever `full` and
 * once more at the end, so that no trace ever has to be in memory whole.
 */
export class BlockBuilder {
  readonly strings = new StringTable();
  private block = newBlock(FIRST_EVENTS);
  private line = 1;

  get length(): number {
    return this.block.length;
  }

  get full(): boolean {
    return this.block.length === BLOCK_EVENTS;
  }

  /** Appends an event. The block must not be full. */
  add(time: number, op: OpName, fields: EventFields = {}): void {
    const at = this.append(time, OP[op]);
    const { block } = this;
    let bits = 0;
    if (fields.space !== undefined) {
      block.space[at] = fields.space;
      bits |= HAS.space;
    }
    if (fields.thread !== undefined) {
      block.thread[at] = fields.thread;
      bits |= HAS.thread;
    }
    if (fields.page !== undefined) {
      block.page[at] = fields.page;
      bits |= HAS.page;
    }
    if (fields.count !== undefined) {
      block.count[at] = fields.count;
      bits |= HAS.count;
    }
    if (fields.text !== undefined) {
      block.text[at] = this.strings.intern(fields.text);
      bits |= HAS.text;
    }
    if (fields.content !== undefined) {
      block.content[at] = fields.content;
      bits |= fields.contentUp ? HAS.content | HAS.contentUp : HAS.content;
    }
    block.fields[at] = bits;
  }

  /** Appends a read or write of a range without contents: the fast way for generators. */
  addTouch(time: number, write: boolean, space: number, page: number, count: number, thread?: number): void {
    const at = this.append(time, write ? OP.write : OP.read);
    const { block } = this;
    block.space[at] = space;
    block.page[at] = page;
    block.count[at] = count;
    block.fields[at] = HAS.space | HAS.page | HAS.count;
    if (thread === undefined) return;
    block.thread[at] = thread;
    block.fields[at] |= HAS.thread;
  }

  /** Hands over the collected block and starts a new one. */
  take(): EventBlock {
    const done = this.block;
    done.firstLine = this.line;
    this.line += done.length;
    this.block = newBlock(FIRST_EVENTS);
    return done;
  }

  private append(time: number, op: number): number {
    if (this.block.length === this.block.op.length) this.block = withRoom(this.block, this.block.length + 1);
    const { block } = this;
    const at = block.length++;
    block.time[at] = time;
    block.op[at] = op;
    return at;
  }
}
