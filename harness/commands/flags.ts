import { availableParallelism } from 'node:os';
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import { loadPolicyModule, MAX_POLICY_TIMEOUT_S, POLICY_TIMEOUT_S } from '../modules/load.js';
import { limitExpansion } from '../trace/io/decompress.js';
import { limitLargePages } from '../trace/page-budget.js';

export { MAX_WHOLE as MAX_SEED } from '../metrics/axes.js';

/** Flags that several commands share, so that they are the same everywhere. */
export const policyModuleFlag = {
  'policy-module': {
    type: 'string',
    array: true,
    default: [] as string[],
    describe: 'load policies, workloads and readers from your own module (repeatable)',
  },
  'policy-timeout': {
    type: 'number',
    default: POLICY_TIMEOUT_S,
    describe: 'seconds that a cell with a policy of --policy-module may take',
    requiresArg: true,
  },
} as const;

/** The arguments of `policyModuleFlag`. */
export interface PolicyModuleArgs {
  policyModule: string[];
  policyTimeout: number;
}

/**
 * The value of `--policy-timeout`.
 *
 * @throws InputError when it is no number of seconds
 */
export function policyTimeout({ policyTimeout: seconds }: PolicyModuleArgs): number {
  if (seconds > 0 && seconds <= MAX_POLICY_TIMEOUT_S) return seconds;
  throw new InputError(
    `--policy-timeout is not a number of seconds above 0 and up to ${MAX_POLICY_TIMEOUT_S}`,
  );
}

/**
 * Loads the modules that `--policy-module` names.
 *
 * @throws InputError when one cannot be loaded
 */
export async function loadPolicyModules(args: PolicyModuleArgs): Promise<void> {
  const timeoutS = policyTimeout(args);
  for (const file of args.policyModule) await loadPolicyModule(file, timeoutS);
}

const MAX_WORKERS = 1024;

export const workersFlag = {
  workers: { type: 'number', describe: 'worker threads (default: one per core)', requiresArg: true },
} as const;

/** The arguments of `workersFlag`. */
export interface WorkerArgs {
  workers?: number;
}

/** Threads that run cells, and then draw. @throws InputError when that is no number of them */
export function workersOf({ workers }: WorkerArgs): number {
  return workers === undefined ? availableParallelism() : wholeFlag('workers', workers, 1, MAX_WORKERS);
}

export const quietFlag = {
  quiet: { type: 'boolean', default: false, describe: 'no progress on the terminal' },
} as const;

export const outFlag = {
  out: { type: 'string', describe: 'folder for results', requiresArg: true },
} as const;

/** For commands that read traces and files of other formats: what a small file may stand for. */
export const inputLimitFlags = {
  'max-expansion': {
    type: 'number',
    describe: 'how many times its size a compressed file may expand to, above 64 MiB (default: 1000)',
    requiresArg: true,
    coerce: (times: number) => {
      if (!(times >= 1)) throw new InputError('--max-expansion is not a number of at least 1');
      limitExpansion(times);
      return times;
    },
  },
  'max-pages': {
    type: 'number',
    describe:
      'pages that events or requests of over 512 pages may touch in all (default: 8388608, which are 32 GiB; four times as often when touched again)',
    requiresArg: true,
    coerce: (pages: number) => {
      limitLargePages(wholeFlag('max-pages', pages, 1, Number.MAX_SAFE_INTEGER));
      return pages;
    },
  },
} as const;

/** What a positional argument says: yargs passes a lone `-` as an empty text. */
export function loneHyphen(path: string): string {
  return path === '' ? '-' : path;
}

/** A positional argument that is a file, or `-`. */
export function filePositional(describe: string) {
  return {
    type: 'string',
    demandOption: true,
    describe,
    coerce: loneHyphen,
  } as const;
}

/** @throws InputError where the columns of tables are asked for and another format is printed, which has all columns */
export function checkFull(full: boolean, format: string): void {
  if (full && format !== 'table')
    throw new InputError(`--full is for tables, ${format} has all columns: expected one of the two flags`);
}

/**
 * The value of a flag that must be a whole number.
 *
 * @throws InputError when it is not, or out of range
 */
export function wholeFlag(flag: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InputError(`--${flag} is not a whole number from ${min} to ${max}`);
}

/** A positional argument that is a trace. */
export const tracePositional = filePositional(
  'a trace file, its address (http, https), the name of a shipped trace, or - for standard input',
);

/** A positional argument that is where a trace goes. */
export const outputPositional = filePositional(
  'a file (.rtrace is binary; .gz and .br compress text), or - for text on standard output',
);

/** A positional argument that is a plan. */
export const planPositional = {
  type: 'string',
  demandOption: true,
  describe: 'what reclaim plan has written',
} as const;

/** What the file of a command exports: its flags and what it does. It is registered in `main.ts`. */
export interface Command {
  readonly builder: (yargs: Argv) => Argv;
  readonly handler: (args: never) => Promise<void>;
}

/** A subcommand, with its usage line. */
export interface SubCommand extends Command {
  readonly command: string;
  readonly describe: string;
}
