import { createHash } from 'node:crypto';
import { InputError } from '../base/errors.js';
import type { EventBlock } from './block.js';
import { PageBudget } from './page-budget.js';
import { TextFormatter } from './text/formatter.js';
import { TextScanner } from './text/scanner.js';
import type { Trace } from './trace.js';

/** What the index of a binary trace says, and what its blocks hold. */
interface Counted {
  events: number;
  firstTimeUs: number;
  lastTimeUs: number;
}

/** Compares events as they were decoded with the same events read from their text form. */
class Comparison {
  private readonly decoded: EventBlock[] = [];
  private row = 0;

  constructor(private readonly trace: Trace) {}

  add(block: EventBlock): void {
    this.decoded.push(block);
  }

  /** @throws InputError for an event whose columns hold more than its text form says */
  next(scanned: EventBlock): void {
    for (let i = 0; i < scanned.length; i++) {
      if (this.row === this.decoded[0]!.length) {
        this.decoded.shift();
        this.row = 0;
      }
      const block = this.decoded[0]!;
      const place = this.trace.place(block, this.row);
      if (place.line !== scanned.firstLine + i)
        throw new InputError(
          `the event is on line ${scanned.firstLine + i} of the text form, expected it there`,
          place,
        );
      if (!equal(block, this.row, scanned, i))
        throw new InputError(
          'the event has values in fields that it does not have, expected 0 there: convert the trace again',
          place,
        );
      this.row++;
    }
  }
}

/** Whether two events have the same columns; texts are equal where their text forms are. */
function equal(a: EventBlock, i: number, b: EventBlock, j: number): boolean {
  return (
    a.time[i] === b.time[j] &&
    a.op[i] === b.op[j] &&
    a.space[i] === b.space[j] &&
    a.page[i] === b.page[j] &&
    a.count[i] === b.count[j] &&
    a.thread[i] === b.thread[j] &&
    a.content[i] === b.content[j] &&
    a.fields[i] === b.fields[j]
  );
}

function checkTotals({ name, totals }: Trace, counted: Counted): void {
  for (const key of ['events', 'firstTimeUs', 'lastTimeUs'] as const)
    if (totals[key] !== counted[key])
      throw new InputError(
        `its index says ${key} ${totals[key]}, and its events ${counted[key]}; expected the same`,
        {
          file: name,
        },
      );
}

/**
 * Checks a binary trace from outside: a checksum says that nothing was damaged, and nothing of whether the writer
 * was right. Its metadata and events are written as text and read again, so that what is wrong there is wrong here, in the
 * same words; the hash that it has of its text form must be that text's.
 *
 * @throws InputError with the line in the text form
 */
export async function verifyTrace(trace: Trace): Promise<void> {
  const { name, meta, strings, totals } = trace;
  const formatter = new TextFormatter(strings);
  const scanner = new TextScanner(name);
  const comparison = new Comparison(trace);
  const hash = createHash('sha256');
  const budget = new PageBudget();
  const counted: Counted = { events: 0, firstTimeUs: 0, lastTimeUs: 0 };
  const take = (text: Uint8Array) => {
    hash.update(text);
    for (const scanned of scanner.push(text)) comparison.next(scanned);
  };
  take(formatter.header(meta));
  for await (const block of trace.blocks()) {
    if (counted.events === 0) counted.firstTimeUs = block.time[0]!;
    counted.events += block.length;
    counted.lastTimeUs = block.time[block.length - 1]!;
    budget.takeBlock(block, strings, name);
    comparison.add(block);
    take(formatter.block(block));
  }
  for (const scanned of scanner.end()) comparison.next(scanned);
  checkTotals(trace, counted);
  const sha256 = hash.digest('hex');
  if (sha256 !== totals.sha256)
    throw new InputError(
      `it says that the SHA-256 of its text form is ${totals.sha256}, and it is ${sha256}: it was edited, or converted by an earlier version; convert it again from its text`,
      { file: name },
    );
}
