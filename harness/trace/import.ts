import { InputError } from '../base/errors.js';
import { unknownName } from '../base/nearest.js';
import { inputName, peekInput, STDIN } from './io/input.js';
import { importChromium } from './readers/chromium/import.js';
import { type GuestsOptions, importGuests } from './readers/guests/import.js';
import { importMariadb } from './readers/mariadb/import.js';
import { importPostgresql, type PostgresqlOptions } from './readers/postgresql/import.js';
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
/** The name of the format of page accesses of PostgreSQL. */
const POSTGRESQL = 'postgresql';
/** The name of the format of a log of strace of MariaDB, with page faults. */
const MARIADB = 'mariadb';

/** All formats that can be imported. */
export function importFormats(): string[] {
  return [STRACE, CHROMIUM, GUESTS, POSTGRESQL, MARIADB, ...formatNames()];
}

export interface ImportOptions extends StraceOptions {
  /** The name of the format; by default told from content and name. */
  readonly format: string | undefined;
  /** Cut requests into pages of 4 KiB instead of a page each. */
  readonly split: boolean;
  /** What the guests are, whose snapshots the file holds: this format is not told from content. */
  readonly guests?: GuestsOptions | undefined;
  /** The buffer pool that page accesses of PostgreSQL are played on. */
  readonly postgresql: PostgresqlOptions;
  /** The file of page faults that belongs to a log of MariaDB. */
  readonly faults?: string | undefined;
}

/**
 * Makes a trace of a file in somebody else's format.
 *
 * @param path a file, decompressed where it is .gz, .br or .zst; formats that are read once (strace, chromium, guests, postgresql, mariadb) may come from standard input, `-`
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
  if (options.format === POSTGRESQL) return importPostgresql(path, options.postgresql, all);
  if (options.format === MARIADB) {
    if (options.faults === undefined)
      throw new InputError('the page faults of the database are missing, expected --faults FILE', {
        file: name,
      });
    return importMariadb(path, options.faults, all);
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
