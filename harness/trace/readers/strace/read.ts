import { InputError } from '../../../base/errors.js';
import { peekBytes } from '../../io/peek.js';
import type { InputFile } from '../reader.js';
import { wholeLines } from '../scan/lines.js';
import { CallReader } from './call-reader.js';
import type { CallLog } from './calls.js';
import { formOf, HEAD_BYTES } from './detect.js';
import type { LogItem } from './logged-call.js';

const LF = 10;

/** Passes bytes on, and knows whether the last one was the end of a line. */
class LineEnds {
  ended = true;

  constructor(private readonly bytes: AsyncIterable<Uint8Array>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.bytes) {
      if (chunk.length > 0) this.ended = chunk.at(-1) === LF;
      yield chunk;
    }
  }
}

/** The lines of some bytes, without their ends. */
async function* linesOf(input: InputFile): AsyncGenerator<string[]> {
  for await (const bytes of wholeLines(input)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    const lines = text.split('\n');
    lines.pop();
    yield lines;
  }
}

/**
 * All calls of a log of strace. Counts all lines but those of the calls: what becomes of them, `useCall` and
 * `leaveCall` say, once for each.
 *
 * @throws InputError with the line that cannot be read, or where there is no call
 */
export async function readCalls(input: InputFile): Promise<CallLog> {
  const { file, bytes, account } = input;
  const { head, all } = await peekBytes(bytes, HEAD_BYTES);
  const form = formOf(head, file);
  const reader = new CallReader(file, form, account);
  const items: LogItem[] = [];
  const ends = new LineEnds(all);
  for await (const lines of linesOf({ ...input, bytes: ends })) {
    for (const line of lines) {
      const item = reader.read(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (item) items.push(item);
    }
  }
  if (!ends.ended && items.length > 0 && reader.isCut(items.at(-1)!)) items.pop();
  reader.finish();
  if (items.length === 0) throw new InputError('no system call ends in this log', { file });
  const calls = reader.threads.resolve(items, account);
  if (form.clock === 'calls') account.remark('calls without a time, taken as 1 µs each', calls.length);
  else if (form.digits === 0) account.remark('times in whole seconds', calls.length);
  return { calls, clock: form.clock };
}
