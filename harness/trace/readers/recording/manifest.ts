import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../base/errors.js';

/** The version of the raw folder's form. */
export const RAW_FORMAT = 1;

/** The name of the manifest in a raw folder. */
export const MANIFEST = 'manifest.json';

/** What records: an engine of `harness/record/`. */
export const ENGINES = ['tracefs', 'strace', 'valgrind'] as const;

/** What a recording has of accesses: none, faults without or with their direction, every page that was used. */
export const RECORDED_ACCESSES = ['none', 'faults', 'directed-faults', 'pages'] as const;

/** Both clocks of the host at one moment, in ns: decimal numbers, since JSON's lose digits. */
export interface Clocks {
  readonly monotonic_ns: string;
  readonly realtime_ns: string;
}

/** A process that ran before the recording began. */
export interface AttachedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly threads: readonly number[];
  /** `/proc/PID/maps` when the recording began, and when it ended (undefined: the process had ended). */
  readonly maps_before: string;
  readonly maps_after?: string | undefined;
}

/** How a program ended: its exit status, or the signal that killed it; undefined where it goes on. */
export type Ended = { readonly status: number } | { readonly signal: string };

/** What a raw folder holds. Source of the form: harness/record/README.md. */
export interface Manifest {
  readonly format: number;
  readonly engine: (typeof ENGINES)[number];
  readonly reclaim: string;
  readonly kernel: string;
  readonly machine: string;
  readonly page_size: number;
  readonly program: {
    readonly pid: number;
    /** Undefined where it ran already. */
    readonly command?: readonly string[] | undefined;
    readonly file: string;
    /** Of that file; undefined where it cannot be read. */
    readonly sha256?: string | undefined;
    readonly cwd: string;
    readonly ended?: Ended | undefined;
  };
  readonly clocks: { readonly start: Clocks; readonly end: Clocks };
  readonly accesses: (typeof RECORDED_ACCESSES)[number];
  readonly lost_events: number;
  readonly missing: readonly string[];
  readonly attached: readonly AttachedProcess[];
  /** Times the time that the program takes without a recorder, where that is known. */
  readonly slowdown?: number | undefined;
  readonly files: readonly string[];
  readonly details: Readonly<Record<string, string | number>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isClocks = (value: unknown): boolean =>
  isObject(value) &&
  ['monotonic_ns', 'realtime_ns'].every((clock) => /^\d{1,20}$/.test(String(value[clock])));

function isAttached(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { pid, parent, name, threads, maps_before } = value;
  const known = isCount(pid) && isCount(parent) && isText(name) && isText(maps_before);
  return known && Array.isArray(threads) && threads.every(isCount);
}

/** What each key of a manifest that a trace is made by must be. */
const KEYS: Readonly<Record<string, readonly [expected: string, is: (value: unknown) => boolean]>> = {
  engine: [`one of ${ENGINES.join(', ')}`, (value) => (ENGINES as readonly unknown[]).includes(value)],
  kernel: ['a text', isText],
  page_size: ['a number of bytes', isCount],
  program: [
    'an object with pid and file',
    (value) => isObject(value) && isCount(value.pid) && isText(value.file),
  ],
  clocks: [
    'start and end, each with monotonic_ns and realtime_ns',
    (value) => isObject(value) && isClocks(value.start) && isClocks(value.end),
  ],
  accesses: [
    `one of ${RECORDED_ACCESSES.join(', ')}`,
    (value) => (RECORDED_ACCESSES as readonly unknown[]).includes(value),
  ],
  lost_events: ['a count', isCount],
  missing: ['a list of texts', isTexts],
  attached: ['a list of processes', (value) => Array.isArray(value) && value.every(isAttached)],
  files: ['a list of names', isTexts],
  details: ['an object', isObject],
};

/**
 * Reads the manifest of a raw folder.
 *
 * @param folder the raw folder
 * @throws InputError where there is none, or with the key that is wrong
 */
export function readManifest(folder: string): Manifest {
  const file = join(folder, MANIFEST);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new InputError('is no recording, expected a folder that reclaim record --keep-raw has written', {
      file: folder,
    });
  }
  if (!isObject(value) || value.format !== RAW_FORMAT)
    throw new InputError(
      `this recording is of form ${isObject(value) ? value.format : value}, expected ${RAW_FORMAT}`,
      {
        file,
      },
    );
  for (const [key, [expected, is]] of Object.entries(KEYS))
    if (!is(value[key])) throw new InputError(`${key} is wrong, expected ${expected}`, { file });
  return value as unknown as Manifest;
}
