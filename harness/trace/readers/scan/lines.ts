import { InputError } from '../../../base/errors.js';
import { BATCH_CAPACITY, RequestBatch } from '../../requests/batch.js';
import { BYTE, MAX_LINE_BYTES } from '../../text/fields.js';
import { LineAccount } from '../account.js';
import {
  type Detection,
  type Fit,
  type InputFile,
  type Misfit,
  misfit,
  type RequestInput,
} from '../reader.js';
import { Cursor } from './cursor.js';
import { foreignText, withoutMark } from './encoding.js';
import { takeLine } from './pages.js';

/**
 * Reads one line into a batch that has room for a request, and moves the cursor past its end. A line of more requests
 * than there is room for is read again, from where it left off: such a scan adds a request, or it moves on.
 *
 * @param account counts a line without a request, where it is not empty or a comment
 */
export type LineScanner = (cursor: Cursor, batch: RequestBatch, account: LineAccount) => void;

/**
 * Cuts bytes after line ends; the last line is ended where it is not. A byte order mark of UTF-8 is left out.
 *
 * @throws InputError where lines have no end, or for text in another encoding
 */
export async function* wholeLines({ file, bytes }: InputFile): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  let first = true;
  const start = (text: Uint8Array): Uint8Array => {
    if (!first) return text;
    first = false;
    const foreign = foreignText(text);
    if (foreign !== undefined) throw new InputError(foreign, { file });
    return withoutMark(text);
  };
  for await (const chunk of bytes) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = joined.lastIndexOf(BYTE.lf) + 1;
    // Copied: a reader may use its buffer again.
    rest = new Uint8Array(joined.subarray(end));
    if (rest.length > MAX_LINE_BYTES)
      throw new InputError(
        (first ? foreignText(rest) : undefined) ??
          `a line of more than ${MAX_LINE_BYTES} bytes, expected text`,
        { file },
      );
    if (end > 0) yield start(joined.subarray(0, end));
  }
  if (rest.length > 0) yield Buffer.concat([start(rest), Uint8Array.of(BYTE.lf)]);
}

/** The shortest line of a request: a character and the line feed. Scanners of lines that stand for many make room themselves. */
const LEAST_BYTES = 2;

/** What a line without a request is, where its scanner has not counted it for another reason. */
export const NO_REQUEST = 'empty lines and comments';

/** The error where no line is a request: what they are. */
function noRequests({ account, file }: InputFile): InputError {
  const left = account.leftOut.map(([what, lines]) => `${what} (${lines})`).join(', ');
  return new InputError(
    `no requests in this file, expected at least one${left === '' ? '' : `; left out: ${left}`}`,
    { file },
  );
}

/**
 * Reads requests from lines of text, and counts each line once: as used where it has requests, and else as the scanner
 * has counted it, or as empty or a comment.
 *
 * @throws InputError with the line and column of what is wrong, for a line of too many pages, or where there is no request at all
 */
export async function* readLines(input: RequestInput, scan: LineScanner): AsyncGenerator<RequestBatch> {
  const { account, file, pages } = input;
  const cursor = new Cursor(file);
  // Files of a few lines need no room for a full batch, which takes longer to zero than they to read.
  const batch = new RequestBatch(0);
  const counted = account.total;
  let requests = 0;
  for await (const chunk of wholeLines(input)) {
    cursor.load(chunk);
    const end = chunk.length;
    let { length } = batch;
    batch.reserve(length + Math.ceil(end / LEAST_BYTES));
    let { total } = account;
    while (cursor.at < end) {
      const { lines } = cursor;
      scan(cursor, batch, account);
      const before = length;
      ({ length } = batch);
      if (length > before) {
        if (pages !== undefined) takeLine(pages, batch, before, file, lines + 1);
      } else {
        // A line is counted by its scanner or has requests, never both.
        if (account.total === total) account.leave(NO_REQUEST);
        ({ total } = account);
      }
      if (length < BATCH_CAPACITY) continue;
      requests += length;
      yield batch;
      length = 0;
      batch.length = 0;
    }
    // All others have requests. They are counted together: a plain line takes some 20 ns.
    account.use(cursor.lines - (account.total - counted));
  }
  requests += batch.length;
  if (requests === 0) throw noRequests(input);
  if (batch.length > 0) yield batch;
}

/** Lines looked at to tell a format. */
const LOOKED_AT = 50;
/** A head of this many bytes may end within a line. */
const WHOLE_HEAD = 1 << 16;

/** A line at the start of a file; `number` counts from 1. */
export interface HeadLine {
  readonly number: number;
  readonly text: string;
  /** The byte that it starts at. */
  readonly start: number;
}

/**
 * The first whole lines of a text, without line ends, empty lines and comments (`#`); none where it is not text.
 *
 * @param cut whether the last one may be cut short where there are fewer than two others
 */
export function headLines(head: Uint8Array, cut = false): HeadLine[] {
  if (head.includes(0) || foreignText(head) !== undefined) return [];
  const mark = head.length - withoutMark(head).length;
  const text = Buffer.from(head).toString('latin1');
  const last = text.lastIndexOf('\n');
  const isCut = last >= 0 && head.length >= WHOLE_HEAD && !(cut && text.indexOf('\n') === last);
  const whole = isCut ? last : text.length;
  const lines: HeadLine[] = [];
  // Every reader looks at a head, so that no more of it is split than is looked at.
  for (let start = mark, number = 1; start <= whole && lines.length < LOOKED_AT; number++) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, '');
    if (line.trim() !== '' && !line.startsWith('#')) lines.push({ number, text: line, start });
    start = end < 0 ? text.length + 1 : end + 1;
  }
  return lines;
}

/** Why a file without lines is not of a format of lines. */
export function noLines(head: Uint8Array): Misfit {
  return misfit(
    foreignText(head) ?? (head.includes(0) ? 'this is binary, expected text' : 'there are only comments'),
  );
}

/** The batch that scans of heads fill; nothing reads it. */
let scratch: RequestBatch | undefined;

/** What a scanner says of the first lines of a text that it cannot read; undefined where it reads them. */
export function scanError(head: Uint8Array, scan: LineScanner): Misfit | undefined {
  const end = head.length < WHOLE_HEAD ? head.length : head.lastIndexOf(BYTE.lf) + 1;
  const cursor = new Cursor('');
  cursor.load(Buffer.concat([withoutMark(head.subarray(0, end)), Uint8Array.of(BYTE.lf)]));
  scratch ??= new RequestBatch();
  scratch.length = 0;
  const uncounted = new LineAccount();
  try {
    for (let line = 0; line < LOOKED_AT && cursor.more && !scratch.full; line++)
      scan(cursor, scratch, uncounted);
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { line, column } = error.place ?? {};
    return misfit(`line ${line}, column ${column}: ${error.what}`, cursor.at);
  }
}

/** Characters of a wrong line that a misfit shows. */
const SHOWN = 40;

/** Detects a format whose first lines all have one form; `expected` names it for misfits. */
export function detectForm(
  head: Uint8Array,
  form: RegExp,
  fit: Exclude<Fit, 0>,
  expected: string,
): Detection {
  const lines = headLines(head);
  if (lines.length === 0) return noLines(head);
  const other = lines.find(({ text }) => !form.test(text));
  if (!other) return { fit };
  const shown = JSON.stringify(other.text.slice(0, SHOWN));
  return misfit(`line ${other.number}: ${shown} is wrong, expected ${expected}`, other.start);
}

/**
 * Detects a format of lines that a scanner reads.
 *
 * @param form what each of the first lines must match: narrower than what is read, so that formats are distinguished
 * @param scan says what is wrong in lines that do not
 * @param remark lines that say nothing
 */
export function detectLines(
  head: Uint8Array,
  form: RegExp,
  fit: Exclude<Fit, 0>,
  scan: LineScanner,
  remark?: RegExp,
): Detection {
  const lines = headLines(head).filter(({ text }) => !remark?.test(text));
  if (lines.length === 0) return noLines(head);
  const other = lines.find(({ text }) => !form.test(text));
  if (!other) return { fit };
  return scanError(head, scan) ?? misfit(`line ${other.number} is read only where the reader is named`);
}
