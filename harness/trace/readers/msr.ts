import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import { FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

/** Disks a host may have: host and disk are one number. */
const DISKS = 1 << 12;
const MAX_HOSTS = 2 ** 31 / DISKS;
const LETTER_R = 0x72;
const LETTER_W = 0x77;
const READ_LETTERS = 'Read'.length;
const WRITE_LETTERS = 'Write'.length;
const HEADER = /^timestamp,hostname/i;

/** Windows file times are 100 ns steps since 1601: too many for a float, so times count from the first record. */
class MsrScanner {
  private firstLow = 0;
  private firstHigh = -1;
  private readonly hosts = new Map<string, number>();
  private lastName: Uint8Array = new Uint8Array(0);
  private lastHost = 0;
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
    const end = cursor.tokenEnd();
    const letters = end - cursor.at + 1;
    if (letters !== 1 && letters !== (write === 1 ? WRITE_LETTERS : READ_LETTERS)) {
      cursor.at--;
      cursor.wrong('Read or Write');
    }
    cursor.at = end;
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

  /** Nearly all records are of the host of the record before. */
  private host(cursor: Cursor): number {
    const { bytes, at } = cursor;
    const { lastName } = this;
    let same = 0;
    while (same < lastName.length && bytes[at + same] === lastName[same]) same++;
    if (same === lastName.length && bytes[at + same] === BYTE.comma && same > 0) {
      cursor.at = at + same;
      return this.lastHost;
    }
    const end = cursor.tokenEnd();
    if (end === at) cursor.wrong('the name of a host');
    this.lastName = bytes.slice(at, end);
    const name = Buffer.from(this.lastName).toString('latin1');
    this.lastHost = this.hosts.get(name) ?? this.hosts.size;
    if (this.lastHost >= MAX_HOSTS) cursor.fail(`more than ${MAX_HOSTS} hosts`);
    this.hosts.set(name, this.lastHost);
    cursor.at = end;
    return this.lastHost;
  }
}

export const msr: RequestReader = {
  yields: 'requests',
  name: 'msr',
  summary:
    'MSR Cambridge: time,host,disk,Read|Write,offset,size,response, time in 100 ns; a header may come first',
  extensions: ['.msr', '.csv'],
  source:
    'Narayanan, Donnelly and Rowstron, Write off-loading (FAST 2008); https://iotta.snia.org/traces/block-io/388',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: 1,
  timed: true,
  detect: (head) =>
    detectLines(
      head,
      /^(timestamp,hostname.*|\d+,[^,]+,\d+,(read|write|r|w),\d+,\d+,\d+)\s*$/i,
      FIT.certain,
      new MsrScanner().scan,
    ),
  read: (input) => readLines(input, new MsrScanner().scan),
};
