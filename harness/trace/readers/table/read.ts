import type { RequestBatch } from '../../requests/batch.js';
import { LineAccount } from '../account.js';
import type { Detection, Fit, ReaderInput } from '../reader.js';
import { detectLines, readLines } from '../scan/lines.js';
import type { Layout } from './layout.js';
import { TableScanner } from './scanner.js';

/**
 * Reads the lines of a table, and says in its account what was assumed.
 *
 * @throws InputError with the line and column of what is wrong
 */
export async function* readTable(input: ReaderInput, layout: Layout): AsyncGenerator<RequestBatch> {
  const scanner = new TableScanner(layout, input.account);
  yield* readLines(input, scanner.scan);
  scanner.remark();
}

/** Detects a format of fixed columns. @param form what each of the first lines must match */
export function detectTable(head: Uint8Array, form: RegExp, fit: Exclude<Fit, 0>, layout: Layout): Detection {
  return detectLines(head, form, fit, new TableScanner(layout, new LineAccount()).scan);
}
