import { BYTE } from '../text/fields.js';
import { LineAccount } from './account.js';
import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { detectLines, headLines, type LineScanner, readLines } from './scan/lines.js';

/** Devices are one number: the major number is above these bits. */
const MINOR_BITS = 20;
const MAX_MAJOR = 1 << (31 - MINOR_BITS);
const PLUS = 0x2b;
const OPEN_BRACKET = 0x5b;
const OPEN_PARENTHESIS = 0x28;

const COMPLETED = 0x43;
const READ = 0x52;
const WRITE = 0x57;
const DISCARD = 0x44;
/** The line of an event: device, CPU, sequence number, time, process, action. */
const EVENT = /^\s*\d+,\d+\s+\d+\s+\d+\s+\d+\.\d+\s+\d+\s+[A-Za-z]+\s/;
/** What blkparse prints below the events, and what it says of the traces that it reads. */
const SUMMARY = /^(CPU\d+ \(|Total \(|Events \(|Throughput |Skips: |Input file | .*:\s)/;
const SECTOR_BYTES = 512;

function isDigit(byte: number): boolean {
  return byte >= BYTE.zero && byte <= BYTE.zero + 9;
}

/** Reads the events of one action. */
class BlkparseScanner {
  private readonly action: number;
  /** Why lines of other actions are left out, by the byte of the action. */
  private readonly others: string[] = [];

  constructor(
    action: string,
    private readonly account: LineAccount,
  ) {
    this.action = action.charCodeAt(0);
  }

  readonly scan: LineScanner = (cursor, batch) => {
    cursor.blanks();
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    if (!isDigit(cursor.byte)) {
      this.leave(cursor, 'lines of the summary');
      return;
    }
    const volume = this.device(cursor);
    cursor.gap('a space and a CPU');
    cursor.number('a CPU');
    cursor.gap('a space and a sequence number');
    cursor.number('a sequence number');
    cursor.gap('a space and a time in seconds');
    const time = cursor.seconds('a time in seconds');
    cursor.gap('a space and a process');
    cursor.number('a process');
    cursor.gap('a space and an action');
    const action = cursor.byte;
    const isWanted = action === this.action && cursor.wordEnd() === cursor.at + 1;
    if (!isWanted) {
      this.leave(cursor, this.otherAction(cursor));
      return;
    }
    cursor.at++;
    cursor.gap('a space and what is done, as R or WS');
    const write = this.direction(cursor);
    if (typeof write === 'string') {
      this.leave(cursor, write);
      return;
    }
    cursor.gap('a space and a sector');
    if (cursor.byte === OPEN_BRACKET) {
      this.leave(cursor, 'requests without sectors (flushes)');
      return;
    }
    cursor.id('a sector');
    const { low, high } = cursor;
    cursor.gap('a space and "+ SECTORS"');
    if (cursor.bytes[cursor.at] === OPEN_PARENTHESIS) {
      this.leave(cursor, 'commands of devices (with a payload)');
      return;
    }
    cursor.expect(PLUS, '"+ SECTORS"');
    cursor.gap('a space and a number of sectors');
    const size = cursor.number('a number of sectors') * SECTOR_BYTES;
    if (cursor.byte !== BYTE.lf && cursor.byte !== BYTE.cr) cursor.gap('a space and a process in brackets');
    if (this.action === COMPLETED && this.failed(cursor)) {
      this.leave(cursor, 'requests that failed');
      return;
    }
    batch.volume[batch.length] = volume;
    batch.add(low, high, size, write, time);
    cursor.skipLine();
  };

  /** `MAJOR,MINOR`. */
  private device(cursor: Cursor): number {
    const major = cursor.number('a device, as in 8,0');
    if (major >= MAX_MAJOR) cursor.wrong(`a major number below ${MAX_MAJOR}`);
    cursor.expect(BYTE.comma, 'a comma and a minor number');
    const minor = cursor.number('a minor number');
    if (minor >= 1 << MINOR_BITS) cursor.wrong(`a minor number below ${1 << MINOR_BITS}`);
    return (major << MINOR_BITS) | minor;
  }

  /** What the letters of RWBS say, or why it is no request; moves past them. */
  private direction(cursor: Cursor): 0 | 1 | string {
    const { bytes } = cursor;
    const end = cursor.wordEnd();
    let found: 0 | 1 | string | undefined;
    for (let at = cursor.at; at < end; at++) {
      const letter = bytes[at];
      if (letter === DISCARD) found = 'discards';
      else if (letter === WRITE) found ??= 1;
      else if (letter === READ) found ??= 0;
    }
    const letters = () => Buffer.from(bytes.subarray(cursor.at, end)).toString('latin1');
    found ??= `requests that neither read nor write (${letters()})`;
    cursor.at = end;
    return found;
  }

  /** Whether the error in brackets that ends the line of a completed request is not 0. */
  private failed(cursor: Cursor): boolean {
    const end = cursor.bytes.indexOf(BYTE.lf, cursor.at);
    const bracket = cursor.bytes.indexOf(OPEN_BRACKET, cursor.at);
    return bracket >= 0 && bracket < end && cursor.bytes[bracket + 1] !== BYTE.zero;
  }

  private otherAction(cursor: Cursor): string {
    const { byte } = cursor;
    const end = cursor.wordEnd();
    if (end === cursor.at) cursor.wrong('an action, as Q or C');
    if (end > cursor.at + 1) return `events of action ${cursor.word()}`;
    this.others[byte] ??= `events of action ${String.fromCharCode(byte)}`;
    return this.others[byte];
  }

  private leave(cursor: Cursor, reason: string): void {
    this.account.leave(reason);
    cursor.skipLine();
  }
}

/** Lines that are no events are of the summary, so that one event at least must be there. */
function detect(head: Uint8Array): Detection {
  const [first] = headLines(head);
  if (first && !headLines(head).some(({ text }) => EVENT.test(text)))
    return misfit(
      `line ${first.number} and those below it are no events of blkparse, as in 8,0 3 1 0.000000000 697 Q W 8 + 8`,
    );
  return detectLines(head, EVENT, FIT.certain, new BlkparseScanner('Q', new LineAccount()).scan, SUMMARY);
}

export const blkparse: RequestReader = {
  yields: 'requests',
  name: 'blkparse',
  summary:
    'blkparse, its default output: MAJOR,MINOR CPU SEQUENCE TIME PID ACTION RWBS SECTOR + SECTORS [PROCESS]; the events of one action are the requests, discards are left out',
  extensions: ['.blkparse', '.blktrace.txt'],
  source: 'https://man7.org/linux/man-pages/man1/blkparse.1.html, DEFAULT OUTPUT',
  parameters: {
    action: {
      kind: 'choice',
      default: 'Q',
      choices: ['Q', 'D', 'C', 'I'],
      meaning:
        'events that are the requests: queued, issued to the driver, completed, or inserted into the scheduler',
    },
  },
  sides: {},
  kind: 'block',
  idBytes: 512,
  timed: true,
  detect,
  read: (input) => readLines(input, new BlkparseScanner(String(input.values.action), input.account).scan),
};
