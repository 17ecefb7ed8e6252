import { unknownName } from '../../base/nearest.js';
import { BLOCK_EVENTS, type EventBlock } from '../block.js';
import { COUNT_LIMIT, FORBIDDEN_FIELDS, HAS, ID_LIMIT, OP, OPS, PAGE_LIMIT, REQUIRED_FIELDS } from '../op.js';
import { ArgumentScanner, INCOMPLETE, opInfo } from './arguments.js';
import { BYTE } from './fields.js';

// The look-up stands here because V8 takes constants of the module itself for constants, and loads those of others.

/** Slots of the look-up of ops by their names. */
const OP_TABLE_SIZE = 1024;
const encoder = new TextEncoder();
/** By code: the name of an op. */
const OP_BYTES: readonly Uint8Array[] = OPS.map((info) => encoder.encode(info.name));

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

/** What a hash of a name is multiplied by at each byte: `(hash * OP_FACTOR + byte) & (OP_TABLE_SIZE - 1)`. */
const OP_FACTOR = perfectFactor();
/** By the hash of its name: the code of an op; -1 for other hashes. */
const OP_SLOTS = new Int8Array(OP_TABLE_SIZE).fill(-1);
OP_BYTES.forEach((name, code) => {
  OP_SLOTS[opHash(name, 0, name.length, OP_FACTOR)] = code;
});

const FIELD_NAMES: readonly (readonly [number, string])[] = [
  [HAS.space, 'space'],
  [HAS.page, 'page'],
  [HAS.count, 'count'],
];

/** 1 for ops that can stand with exactly a space, a page and a count. */
const PLAIN_OPS = Uint8Array.from(OPS, (info, code) => {
  const wrong = FORBIDDEN_FIELDS[code]! & (HAS.space | HAS.page | HAS.count);
  return wrong === 0 && info.arg !== 'required' ? 1 : 0;
});

/** Reads the lines of events into the rows of blocks. */
export class EventScanner extends ArgumentScanner {
  private lastTime = 0;

  /**
   * Scans events until the block is full or the complete lines end, at `limit`. True when there may be more; false when the
   * last line goes on beyond the bytes at hand.
   */
  events(block: EventBlock, limit: number): boolean {
    try {
      while (this.at < limit && block.length < BLOCK_EVENTS) {
        const { line } = this;
        const next = this.plainEvent(block, block.length);
        if (next >= 0) this.at = next;
        else {
          this.event(block, block.length);
          this.checkLength(this.at - this.lineStart);
        }
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
   * everything in local variables: 2 × faster than `event`. Returns the position of the next line, or -1 where the
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

  /** `S` or `S:T`; returns the field bits. */
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
    if (this.bytes[this.at] === BYTE.percent)
      this.fail(
        'a count in % is not known before a trace is replayed, expected pages (for a limit: reclaim replay --limit N%)',
      );
    if (negative && code !== OP.read && code !== OP.write) {
      this.fail(`a negative count makes no sense for ${opInfo(code).name}, expected 0 or more`, start);
    }
    return negative ? -value : value;
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
