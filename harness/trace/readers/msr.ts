import type { RequestBatch } from '../requests/batch.js';
import { BYTE } from '../text/fields.js';
import type { LineAccount } from './account.js';
import { FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

/** Disks a host may have: host and disk are one number. */
const DISKS = 1 << 12;
const MAX_HOSTS = 2 ** 31 / DISKS;
const READ = Buffer.from('Read');
const WRITE = Buffer.from('Write');
const HEADER = /^timestamp\s*,\s*hostname/i;
const LINE =
  /^(timestamp\s*,\s*hostname.*|\d+\s*,[^,]+,\s*\d+\s*,\s*[a-z]+\s*,\s*\d+\s*,\s*\d+\s*,\s*\d+(\.\d*)?)\s*$/i;

/** Whether a word and a comma are at a place. */
function isWord(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return bytes[at + word.length] === BYTE.comma;
}

/** Windows file times are 100 ns steps since 1601: too many for a float, so times count from the first record. */
class MsrScanner {
  private firstLow = 0;
  private firstHigh = -1;
  private readonly hosts = new Map<string, number>();
  private lastName: Uint8Array = new Uint8Array(0);
  private lastHost = 0;
  private headerPossible = true;

  readonly scan: LineScanner = (cursor, batch, account) => {
    const header = this.headerPossible && HEADER.test(cursor.text());
    this.headerPossible = false;
    if (header) account.join();
    if (header || cursor.blank) cursor.skipLine();
    else this.record(cursor, batch, account);
  };

  private record(cursor: Cursor, batch: RequestBatch, account: LineAccount): void {
    const time = this.time(cursor);
    cursor.comma();
    const host = this.host(cursor);
    cursor.comma();
    const disk = cursor.number('the number of a disk');
    if (disk >= DISKS) cursor.wrong(`a disk below ${DISKS}`);
    cursor.comma();
    const write = this.operation(cursor);
    cursor.comma();
    cursor.id('an offset in bytes');
    const { low, high } = cursor;
    cursor.comma();
    const size = cursor.number('a size in bytes');
    cursor.comma();
    cursor.seconds('a response time');
    cursor.endLine();
    if (typeof write === 'string') {
      account.leave(write);
      return;
    }
    batch.volume[batch.length] = host * DISKS + disk;
    batch.add(low, high, size, write, time);
  }

  /** As `Cursor.operation`; nearly all are the words Read and Write, which are not made a text. */
  private operation(cursor: Cursor): 0 | 1 | string {
    const { bytes, at } = cursor;
    if (isWord(bytes, at, READ)) {
      cursor.at = at + READ.length;
      return 0;
    }
    if (isWord(bytes, at, WRITE)) {
      cursor.at = at + WRITE.length;
      return 1;
    }
    return cursor.operation('an operation, as Read or Write');
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
    'MSR Cambridge: time,host,disk,Read|Write,offset,size,response, time in 100 ns; a header may come first, other operations are left out',
  extensions: ['.msr', '.csv'],
  source:
    'Narayanan, Donnelly and Rowstron, Write off-loading (FAST 2008); https://iotta.snia.org/traces/block-io/388',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: 1,
  timed: true,
  detect: (head) => detectLines(head, LINE, FIT.certain, new MsrScanner().scan),
  read: (input) => readLines(input, new MsrScanner().scan),
};
