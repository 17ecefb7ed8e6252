import type { RequestBatch } from '../../requests/batch.js';
import type { ReaderInput } from '../reader.js';
import { readLines } from '../scan/lines.js';
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
