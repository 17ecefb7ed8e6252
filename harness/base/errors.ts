import { printable, shortened } from './printable.js';

/** Exit codes of every command. Source: README, "Exit codes". */
export const EXIT = {
  done: 0,
  regression: 1,
  badInput: 2,
  hostCannot: 3,
  internal: 70,
  interrupted: 130,
} as const;

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
}

/** This host cannot do what was asked (a feature of Node or of the kernel is missing). Exit code 3. */
export class HostError extends Error {
  constructor(message: string) {
    super(printable(message));
    this.name = 'HostError';
  }
}

/** The code of a failed system call of Node's file functions, such as `ENOENT`; undefined for other errors. */
function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory, expected a file',
  ENOTDIR: 'part of this path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
};

/** Turns a failed file operation into an `InputError` that names the file; passes other errors on. */
export function fileError(error: unknown, file: string): unknown {
  if (error instanceof InputError) return error;
  const code = systemErrorCode(error);
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  return new InputError(FILE_PROBLEMS[code] ?? `cannot be used (${code})`, { file });
}
