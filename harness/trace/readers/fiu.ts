import { BYTE } from '../text/fields.js';
import { LineAccount } from './account.js';
import { FIT, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const READ = 0x52;
const WRITE = 0x57;
const MINOR_BITS = 20;
const MAX_MAJOR = 1 << (31 - MINOR_BITS);
const SECTOR_BYTES = 512;
const NS_PER_US = 1000;
const LINE = /^\d+[ \t]+\d+[ \t]+\S.*[ \t]+\d+[ \t]+\d+[ \t]+[A-Z]+[ \t]+\d+[ \t]+\d+([ \t]+\S+)*\s*$/;

function isDigit(byte: number): boolean {
  return byte >= BYTE.zero && byte <= BYTE.zero + 9;
}

/** Nanoseconds since 1970 are too many for a float, so times count from the first record. */
class FiuScanner {
  private firstLow = -1;
  private firstHigh = 0;

  constructor(private readonly account: LineAccount) {}

  readonly scan: LineScanner = (cursor, batch) => {
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    const time = this.time(cursor);
    cursor.gap('a space and a process');
    cursor.number('the number of a process');
    this.skipName(cursor);
    cursor.id('a sector');
    const { low, high } = cursor;
    cursor.gap('a space and a number of sectors');
    const size = cursor.number('a number of sectors') * SECTOR_BYTES;
    cursor.gap('a space and R or W');
    const op = cursor.byte;
    const end = cursor.wordEnd();
    const isRequest = (op === READ || op === WRITE) && end === cursor.at + 1;
    if (end === cursor.at) cursor.wrong('R or W');
    const reason = isRequest ? '' : `requests of operation ${cursor.word()}, expected R or W`;
    cursor.at = end;
    const volume = this.device(cursor);
    if (isRequest) {
      batch.volume[batch.length] = volume;
      batch.add(low, high, size, op === WRITE ? 1 : 0, time);
    } else this.account.leave(reason);
    // Sums of the contents may follow.
    cursor.skipLine();
  };

  private time(cursor: Cursor): number {
    cursor.id('a time in nanoseconds');
    if (this.firstLow < 0) {
      this.firstLow = cursor.low;
      this.firstHigh = cursor.high;
    }
    const ns = (cursor.high - this.firstHigh) * 2 ** 32 + (cursor.low - this.firstLow);
    return Math.floor(ns / NS_PER_US);
  }

  /** Moves over the name of a process, which may have spaces, to the number after it. */
  private skipName(cursor: Cursor): void {
    cursor.gap('a space and the name of a process');
    do {
      const end = cursor.wordEnd();
      if (end === cursor.at) cursor.wrong('the name of a process and a sector');
      cursor.at = end;
      cursor.gap('a space and a sector');
    } while (!isDigit(cursor.byte));
  }

  private device(cursor: Cursor): number {
    cursor.gap('a space and a major number');
    const major = cursor.number('a major number');
    if (major >= MAX_MAJOR) cursor.wrong(`a major number below ${MAX_MAJOR}`);
    cursor.gap('a space and a minor number');
    const minor = cursor.number('a minor number');
    if (minor >= 1 << MINOR_BITS) cursor.wrong(`a minor number below ${1 << MINOR_BITS}`);
    return (major << MINOR_BITS) | minor;
  }
}

export const fiu: RequestReader = {
  yields: 'requests',
  name: 'fiu',
  summary:
    'FIU: TIME PID PROCESS SECTOR SECTORS R|W MAJOR MINOR MD5, time in ns, sectors of 512 bytes; what follows the device is not needed',
  extensions: ['.blkparse', '.fiu'],
  source: 'Koller and Rangaswami, I/O Deduplication (FAST 2010); https://iotta.snia.org/traces/block-io/390',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: 512,
  timed: true,
  detect: (head) => detectLines(head, LINE, FIT.certain, new FiuScanner(new LineAccount()).scan),
  read: (input) => readLines(input, new FiuScanner(input.account).scan),
};
