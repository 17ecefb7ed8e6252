import { grown } from '../../base/arrays.js';
import { type EventBlock, newBlock } from '../../trace/block.js';

/** Events there is room for at the start. */
const FIRST_EVENTS = 1024;
/** In place of the next event of a thread: there is none yet. */
export const NONE = -1;

/** Events that have been read and not yet been carried out, as rows of one block. A row that is free is used again. */
export class PendingEvents {
  block: EventBlock = newBlock(FIRST_EVENTS);
  /** By row: its number in the order of the trace. */
  number = new Float64Array(FIRST_EVENTS);
  /** By row: the next event of its thread, or `NONE`. */
  next = new Int32Array(FIRST_EVENTS);
  /** By row: its line in the text form of the trace. */
  private line = new Float64Array(FIRST_EVENTS);
  private free = new Int32Array(FIRST_EVENTS);
  private freeRows = 0;
  /** How many rows have been used. */
  private rows = 0;

  get count(): number {
    return this.rows - this.freeRows;
  }

  /** Takes an event over. Returns its row. */
  add(from: EventBlock, at: number, number: number): number {
    const row = this.freeRows > 0 ? this.free[--this.freeRows]! : this.newRow();
    const { block } = this;
    block.time[row] = from.time[at]!;
    block.page[row] = from.page[at]!;
    block.count[row] = from.count[at]!;
    block.space[row] = from.space[at]!;
    block.thread[row] = from.thread[at]!;
    block.text[row] = from.text[at]!;
    block.content[row] = from.content[at]!;
    block.op[row] = from.op[at]!;
    block.fields[row] = from.fields[at]!;
    this.number[row] = number;
    this.next[row] = NONE;
    this.line[row] = from.firstLine + at;
    return row;
  }

  /** The event at this row is about to be carried out: the block says of it in which line it stands. */
  show(row: number): void {
    this.block.firstLine = this.line[row]! - row;
  }

  release(row: number): void {
    this.free[this.freeRows++] = row;
  }

  private newRow(): number {
    if (this.rows === this.number.length) this.grow();
    return this.rows++;
  }

  private grow(): void {
    const rows = 2 * this.number.length;
    const { block } = this;
    this.block = {
      length: 0,
      firstLine: block.firstLine,
      time: grown(block.time, rows),
      page: grown(block.page, rows),
      count: grown(block.count, rows),
      space: grown(block.space, rows),
      thread: grown(block.thread, rows),
      text: grown(block.text, rows),
      content: grown(block.content, rows),
      op: grown(block.op, rows),
      fields: grown(block.fields, rows),
    };
    this.number = grown(this.number, rows);
    this.next = grown(this.next, rows);
    this.line = grown(this.line, rows);
    this.free = grown(this.free, rows);
  }
}
