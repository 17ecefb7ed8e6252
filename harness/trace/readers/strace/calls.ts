import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { InputError, type Place } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { type Detection, type FIT, type Fit, type InputFile, misfit } from '../reader.js';
import { headLines, noLines } from '../scan/lines.js';

/** One finished system call, or the end of a thread. */
export interface Call {
  readonly thread: number;
  /** When the line was written that ends the call, in µs (of the epoch with -ttt, of the first day with -tt). */
  readonly timeUs: number;
  /** Name of the system call, or `exit` for a thread's end. */
  readonly name: string;
  readonly args: readonly string[];
  /** The returned number; -1 when the call failed; NaN when strace shows none (`?`). */
  readonly result: number;
  /** Time in the kernel in ns, where the log has it (`-T`). */
  readonly durationNs: number | undefined;
  readonly place: Place;
}

const PREFIX = /^(?:\[pid +(\d+)\] |(\d+) +)?(?:(\d+)\.(\d{6})|(\d\d):(\d\d):(\d\d)\.(\d{6})) (.*)$/;
const FINISHED = /^([a-z0-9_]+)\((.*)\)\s+= (\?|-?\d+|0x[0-9a-f]+)(?:\s[^<]*)?(?:<(\d+\.\d+)>)?$/;
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

  constructor(private readonly file: string) {}

  /**
   * The call that this line ends; undefined for a line that ends none.
   *
   * @throws InputError when the line is not one of strace's
   */
  read(text: string): Call | undefined {
    this.line++;
    if (text === '') return undefined;
    const match = PREFIX.exec(text);
    if (!match) throw this.wrong(text, 'a line of strace -f -ttt -T (a thread, a time, a call)');
    const thread = Number(match[1] ?? match[2] ?? 1);
    const timeUs = this.time(match);
    const rest = match[9]!;
    if (rest.startsWith('--- ')) return undefined;
    if (rest.startsWith('+++ ')) return this.call(thread, timeUs, 'exit', [], 0, undefined);
    return this.syscall(thread, timeUs, rest, text);
  }

  /** Calls that were still running when the log ended. */
  get pending(): number {
    return this.unfinished.size;
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
      if (head === undefined) return undefined;
      this.unfinished.delete(thread);
      whole = `${head}${resumed[2]!.replace(/^,/, ', ').replace(/^, {2}/, ', ')}`;
    }
    const match = FINISHED.exec(whole);
    if (!match) throw this.wrong(text, 'a call as strace writes it, name(arguments) = result');
    const duration = match[4] === undefined ? undefined : Math.round(Number(match[4]) * 1e9);
    const result = match[3] === '?' ? Number.NaN : Number(match[3]);
    return this.call(thread, timeUs, match[1]!, splitArgs(match[2]!), result, duration);
  }

  private call(
    thread: number,
    timeUs: number,
    name: string,
    args: string[],
    result: number,
    durationNs: number | undefined,
  ): Call {
    return { thread, timeUs, name, args, result, durationNs, place: { file: this.file, line: this.line } };
  }

  private time(match: RegExpExecArray): number {
    if (match[3] !== undefined) return Number(match[3]) * 1e6 + Number(match[4]);
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
 * All calls of a log of strace, in the order in which they ended.
 *
 * @throws InputError with the line that is not strace's, or where there is no call
 */
export async function readCalls({ bytes, file }: InputFile): Promise<Call[]> {
  const reader = new CallReader(file);
  const lines = createInterface({
    input: Readable.from(bytes),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  const calls: Call[] = [];
  for await (const line of lines) {
    const call = reader.read(line);
    if (call) calls.push(call);
  }
  if (calls.length === 0)
    throw new InputError('no system calls in this log, expected the output of strace -f -ttt -T', { file });
  return calls;
}

/** Pages that hold a number of bytes. */
export function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}

/**
 * An argument of a call as a number.
 *
 * @throws InputError when it is not one
 */
export function numberAt(call: Call, index: number): number {
  const value = Number(call.args[index]);
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
