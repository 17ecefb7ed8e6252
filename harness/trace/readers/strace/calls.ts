import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { InputError, type Place } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { LineAccount } from '../account.js';
import { type Detection, type FIT, type Fit, type InputFile, misfit } from '../reader.js';
import { headLines, noLines } from '../scan/lines.js';

/** Name of the pseudo call that is the end of a thread: strace's line `+++ exited`, `+++ killed` or `+++ superseded`. */
export const THREAD_END = '+++';

/** One finished system call, or the end of a thread. */
export interface Call {
  /** Id of the thread, as strace's own pid namespace has it: the same that `result` of a clone is. */
  readonly thread: number;
  /** When the line was written that ends the call, in whole µs of the log's clock. */
  readonly timeUs: number;
  /** Name of the system call (`mmap` for `mmap2`, whose offset is then in bytes too), or `THREAD_END`. */
  readonly name: string;
  /**
   * Its arguments as strace prints them by default, whatever the options were: descriptors without what they stand
   * for (-y), flags and advice of calls on memory by name (-X, -e raw).
   */
  readonly args: readonly string[];
  /** What descriptors in this call stand for, as in `/memfd:seg`, by number; empty without -y. */
  readonly files: ReadonlyMap<number, string>;
  /** The returned number; -1 when the call failed; NaN when strace shows none (`?`). */
  readonly result: number;
  /** Name of the error of a call that failed, as in `ENOMEM`. */
  readonly errno: string | undefined;
  /** Time in the kernel in ns, where the log has it (`-T`). */
  readonly durationNs: number | undefined;
  /** Lines of the log that it takes: 2 where it was interrupted, 0 for an end of a thread that another line implies. */
  readonly lines: number;
  readonly place: Place;
}

/** How the times of a log count. */
export type Clock = 'epoch' | 'day' | 'relative' | 'calls';

/** The calls of a log. */
export interface CallLog {
  /** In the order in which they ended; at least one. */
  readonly calls: readonly Call[];
  /** `epoch`: µs since 1970; `day`: since midnight; `relative`: since the first line; `calls`: no times, 1 µs a call. */
  readonly clock: Clock;
}

/** Counts the lines of a call that the result is made of. */
export function useCall(account: LineAccount, call: Call): void {
  if (call.lines === 0) return;
  account.use();
  account.join(call.lines - 1);
}

/** Counts the lines of a call that is in the result in no way. */
export function leaveCall(account: LineAccount, call: Call, what = `calls of ${call.name}`): void {
  account.leave(what, call.lines);
}

/** What the metadata of a trace says of times that count from the first call of a log. */
export function clockText(clock: Clock, startUs: number): string {
  const iso = new Date(startUs / 1000).toISOString();
  if (clock === 'epoch') return `microseconds since the first call, at ${iso}`;
  if (clock === 'day') return `microseconds since the first call, at ${iso.slice(11, 23)}`;
  if (clock === 'relative') return 'microseconds since the first call';
  return 'calls, a microsecond each: the log has no times';
}

const NO_FILES: ReadonlyMap<number, string> = new Map();

const PREFIX = /^(?:\[pid +(\d+)\] |(\d+) +)?(?:(\d+)\.(\d{6})|(\d\d):(\d\d):(\d\d)\.(\d{6})) (.*)$/;
const FINISHED =
  /^([a-z0-9_]+)\((.*)\)\s+= (\?|-?\d+|0x[0-9a-f]+)(?: (E[A-Z0-9]+))?(?:\s[^<]*)?(?:<(\d+\.\d+)>)?$/;
const RESUMED = /^<\.\.\. ([a-z0-9_]+) resumed>(.*)$/;
const UNFINISHED = ' <unfinished ...>';
const DAY_US = 86_400_000_000;

/** What follows the time in a line: a call, the end of one, of a thread, or a signal. */
const EVENT = /^([a-z0-9_]+\(|<\.\.\. |\+\+\+ |--- )/;

/** Detects a log of `strace -f -ttt` or `-tt` by its first line: what is wrong below is for the reader to say. */
export function detectCalls(head: Uint8Array, fit: Exclude<Fit, typeof FIT.none>): Detection {
  const first = headLines(head)[0];
  if (!first) return noLines(head);
  const match = PREFIX.exec(first.text);
  if (match && EVENT.test(match[9]!)) return { fit };
  const missing = match ? 'a call after the time' : 'a thread and a time';
  return misfit(`line ${first.number} does not begin with ${missing}, as strace -f -ttt prints them`);
}

/**
 * Reads the lines of `strace -f -ttt -T` (or `-tt`): joins unfinished and resumed calls, drops signals, and returns
 * each call in the order in which it ended.
 */
export class CallReader {
  private readonly unfinished = new Map<number, string>();
  private line = 0;
  private lastUs = 0;
  private days = 0;

  clock: Clock = 'epoch';

  constructor(
    private readonly file: string,
    private readonly account = new LineAccount(),
  ) {}

  /**
   * The call that this line ends; undefined for a line that ends none.
   *
   * @throws InputError when the line is not one of strace's
   */
  read(text: string): Call | undefined {
    this.line++;
    if (text === '') return this.leave('empty lines');
    const match = PREFIX.exec(text);
    if (!match) throw this.wrong(text, 'a line of strace -f -ttt -T (a thread, a time, a call)');
    const thread = Number(match[1] ?? match[2] ?? 1);
    const timeUs = this.time(match);
    const rest = match[9]!;
    if (rest.startsWith('--- ')) return this.leave('signals');
    if (rest.startsWith('+++ '))
      return this.call(thread, timeUs, { name: THREAD_END, args: [], result: 0, lines: 1 });
    return this.syscall(thread, timeUs, rest, text);
  }

  private syscall(thread: number, timeUs: number, rest: string, text: string): Call | undefined {
    if (rest.endsWith(UNFINISHED) || rest.endsWith('<unfinished ...>')) {
      this.unfinished.set(thread, rest.slice(0, rest.lastIndexOf('<unfinished')).trimEnd());
      return undefined;
    }
    let whole = rest;
    const resumed = RESUMED.exec(rest);
    if (resumed) {
      const head = this.unfinished.get(thread);
      // A log that was started late has ends without beginnings: what they did is unknown.
      if (head === undefined) return this.leave('ends of calls whose beginning is not in the log');
      this.unfinished.delete(thread);
      whole = `${head}${resumed[2]!.replace(/^,/, ', ').replace(/^, {2}/, ', ')}`;
    }
    const match = FINISHED.exec(whole);
    if (!match) throw this.wrong(text, 'a call as strace writes it, name(arguments) = result');
    const durationNs = match[5] === undefined ? undefined : Math.round(Number(match[5]) * 1e9);
    const result = match[3] === '?' ? Number.NaN : Number(match[3]);
    return this.call(thread, timeUs, {
      name: match[1] === 'mmap2' ? 'mmap' : match[1]!,
      args: splitArgs(match[2]!),
      result,
      errno: match[4],
      durationNs,
      lines: resumed ? 2 : 1,
    });
  }

  /** Counts what the log ended in the middle of. */
  finish(): void {
    this.account.leave('calls that had not ended', this.unfinished.size);
  }

  private leave(what: string): undefined {
    this.account.leave(what);
    return undefined;
  }

  private call(
    thread: number,
    timeUs: number,
    what: Pick<Call, 'name' | 'args' | 'result' | 'lines'> & Partial<Call>,
  ): Call {
    return {
      thread,
      timeUs,
      errno: undefined,
      durationNs: undefined,
      files: NO_FILES,
      place: { file: this.file, line: this.line },
      ...what,
    };
  }

  private time(match: RegExpExecArray): number {
    if (match[3] !== undefined) return Number(match[3]) * 1e6 + Number(match[4]);
    this.clock = 'day';
    const ofDay =
      ((Number(match[5]) * 60 + Number(match[6])) * 60 + Number(match[7])) * 1e6 + Number(match[8]);
    // -tt shows the time of day only: half a day backwards is midnight.
    if (ofDay + this.days * DAY_US < this.lastUs - DAY_US / 2) this.days++;
    this.lastUs = Math.max(this.lastUs, ofDay + this.days * DAY_US);
    return ofDay + this.days * DAY_US;
  }

  private wrong(text: string, expected: string): InputError {
    return new InputError(`"${text.slice(0, 60)}" is not understood, expected ${expected}`, {
      file: this.file,
      line: this.line,
    });
  }
}

/** Splits the arguments of a call at the commas that are not inside quotes, brackets or braces. */
export function splitArgs(text: string): string[] {
  const args: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    else if (c === ',' && depth === 0) {
      args.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  if (last !== '' || args.length > 0) args.push(last);
  return args;
}

/**
 * All calls of a log of strace. Counts all lines but those of the calls: what becomes of them, `useCall` and
 * `leaveCall` say, once for each.
 *
 * @throws InputError with the line that is not strace's, or where there is no call
 */
export async function readCalls({ bytes, file, account }: InputFile): Promise<CallLog> {
  const reader = new CallReader(file, account);
  const lines = createInterface({
    input: Readable.from(bytes),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const calls: Call[] = [];
  for await (const line of lines) {
    const call = reader.read(line);
    if (call) calls.push(call);
  }
  reader.finish();
  if (calls.length === 0)
    throw new InputError('no system calls in this log, expected the output of strace -f -ttt -T', { file });
  return { calls, clock: reader.clock };
}

/** Pages that hold a number of bytes. */
export function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}

/**
 * An argument of a call as a number; NULL is 0.
 *
 * @throws InputError when it is not one
 */
export function numberAt(call: Call, index: number): number {
  const text = call.args[index];
  const value = text === 'NULL' ? 0 : Number(text);
  if (Number.isNaN(value)) {
    throw new InputError(
      `argument ${index + 1} of ${call.name} is "${call.args[index]}", expected a number`,
      call.place,
    );
  }
  return value;
}

/** A run of pages; `end` is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The pages of a call whose arguments are an address and a length in bytes. */
export function pageRange(call: Call, address: number, length: number): Range {
  const start = Math.floor(numberAt(call, address) / PAGE_BYTES);
  return { start, end: start + pages(numberAt(call, length)) };
}
