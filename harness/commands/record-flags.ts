import { InputError } from '../base/errors.js';
import { wholeNumber } from '../base/parse.js';
import { parseSize } from '../base/size.js';
import type { AccessOptions, RecordRequest, Target } from '../record/engine.js';
import { findProgram, isOurAncestor } from '../record/process.js';

/** The arguments of `reclaim record`. */
export interface RecordArgs {
  readonly output: string;
  readonly pid?: number;
  readonly accesses: boolean;
  readonly every?: string;
  readonly contents?: string;
  readonly sample?: string;
  readonly keepRaw?: string;
  readonly allowLoss: boolean;
  readonly calls: boolean;
  readonly seccompBpf: boolean;
  readonly buffer?: string;
}

export const recordFlags = {
  pid: {
    type: 'number',
    describe: 'record this process and its children from now on, until it ends or Ctrl-C',
    requiresArg: true,
  },
  accesses: {
    type: 'boolean',
    default: false,
    describe: 'every page read or written, with valgrind; without, calls and first accesses',
  },
  every: {
    type: 'string',
    describe: 'with --accesses: write a page down at most once in this time; 0: every access (default: 10ms)',
    requiresArg: true,
  },
  contents: {
    type: 'string',
    describe:
      'what pages of private memory hold, looked at once in this time, as in 1s: for same-page merging',
    requiresArg: true,
  },
  sample: { type: 'string', describe: 'with --accesses: only one page of N, as in 1/16', requiresArg: true },
  'keep-raw': { type: 'string', describe: 'keep what was recorded in this new folder', requiresArg: true },
  'allow-loss': { type: 'boolean', default: false, describe: 'make a trace although events were lost' },
  calls: {
    type: 'boolean',
    default: false,
    describe: 'calls alone, without accesses: nothing is in memory then',
  },
  'seccomp-bpf': {
    type: 'boolean',
    default: false,
    describe:
      'strace stops the program at recorded calls only: faster, but these calls fail if strace is killed',
  },
  buffer: {
    type: 'string',
    describe: 'SIZE of the buffer of each CPU, as root (default: 16MiB)',
    requiresArg: true,
  },
} as const;

const DEFAULT_EVERY = '10ms';
const UNIT_MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1000 };

/** A time as `10ms`, `500us`, `1s` or `0`, in ms. @throws InputError where it is not one */
function milliseconds(flag: string, text: string): number {
  if (text === '0') return 0;
  const [, value, unit] = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text) ?? [];
  const ms = Number(value) * UNIT_MS[unit ?? '']!;
  if (ms > 0 && ms < 1e9) return ms;
  throw new InputError(`--${flag} "${text}" is not a time, expected one like 10ms, 500us or 1s`);
}

/** `N` of `1/N`. @throws InputError where it is not of this form */
function sampleOf(text: string): number {
  const sample = wholeNumber(/^1\/(\d+)$/.exec(text)?.[1] ?? '');
  if (sample >= 1 && sample <= 1 << 20) return sample;
  throw new InputError(`--sample "${text}" is not a share of pages, expected 1/N, as in 1/16`);
}

function accessesOf({ accesses, every, sample }: RecordArgs): AccessOptions | undefined {
  if (accesses)
    return {
      everyMs: milliseconds('every', every ?? DEFAULT_EVERY),
      sample: sample === undefined ? 1 : sampleOf(sample),
    };
  for (const [flag, value] of Object.entries({ every, sample }))
    if (value !== undefined) throw new InputError(`--${flag} needs --accesses`);
  return undefined;
}

/** How often contents are looked at, in ms. @throws InputError where it is not a time, or there are no accesses */
function contentsOf({ contents, calls }: RecordArgs): number | undefined {
  if (contents === undefined) return undefined;
  if (calls)
    throw new InputError(
      '--calls is without accesses, and --contents says what they left: expected one of them',
    );
  const ms = milliseconds('contents', contents);
  if (ms > 0) return ms;
  throw new InputError('--contents 0 would never end looking at pages, expected a time like 1s');
}

/** The words after `--`: as they were typed, which yargs does not keep. */
function commandOf(): string[] {
  const cut = process.argv.indexOf('--');
  return cut < 0 ? [] : process.argv.slice(cut + 1);
}

function targetOf({ pid }: RecordArgs): Target {
  const command = commandOf();
  if (pid === undefined) {
    if (command.length === 0)
      throw new InputError(
        'what to record is missing, expected -- and a command, or --pid; as in reclaim record app.rtrace -- ./app',
      );
    findProgram(command[0]!);
    return { command };
  }
  if (command.length > 0) throw new InputError('--pid and a command are given, expected one of them');
  if (!Number.isInteger(pid) || pid <= 0) throw new InputError('--pid is not the number of a process');
  if (isOurAncestor(pid))
    throw new InputError(`--pid ${pid} has this command among its children, which cannot record itself`);
  return { pid };
}

function bufferOf({ buffer, seccompBpf, accesses }: RecordArgs): number | undefined {
  if (buffer === undefined) return undefined;
  if (seccompBpf || accesses)
    throw new InputError("--buffer is of the kernel's tracing, which this does not record with");
  const size = parseSize(buffer, KIB);
  if (size.kind === 'percent')
    throw new InputError(`--buffer "${buffer}" is a share, expected a size like 16MiB`);
  return size.pages;
}

const KIB = 1024;

/**
 * What is asked for.
 *
 * @throws InputError where flags contradict each other, or there is no such program or process
 */
export function requestOf(args: RecordArgs): RecordRequest {
  const target = targetOf(args);
  const accesses = accessesOf(args);
  if ('pid' in target && args.seccompBpf)
    throw new InputError(
      '--seccomp-bpf cannot be installed into a program that runs, expected --pid without it',
    );
  if ('pid' in target && accesses)
    throw new InputError(
      '--accesses needs a command to start: valgrind cannot attach to a program that runs',
    );
  if (accesses && args.seccompBpf)
    throw new InputError('--seccomp-bpf is for strace, and --accesses records with valgrind');
  if (accesses && args.calls)
    throw new InputError('--calls is without accesses, and --accesses with them: expected one of them');
  if (accesses && args.allowLoss)
    throw new InputError('--allow-loss has no effect with --accesses, which loses nothing');
  return {
    target,
    accesses,
    contentsEveryMs: contentsOf(args),
    callsAlone: args.calls,
    seccompBpf: args.seccompBpf,
    bufferKib: bufferOf(args),
  };
}
