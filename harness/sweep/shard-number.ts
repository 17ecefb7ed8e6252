import { InputError } from '../base/errors.js';
import { wholeNumber } from '../base/parse.js';
import type { Shard } from './run-shard.js';

/** The most parts that a sweep is cut into. */
export const MAX_SHARDS = 100_000;

/** What a scheduler tells the tasks of an array job. */
interface Scheduler {
  readonly name: string;
  readonly index: string;
  /** How many tasks there are, where it says so. */
  readonly count?: string;
  /** The least index and the step, where they are not 0 and 1. */
  readonly first?: string;
  readonly step?: string;
}

/** Sources: sbatch(1) of Slurm, the documentation of Indexed Jobs of Kubernetes, and that of array jobs of AWS Batch. */
const SCHEDULERS: readonly Scheduler[] = [
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    first: 'SLURM_ARRAY_TASK_MIN',
    step: 'SLURM_ARRAY_TASK_STEP',
  },
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX' },
  { name: 'AWS Batch', index: 'AWS_BATCH_JOB_ARRAY_INDEX', count: 'AWS_BATCH_JOB_ARRAY_SIZE' },
];

type Environment = Readonly<Record<string, string | undefined>>;

/** The number that a variable holds. @throws InputError where it is not one */
function variable(env: Environment, name: string): number {
  const value = wholeNumber(env[name] ?? '');
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new InputError(`${name} is "${env[name]}", expected a whole number`);
}

function optional(env: Environment, name: string | undefined, otherwise: number): number {
  return name === undefined || env[name] === undefined ? otherwise : variable(env, name);
}

/** @throws InputError where a shard is not one of `of` */
function checked(shard: number, of: number, what: string): Shard {
  if (of >= 1 && of <= MAX_SHARDS && shard >= 1 && shard <= of) return { shard, of };
  throw new InputError(`${what}, expected a shard from 1 to N of N, with N up to ${MAX_SHARDS}`);
}

/** The part that `--shard i/n` names, from 1. @throws InputError when it is not one */
function givenShard(text: string): Shard {
  const [, shard, of] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  if (shard === undefined) throw new InputError(`--shard is "${text}", expected i/n, as in --shard 1/7`);
  return checked(Number(shard), Number(of), `--shard is ${text}`);
}

/** The part that a task of an array job runs. @throws InputError where it cannot be told of how many it is one */
function taskShard(scheduler: Scheduler, env: Environment, shards: number | undefined): Shard {
  const first = optional(env, scheduler.first, 0);
  const step = Math.max(1, optional(env, scheduler.step, 1));
  const index = variable(env, scheduler.index);
  const where = `${scheduler.index} is ${index}`;
  // Of a part of an array that is run again, neither the first index nor the number of tasks is that of the whole.
  if (shards !== undefined) return checked(index + 1, shards, `${where} and --shards is ${shards}`);
  const of = scheduler.count === undefined ? undefined : optional(env, scheduler.count, 0);
  if (of === undefined || of === 0)
    throw new InputError(`${where}, and ${scheduler.name} does not say of how many: expected --shards N`);
  return checked((index - first) / step + 1, of, `${where} of ${of} tasks from ${first} on`);
}

/**
 * Which part of a sweep a process runs: as `--shard` says, or as the scheduler that has started it does; all of it without.
 *
 * @param shards the value of `--shards`
 * @throws InputError for a part that there is not
 */
export function shardOf(
  { shard, shards }: { readonly shard?: string | undefined; readonly shards?: number | undefined },
  env: Environment,
): Shard & { readonly from: string | undefined } {
  if (shard !== undefined) {
    if (shards !== undefined) throw new InputError('--shard says of how many, expected no --shards with it');
    return { ...givenShard(shard), from: undefined };
  }
  const scheduler = SCHEDULERS.find(({ index }) => env[index] !== undefined);
  if (scheduler) return { ...taskShard(scheduler, env, shards), from: scheduler.name };
  if (shards !== undefined && shards !== 1)
    throw new InputError(
      `--shards ${shards} needs a scheduler that says which of them this is (${SCHEDULERS.map(({ index }) => index).join(', ')}), expected --shard i/${shards}`,
    );
  return { shard: 1, of: 1, from: undefined };
}
