import type { RequestBatch } from '../requests/batch.js';
import { FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { type LineScanner, linesMatch, readLines } from './scan/lines.js';

/** Disks a host may have: host and disk are one number. */
const DISKS = 1 << 12;
const MAX_HOSTS = 2 ** 31 / DISKS;
const LETTER_R = 0x72;
const LETTER_W = 0x77;
const HEADER = /^timestamp,hostname/i;

/** Windows file times are 100 ns steps since 1601: too many for a float, so times count from the first record. */
class MsrScanner {
  private firstLow = 0;
  private firstHigh = -1;
  private readonly hosts = new Map<string, number>();
  private headerPossible = true;

  readonly scan: LineScanner = (cursor, batch) => {
    const header = this.headerPossible && HEADER.test(cursor.text());
    this.headerPossible = false;
    if (header || cursor.blank) cursor.skipLine();
    else this.record(cursor, batch);
  };

  private record(cursor: Cursor, batch: RequestBatch): void {
    const time = this.time(cursor);
    cursor.comma();
    const host = this.host(cursor);
    cursor.comma();
    const disk = cursor.number('the number of a disk');
    if (disk >= DISKS) cursor.wrong(`a disk below ${DISKS}`);
    cursor.comma();
    const write = cursor.readOrWrite(LETTER_R, LETTER_W, 'Read or Write');
    cursor.at = cursor.tokenEnd();
    cursor.comma();
    cursor.id('an offset in bytes');
    const { low, high } = cursor;
    cursor.comma();
    const size = cursor.number('a size in bytes');
    cursor.comma();
    cursor.number('a response time');
    batch.volume[batch.length] = host * DISKS + disk;
    batch.add(low, high, size, write, time);
    cursor.endLine();
  }

  private time(cursor: Cursor): number {
    cursor.id('a time in steps of 100 ns');
    if (this.firstHigh < 0) {
      this.firstLow = cursor.low;
      this.firstHigh = cursor.high;
    }
    const steps = (cursor.high - this.firstHigh) * 2 ** 32 + (cursor.low - this.firstLow);
    return Math.floor(steps / 10);
  }

  private host(cursor: Cursor): number {
    const end = cursor.tokenEnd();
    const name = Buffer.from(cursor.bytes.subarray(cursor.at, end)).toString('latin1');
    if (name === '') cursor.wrong('the name of a host');
    cursor.at = end;
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = this.hosts.size;
      if (host >= MAX_HOSTS) cursor.fail(`more than ${MAX_HOSTS} hosts`);
      this.hosts.set(name, host);
    }
    return host;
  }
}

export const msr: RequestReader = {
  name: 'msr',
  summary: 'MSR Cambridge: time (100 ns),host,disk,Read|Write,offset,size,response time; ids are bytes',
  extensions: ['.msr', '.csv'],
  source:
    'Narayanan, Donnelly and Rowstron, Write off-loading (FAST 2008); https://iotta.snia.org/traces/block-io/388',
  kind: 'block',
  idBytes: 1,
  timed: true,
  detect: (head) =>
    linesMatch(head, /^(timestamp,hostname.*|\d+,[^,]+,\d+,(read|write|r|w),\d+,\d+,\d+)\s*$/i)
      ? FIT.certain
      : FIT.none,
  read: (bytes, file) => readLines(bytes, file, new MsrScanner().scan),
};
