import { InputError, type Place } from '../../../base/errors.js';
import { PAGE_BYTES } from '../../../base/page.js';
import { PAGE_LIMIT } from '../../op.js';
import type { LineAccount } from '../account.js';

/**
 * How the times of a log count. `epoch`: µs since 1970; `day`: since midnight; `relative`: since the first line, of
 * which each says how long after the one before it is; `calls`: no times, 1 µs a call.
 */
export type Clock = 'epoch' | 'day' | 'relative' | 'calls';

/** Name of the pseudo call that is the end of a thread: strace's line `+++ exited`, `+++ killed` or `+++ superseded`. */
export const THREAD_END = '+++';

/** What a descriptor stands for, as a recorder saw it. */
export interface SeenObject {
  /** Distinguishes files, as device and inode do. */
  readonly identity: string;
  /** What `/proc/PID/fd` or `/proc/PID/maps` says of it. */
  readonly path: string;
  /** Its size; -1 where it is not known. */
  readonly bytes: number;
}

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
  /** What descriptors in this call stand for, by number, where the recorder looked them up. */
  readonly objects?: ReadonlyMap<number, SeenObject> | undefined;
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

type Kinship = 'thread' | 'borrower' | 'child';

/** How a thread came to be. */
export interface Relation {
  readonly parentThread: number;
  readonly kinship: Kinship;
  readonly sharesFiles: boolean;
}

/** The calls of a log. */
export interface CallLog {
  /** In the order in which they ended; at least one. */
  readonly calls: readonly Call[];
  readonly clock: Clock;
  /** Processes of which SIGCHLD says that they ended, and a thread of the parent that had the signal. */
  readonly children: ReadonlyMap<number, number>;
  /** The process that strace attached to before the first call (-p), where it says so, of one alone. */
  readonly attached: number | undefined;
  /** How threads came to be of which the calls do not say it, by thread. Undefined where that is to be inferred from what they act on. */
  readonly relations?: ReadonlyMap<number, Relation>;
  /** Whether it has all calls that close descriptors; undefined where that shows by whether it has any. */
  readonly closes?: boolean;
}

/** Counts the lines of a call that the result is made of. */
export function useCall(account: LineAccount, call: Call): void {
  if (call.lines === 0) return;
  account.use();
  account.join(call.lines - 1);
}

/** Counts the lines of a call that is in the result in no way. */
export function leaveCall(account: LineAccount, call: Call, what?: string): void {
  const kind = call.name === THREAD_END ? 'ends of threads' : `calls of ${call.name}`;
  account.leave(what ?? kind, call.lines);
}

/** The last moment that has a date. Source: ECMA-262, time values */
const LAST_DATE_MS = 8.64e15;

/** What the metadata of a trace says of times that count from the first call of a log. */
export function clockText(clock: Clock, startUs: number): string {
  // A time that no calendar has: digits of a log that was damaged.
  if (startUs / 1000 > LAST_DATE_MS) return 'microseconds since the first call';
  const iso = new Date(startUs / 1000).toISOString();
  if (clock === 'epoch') return `microseconds since the first call, at ${iso}`;
  if (clock === 'day') return `microseconds since the first call, at ${iso.slice(11, 23)}`;
  if (clock === 'relative') return 'microseconds since the first call';
  return 'calls, a microsecond each: the log has no times';
}

/** Pages that hold a number of bytes. @throws InputError, with the place where it is given, where an address space has fewer */
export function pages(bytes: number, place?: Place): number {
  if (bytes > PAGE_LIMIT * PAGE_BYTES)
    throw new InputError(`${bytes} bytes are more than an address space has, expected fewer`, place);
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
    throw new InputError(`argument ${index + 1} of ${call.name} is "${text}", expected a number`, call.place);
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
  return { start, end: start + pages(numberAt(call, length), call.place) };
}
