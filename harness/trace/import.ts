import { InputError } from '../input/errors.js';
import { unknownName } from '../input/nearest.js';
import { inputName, peekInput, STDIN } from './io/input.js';
import { importChromium } from './readers/chromium/import.js';
import { type GuestsOptions, importGuests } from './readers/guests/import.js';
import { chooseReader, formatNames } from './readers/registry.js';
import { isStraceLog } from './readers/strace/calls.js';
import { importStrace, type StraceOptions } from './readers/strace/import.js';
import { importRequests } from './requests/import.js';
import type { TraceSource } from './source.js';
import { isTrace } from './trace.js';

/** The name of the format of logs of system calls. */
const STRACE = 'strace';
/** The name of the reader that makes a cache of images of such a log. */
const CHROMIUM = 'chromium';
/** The name of the format of snapshots of guests. */
const GUESTS = 'guests';

/** All formats that can be imported. */
export function importFormats(): string[] {
  return [STRACE, CHROMIUM, GUESTS, ...formatNames()];
}

export interface ImportOptions extends StraceOptions {
  /** The name of the format; by default told from content and name. */
  readonly format: string | undefined;
  /** Cut requests into pages of 4 KiB instead of a page each. */
  readonly split: boolean;
  /** What the guests are, whose snapshots the file holds: this format is not told from content. */
  readonly guests?: GuestsOptions | undefined;
}

/**
 * Makes a trace of a file in somebody else's format.
 *
 * @param path a file, decompressed where it is .gz, .br or .zst; a log of strace, also of Chromium, and snapshots of guests may come from standard input, `-`
 * @throws InputError where no format fits, and with the place of what is wrong
 */
export async function importTrace(path: string, options: ImportOptions): Promise<TraceSource> {
  const name = inputName(path);
  const { head, all, close } = await peekInput(path);
  const known = options.format?.split(':')[0] ?? STRACE;
  if (!importFormats().includes(known)) throw unknownName('format', known, importFormats());
  const strace = options.format === STRACE || (options.format === undefined && isStraceLog(head));
  if (strace) return importStrace(path, options, all);
  if (options.format === CHROMIUM) return importChromium(path, options.marks, all);
  if (options.format === GUESTS) {
    if (!options.guests)
      throw new InputError('the names of the guests are missing, expected --guests base,web', { file: name });
    return importGuests(path, options.guests, all);
  }
  if (path !== STDIN) await close();
  if (options.marks.length > 0)
    throw new InputError('marks belong to a log of strace, and this is none', { file: name });
  if (options.format === undefined && isTrace(head))
    throw new InputError('this is a trace already; reclaim trace convert writes it in another form', {
      file: name,
    });
  return importRequests(path, chooseReader(head, name, options.format, importFormats()), options.split);
}
