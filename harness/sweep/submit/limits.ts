import { InputError } from '../../base/errors.js';
import type { Plan } from '../plan-file.js';
import { runsOf, shareOut, worthwhileShards } from '../shards.js';

/** The most tasks of an array job of Slurm, unless its MaxArraySize says otherwise. */
const MOST_TASKS = 1000;

/** How a sweep is submitted, for any scheduler. */
export interface JobOptions {
  readonly shards: number;
  /** Worker threads of a shard, and its cores. */
  readonly workers: number;
  /** How often a shard is tried again that did not end, or ended because of its host. */
  readonly retries: number;
  /** The folders of results and traces, and of what is merged. */
  readonly results: string;
  readonly traces: string;
  readonly out: string;
}

/** What a task may use. */
export interface Limits {
  readonly memoryMib: number;
  readonly minutes: number;
}

const MIB = 1024 ** 2;
const MINUTE_NS = 60e9;
/** Estimates are within a factor of 3, and the host may be slower than that of their constants. */
const TIME_MARGIN = 10;
const LEAST_MINUTES = 10;
const MEMORY_MARGIN = 1.5;
const LEAST_MIB = 512;
/** Kept of each cell while results are merged. */
const MERGED_BYTES = 32 * 1024;

/** The shards of a plan where none are asked for: as many as are busy for most of their time. */
export function usualShards(plan: Plan): number {
  return Math.min(MOST_TASKS, worthwhileShards(runsOf(plan.lines)));
}

/** @throws InputError for more shards than there is anything to run in */
export function checkShards(plan: Plan, shards: number): void {
  const runs = runsOf(plan.lines).length;
  if (shards > runs)
    throw new InputError(`--shards ${shards}, and the plan has ${runs} runs: expected at most a shard a run`);
}

/** What a shard may use, from the estimates of its cells, with a margin. */
export function shardLimits(plan: Plan, { shards, workers }: Pick<JobOptions, 'shards' | 'workers'>): Limits {
  const jobs = runsOf(plan.lines);
  const longest = shareOut(jobs, shards).reduce(
    (most, shard) =>
      Math.max(
        most,
        shard.reduce((sum, { ns }) => sum + ns, 0),
      ),
    0,
  );
  // Workers run the largest cells at the same time, at worst.
  const largest = jobs
    .map(({ bytes }) => bytes)
    .sort((a, b) => b - a)
    .slice(0, workers)
    .reduce((sum, bytes) => sum + bytes, 0);
  return {
    memoryMib: Math.max(LEAST_MIB, Math.ceil((largest * MEMORY_MARGIN) / MIB)),
    minutes: Math.max(LEAST_MINUTES, Math.ceil((longest * TIME_MARGIN) / MINUTE_NS)),
  };
}

/** What the job that merges may use. */
export function mergeLimits(plan: Plan): Limits {
  const memoryMib = Math.max(2 * LEAST_MIB, Math.ceil((plan.lines.length * MERGED_BYTES) / MIB));
  return { memoryMib, minutes: 6 * LEAST_MINUTES };
}
