import type { RequestBatch } from '../../requests/batch.js';
import { BATCH_CAPACITY } from '../../requests/batch.js';
import type { LineAccount } from '../account.js';
import type { Cursor } from '../scan/cursor.js';
import type { LineScanner } from '../scan/lines.js';
import { FieldReader, Row } from './fields.js';
import { type Layout, ROLE } from './layout.js';
import { DOES } from './operations.js';
import { PlainLines } from './plain.js';

/** Reads the lines of a table into requests. */
export class TableScanner {
  private readonly fields: FieldReader;
  private readonly plain: PlainLines;
  private readonly row = new Row();
  private readonly timed: boolean;
  private readonly hasVolumes: boolean;
  private started = false;
  private preamble = 0;
  private requests = 0;
  /** Of a line that counts several times: requests that are in batches already. */
  private done = 0;

  constructor(
    private readonly layout: Layout,
    private readonly account: LineAccount,
  ) {
    this.fields = new FieldReader(layout);
    this.plain = new PlainLines(layout, this.fields);
    this.timed = layout.roles.includes(ROLE.time);
    this.hasVolumes = layout.roles.includes(ROLE.volume);
  }

  readonly scan: LineScanner = (cursor, batch) => {
    if (!this.started && this.start(cursor, batch)) return;
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    if (!this.plain.read(cursor, this.row)) {
      if (this.fields.ended(cursor)) {
        cursor.skipLine();
        return;
      }
      this.fields.read(cursor, this.row);
    }
    if (this.take(batch)) cursor.rewind();
    else if (this.layout.open) cursor.skipLine();
    else cursor.endLine();
  };

  /** Says of the lines that have been used what was assumed or lost in them. */
  remark(): void {
    const { account, layout, fields } = this;
    for (const what of layout.timeRemarks) account.remark(what, account.used, 'times');
    for (const what of layout.remarks) account.remark(what, account.used);
    account.remark('sizes that are missing, taken as 0', fields.emptySizes);
    account.remark('times that are missing, taken as the one before', fields.emptyTimes, 'times');
    account.remark('ids that are negative, taken as 64-bit numbers with a sign', fields.negativeIds);
  }

  /** Sets what all rows share. True where the line at hand has been passed. */
  private start(cursor: Cursor, batch: RequestBatch): boolean {
    batch.idBytes = this.layout.idBytes;
    batch.hashed = this.layout.ids === 'text';
    batch.timed = this.timed;
    const { header } = this.layout;
    if (cursor.blank && header) {
      cursor.skipLine();
      return true;
    }
    if (this.preamble < this.layout.preamble) {
      this.preamble++;
      cursor.skipLine();
      this.account.join();
      return true;
    }
    this.started = true;
    if (header === false || (header !== true && !header.test(cursor.text()))) return false;
    cursor.skipLine();
    this.account.join();
    return true;
  }

  /** Adds the requests of the row. True where the batch has no room for some of them. */
  private take(batch: RequestBatch): boolean {
    const { row } = this;
    if (row.missing) {
      this.account.leave('lines without an id');
      return false;
    }
    if (row.does === DOES.other) {
      this.account.leave(this.fields.operations!.reason);
      return false;
    }
    if (row.count !== 1) return this.several(batch);
    this.add(batch);
    return false;
  }

  private add(batch: RequestBatch): void {
    const { row } = this;
    if (this.hasVolumes) batch.volume[batch.length] = row.volume;
    const time = this.timed ? row.time : this.requests;
    batch.add(row.low, row.high, row.size, row.does === DOES.write ? 1 : 0, time);
    this.requests++;
  }

  /** Adds the requests of a row that stands for several, as far as there is room. True where some are left. */
  private several(batch: RequestBatch): boolean {
    const { count } = this.row;
    if (count === 0) this.account.leave('lines that stand for 0 requests');
    batch.reserve(BATCH_CAPACITY);
    const until = Math.min(count, this.done + BATCH_CAPACITY - batch.length);
    for (; this.done < until; this.done++) this.add(batch);
    if (this.done < count) return true;
    this.done = 0;
    return false;
  }
}
