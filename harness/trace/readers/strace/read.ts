import { InputError } from '../../../base/errors.js';
import { peekBytes } from '../../io/peek.js';
import type { CallLog, Clock } from '../calls/call.js';
import type { InputFile, ReaderInput, ThreadFile } from '../reader.js';
import { wholeLines } from '../scan/lines.js';
import { CallReader } from './call-reader.js';
import { formOf, HEAD_BYTES } from './detect.js';
import type { LineForm } from './leader.js';
import type { LogItem } from './logged-call.js';
import { Threads } from './threads.js';

/** A log of one file, or of one for each thread. */
export type LogInput = InputFile & Pick<ReaderInput, 'threads'>;

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

/** What was read of one file. */
interface FileLog {
  readonly items: LogItem[];
  readonly form: LineForm;
  readonly reader: CallReader;
}

/**
 * @param threads learns what the file says of threads
 * @param thread whose calls they are, where the file's name says it
 * @returns undefined where the file is empty
 */
async function readFile(input: InputFile, threads: Threads, thread?: number): Promise<FileLog | undefined> {
  const { file, bytes, account } = input;
  const { head, all } = await peekBytes(bytes, HEAD_BYTES);
  if (head.length === 0) return undefined;
  const form = formOf(head, file);
  const reader = new CallReader(file, form, account, threads, thread);
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
  return { items, form, reader };
}

const ORDERABLE = 'expected the times of strace -ff -ttt, as files of threads are ordered by them';
/** More than this between times of day: files begin on either side of midnight. */
const HALF_DAY_US = 43_200_000_000;

/** Reads a log of many files, and orders what is in them by time. */
async function readThreads(files: readonly ThreadFile[], threads: Threads): Promise<FileLog | undefined> {
  const logs: FileLog[] = [];
  for (const file of files) {
    const log = await readFile(file, threads, file.thread);
    if (!log) continue;
    checkOrderable(log, logs[0]?.form.clock ?? log.form.clock, file.file);
    logs.push(log);
  }
  const [first] = logs;
  if (!first) return undefined;
  const items = logs.flatMap((log) => log.items).sort((a, b) => a.timeUs - b.timeUs);
  const spanUs = items.length > 0 ? items.at(-1)!.timeUs - items[0]!.timeUs : 0;
  if (first.form.clock === 'day' && spanUs > HALF_DAY_US)
    throw new InputError(`times of day span more than half a day, ${ORDERABLE}`, {
      file: files[0]!.file,
    });
  return { ...first, items };
}

/** @throws InputError where the times of a file do not say where its lines are among those of others */
function checkOrderable({ form, reader }: FileLog, clock: Clock, file: string): void {
  if (form.clock === 'calls') throw new InputError(`this log has no times, ${ORDERABLE}`, { file });
  if (form.clock === 'relative')
    throw new InputError(`times count from the line before, which may be in another file; ${ORDERABLE}`, {
      file,
    });
  if (form.clock !== clock)
    throw new InputError(`times differ in form from those of other files, ${ORDERABLE}`, { file });
  if (reader.pastMidnight) throw new InputError(`times of day go past midnight, ${ORDERABLE}`, { file });
}

/**
 * All calls of a log of strace. Counts all lines but those of the calls: what becomes of them, `useCall` and
 * `leaveCall` say, once for each.
 *
 * @throws InputError with the line that cannot be read, or where there is no call
 */
export async function readCalls(input: LogInput): Promise<CallLog> {
  const { file, account } = input;
  const threads = new Threads();
  const log = input.threads ? await readThreads(input.threads, threads) : await readFile(input, threads);
  if (!log || log.items.length === 0)
    throw new InputError('no system calls in this log, expected the output of strace', { file });
  const { items, form } = log;
  const calls = threads.resolve(items, account);
  if (form.clock === 'calls') account.remark('calls without a time, taken as 1 µs each', calls.length);
  else if (form.digits === 0) account.remark('times in whole seconds', calls.length);
  return { calls, clock: form.clock, children: threads.children, attached: threads.attachedTo };
}
