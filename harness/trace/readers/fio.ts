import type { LineAccount } from './account.js';
import { type Detection, FIT, misfit, type RequestReader } from './reader.js';
import type { Cursor } from './scan/cursor.js';
import { headLines, type LineScanner, noLines, readLines } from './scan/lines.js';

const READ = Buffer.from('read ');
const WRITE = Buffer.from('write ');
const HEADER = /^fio version (\d+) iolog\s*$/;
/** Lines that only manage files. */
const MANAGEMENT = new Set(['add', 'open', 'close']);
/** Lines that are no access. */
const OTHERS: Readonly<Record<string, string>> = {
  sync: 'syncs',
  datasync: 'syncs',
  sync_file_range: 'syncs',
  trim: 'discards (trim)',
};

function startsWith({ bytes, at }: Cursor, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}

/** Reads lines of version 2 or 3, once the first one has shown which. */
class FioScanner {
  private version = 0;
  private nowUs = 0;
  private readonly files = new Map<string, number>();
  private lastName: Uint8Array = new Uint8Array(0);
  private lastFile = 0;

  constructor(private readonly account: LineAccount) {}

  readonly scan: LineScanner = (cursor, batch) => {
    if (this.version === 0) {
      this.header(cursor);
      return;
    }
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    if (this.version === 3) {
      this.nowUs = cursor.number('a time in microseconds');
      cursor.gap('a space and a file');
    }
    const file = this.file(cursor);
    cursor.gap('a space and an action');
    const action = this.action(cursor);
    if (action !== 0 && action !== 1) {
      this.other(cursor, action);
      return;
    }
    cursor.gap('a space and an offset in bytes');
    cursor.id('an offset in bytes');
    const { low, high } = cursor;
    cursor.gap('a space and a length in bytes');
    const size = cursor.number('a length in bytes');
    cursor.blanks();
    batch.volume[batch.length] = file;
    batch.add(low, high, size, action, this.nowUs);
    cursor.endLine();
    // Version 2 has no times but what was waited in between: a request is a microsecond.
    if (this.version === 2) this.nowUs++;
  };

  private header(cursor: Cursor): void {
    const version = HEADER.exec(cursor.text())?.[1];
    if (version !== '2' && version !== '3')
      cursor.fail('the first line is wrong, expected "fio version 2 iolog" or "fio version 3 iolog"');
    this.version = Number(version);
    this.account.join();
    if (version === '2')
      this.account.remark(
        'file of version 2, which has no times: a request is a microsecond, waits are added',
      );
    cursor.skipLine();
  }

  /** The number of the file that the token at hand names: nearly always that of the line before. */
  private file(cursor: Cursor): number {
    const { bytes, at } = cursor;
    const { lastName } = this;
    let same = 0;
    while (same < lastName.length && bytes[at + same] === lastName[same]) same++;
    const end = cursor.wordEnd();
    if (end === at) cursor.wrong('the name of a file');
    if (same < lastName.length || end !== at + same || same === 0) {
      this.lastName = bytes.slice(at, end);
      const name = Buffer.from(this.lastName).toString('latin1');
      this.lastFile = this.files.get(name) ?? this.files.size;
      this.files.set(name, this.lastFile);
    }
    cursor.at = end;
    return this.lastFile;
  }

  /** 0 for a read, 1 for a write, else what the action is called; moves past it. */
  private action(cursor: Cursor): 0 | 1 | string {
    const isRead = startsWith(cursor, READ);
    if (!isRead && !startsWith(cursor, WRITE)) return cursor.word();
    cursor.at = cursor.wordEnd();
    return isRead ? 0 : 1;
  }

  /** A line that is no access. */
  private other(cursor: Cursor, action: string): void {
    if (MANAGEMENT.has(action)) this.account.join();
    else if (action === 'wait') this.wait(cursor, action);
    else if (Object.hasOwn(OTHERS, action)) this.account.leave(OTHERS[action]!);
    else cursor.wrong('read, write, trim, sync, datasync, wait, add, open or close');
    cursor.skipLine();
  }

  private wait(cursor: Cursor, action: string): void {
    cursor.at += action.length;
    cursor.gap('a space and a time in microseconds');
    this.nowUs += cursor.number('a time in microseconds');
    this.account.join();
  }
}

function detect(head: Uint8Array): Detection {
  const [first] = headLines(head);
  if (!first) return noLines(head);
  return HEADER.test(first.text)
    ? { fit: FIT.certain }
    : misfit(`line ${first.number} is not "fio version 2 iolog" or "fio version 3 iolog"`);
}

export const fio: RequestReader = {
  yields: 'requests',
  name: 'fio',
  summary:
    'fio --write_iolog, versions 2 and 3: [TIME] FILE read|write OFFSET LENGTH, time in µs; waits are times of version 2, syncs and trims are left out',
  extensions: ['.iolog', '.fio'],
  source: 'https://fio.readthedocs.io/en/latest/fio_doc.html, Trace file format',
  parameters: {},
  sides: {},
  kind: 'block',
  idBytes: 1,
  timed: true,
  detect,
  read: (input) => readLines(input, new FioScanner(input.account).scan),
};
