import { InputError } from '../../../base/errors.js';
import { RequestBatch } from '../../requests/batch.js';
import { BYTE } from '../../text/format.js';
import { Cursor } from './cursor.js';

/** A line of any format is shorter: more without a line end is no text. */
const MAX_LINE_BYTES = 1 << 20;

/**
 * Reads one line into a batch that has room for a request, and moves the cursor behind its end. A line of more requests
 * than there is room for is read again, from where it left off.
 */
export type LineScanner = (cursor: Cursor, batch: RequestBatch) => void;

/** Cuts bytes behind line ends; gives the last line one where it has none. @throws InputError where lines have no end */
export async function* wholeLines(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of bytes) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = joined.lastIndexOf(BYTE.lf) + 1;
    // Copied: a stream may use its buffer again.
    rest = joined.slice(end);
    if (rest.length > MAX_LINE_BYTES)
      throw new InputError(`a line of more than ${MAX_LINE_BYTES} bytes, expected text`, { file });
    if (end > 0) yield joined.subarray(0, end);
  }
  if (rest.length > 0) yield Buffer.concat([rest, Uint8Array.of(BYTE.lf)]);
}

/**
 * Reads requests from lines of text.
 *
 * @throws InputError with the line and column of what is wrong, or where there is no request at all
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  scan: LineScanner,
): AsyncGenerator<RequestBatch> {
  const cursor = new Cursor(file);
  const batch = new RequestBatch();
  let requests = 0;
  for await (const lines of wholeLines(bytes, file)) {
    cursor.load(lines);
    while (cursor.more) {
      scan(cursor, batch);
      if (!batch.full) continue;
      requests += batch.length;
      yield batch;
      batch.length = 0;
    }
  }
  requests += batch.length;
  if (requests === 0) throw new InputError('no requests in this file, expected at least one', { file });
  if (batch.length > 0) yield batch;
}

/** Lines looked at to tell a format. */
const LOOKED_AT = 50;

/** The whole lines at the start of a file, without line ends, empty lines and comments (`#`); none where it is no text. */
export function firstLines(head: Uint8Array): string[] {
  if (head.includes(0)) return [];
  const lines = Buffer.from(head).toString('latin1').split(/\r?\n/);
  if (lines.length > 1 && head.length >= 1 << 16) lines.pop();
  return lines.filter((line) => line !== '' && !line.startsWith('#')).slice(0, LOOKED_AT);
}

/** Whether all the first lines have a form, and there are some. */
export function linesMatch(head: Uint8Array, form: RegExp): boolean {
  const lines = firstLines(head);
  return lines.length > 0 && lines.every((line) => form.test(line));
}
