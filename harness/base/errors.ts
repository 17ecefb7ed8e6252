import { printable, shortened } from './printable.js';

/** Exit codes of every command. Source: harness/commands/README.md, "Exit codes". */
export const EXIT = {
  done: 0,
  regression: 1,
  badInput: 2,
  hostCannot: 3,
  /** What was replayed ran out of the memory that it was given: a result, but of a part of the trace. */
  outOfMemory: 4,
  internal: 70,
  /** Standard output was closed by its reader, as `| head` does: 128 + SIGPIPE, as of any other program. */
  closedOutput: 141,
} as const;

/** The signals that end a command early; its exit code is then 128 + the number, as shells have it. */
export const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndingSignal = keyof typeof SIGNALS;

/** Characters of a message, without its place. */
const MOST_SHOWN = 500;

/** Where in an input something is wrong. `line` and `column` count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

function placeText(place: Place): string {
  let text = place.file;
  if (place.line !== undefined) text += `:${place.line}`;
  if (place.line !== undefined && place.column !== undefined) text += `:${place.column}`;
  return `${text}: `;
}

/**
 * Bad input or usage. Its message is one line: where, what is wrong, what was expected. The command line
 * prints that line and ends with exit code 2.
 */
export class InputError extends Error {
  /** What is wrong and what was expected, without the place. */
  readonly what: string;
  readonly place: Place | undefined;

  constructor(what: string, place?: Place) {
    // Messages of libraries can have several lines, and those on an input's text whatever that has.
    const line = shortened(printable(what.replace(/\s*\n\s*/g, ' ').trim()), MOST_SHOWN);
    super(`${place ? printable(placeText(place)) : ''}${line}`);
    this.name = 'InputError';
    this.what = line;
    this.place = place;
  }

  /** The same error with a place, unless it has one already. */
  at(place: Place): InputError {
    return this.place ? this : new InputError(this.what, place);
  }

  /** The same error, of a file that is named at a place of another one: that place comes first, its own is kept. */
  namedAt(place: Place): InputError {
    return new InputError(this.message, place);
  }
}

/**
 * This host cannot do what was asked: a feature is missing, or it is out of space, memory or open files. Its message is
 * one line. Exit code 3.
 */
export class HostError extends Error {
  constructor(message: string) {
    super(printable(message.replace(/\s*\n\s*/g, ' ')));
    this.name = 'HostError';
  }
}

/** The code of a failed system call of Node's file functions, such as `ENOENT`; undefined for other errors. */
export function systemErrorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** What is wrong with a file that was named. */
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EEXIST: 'is there already as something else, such as a broken link',
  EISDIR: 'is a directory, expected a file',
  ENOTDIR: 'part of this path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
};

/** What the host has run out of, or cannot do: not the fault of what was named. */
const HOST_PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file may not grow that large here (ulimit -f, or the file system)',
  EMFILE: 'too many open files (ulimit -n)',
  ENFILE: 'too many open files on this host',
  ENOMEM: 'out of memory',
  EIO: 'input/output error of the device',
  ESTALE: 'the network file system has lost this file',
  EAGAIN: 'the host has no resources left for this (ulimit -u)',
};

/**
 * Turns a failed file operation into one line that names the file: a `HostError` where the host is out of space, memory
 * or open files, otherwise an `InputError`. Passes other errors on.
 */
export function fileError(error: unknown, file: string): unknown {
  if (error instanceof InputError || error instanceof HostError) return error;
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const host = HOST_PROBLEMS[code];
  if (host !== undefined) return new HostError(`${file}: ${host}`);
  return new InputError(FILE_PROBLEMS[code] ?? `cannot be used (${code})`, { file });
}
