import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';

/** The version of the raw folder's form. */
export const RAW_FORMAT = 1;

/** The name of the manifest in a raw folder. */
export const MANIFEST = 'manifest.json';

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

/** What a raw folder holds. Source of the form: README.md. */
export interface Manifest {
  readonly format: number;
  readonly engine: string;
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
  readonly accesses: 'none' | 'faults' | 'directed-faults' | 'pages';
  readonly lost_events: number;
  readonly missing: readonly string[];
  readonly attached: readonly AttachedProcess[];
  /** Times the time that the program takes without a recorder, where that is known. */
  readonly slowdown?: number | undefined;
  readonly files: readonly string[];
  readonly details: Readonly<Record<string, string | number>>;
}

/**
 * The clocks now, to a microsecond: JavaScript has the wall clock in whole ms only, and the moment at which it steps is exact.
 * Waits up to a ms.
 */
export function clocksNow(): Clocks {
  const before = Date.now();
  let realtime = before;
  while (realtime === before) realtime = Date.now();
  return { monotonic_ns: `${process.hrtime.bigint()}`, realtime_ns: `${BigInt(realtime) * 1_000_000n}` };
}

export function writeManifest(raw: string, manifest: Manifest): void {
  writeFileSync(join(raw, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** @throws InputError where the folder has no manifest of this version */
export function readManifest(raw: string): Manifest {
  const file = join(raw, MANIFEST);
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Partial<Manifest>;
  } catch {
    throw new InputError('is no recording, expected a folder that reclaim record --keep-raw has written', {
      file: raw,
    });
  }
  if (manifest.format !== RAW_FORMAT)
    throw new InputError(`is of form ${manifest.format}, expected ${RAW_FORMAT}`, { file });
  return manifest as Manifest;
}
