import { PAGE_BYTES } from '../../base/page.js';
import { BATCH_CAPACITY } from '../requests/batch.js';
import { FIT, type RequestReader } from './reader.js';
import { detectLines, type LineScanner, readLines } from './scan/lines.js';

const LETTER = { instruction: 0x69, read: 0x72, write: 0x77 } as const;

/** A run is a request for each of its accesses: policies that count them see all. */
class RunScanner {
  /** Accesses of the line at hand that are in batches already. */
  private done = 0;

  readonly scan: LineScanner = (cursor, batch) => {
    if (cursor.blank) {
      cursor.skipLine();
      return;
    }
    const letter = cursor.byte;
    const write = letter === LETTER.write ? 1 : 0;
    if (!write && letter !== LETTER.instruction && letter !== LETTER.read) cursor.wrong('i, r or w');
    cursor.at++;
    cursor.hexId('a hexadecimal page number');
    const { low, high } = cursor;
    cursor.gap('a space and a number of accesses');
    const count = cursor.number('a number of accesses');
    batch.reserve(BATCH_CAPACITY);
    const until = Math.min(count, this.done + BATCH_CAPACITY - batch.length);
    for (; this.done < until; this.done++) batch.add(low, high, 0, write, 0);
    if (this.done < count) {
      cursor.rewind();
      return;
    }
    this.done = 0;
    cursor.endLine();
  };
}

export const lackeyRun: RequestReader = {
  yields: 'requests',
  name: 'lackey-run',
  summary:
    'lackey, reduced while it runs: i|r|w and a page in hexadecimal, then the number of accesses to it that follow each other; each counts',
  extensions: ['.run'],
  source: 'harness/trace/readers/README.md',
  parameters: {},
  sides: {},
  kind: 'memory',
  idBytes: PAGE_BYTES,
  timed: false,
  detect: (head) => detectLines(head, /^[irw][0-9a-f]+ \d+\s*$/, FIT.certain, new RunScanner().scan),
  read: (input) => readLines(input, new RunScanner().scan),
};
