import { resolve } from 'node:path';
import type { Plan } from '../plan-file.js';
import { type JobOptions, type Limits, mergeLimits, shardLimits } from './limits.js';

/** What only Slurm needs to know. */
export interface SlurmOptions extends JobOptions {
  /** How nodes start this program, word by word. */
  readonly program: readonly string[];
  /** The folder of scripts and logs, as nodes see it. */
  readonly folder: string;
  /** Further options of sbatch, such as --partition=long. */
  readonly options: readonly string[];
}

/** Characters that a shell takes as they are. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a shell reads it. */
function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function line(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** Seconds before its time is over at which a shard is told to end, and starts again in a new time. */
const WARNING_S = 60;

function head(
  name: string,
  { memoryMib, minutes }: Limits,
  options: readonly string[],
  own: readonly string[],
): string[] {
  const all = [`--job-name=${name}`, `--mem=${memoryMib}M`, `--time=${minutes}`, ...own, ...options];
  return ['#!/bin/bash', ...all.map((option) => `#SBATCH ${option}`), ''];
}

/** The script of an array job: a task a shard. */
function arrayScript(plan: Plan, options: SlurmOptions): string {
  const { shards, workers, retries, results, traces, program, folder } = options;
  const words = ['run', resolve(plan.file), '--workers', String(workers), '--quiet'];
  const places = ['--results', resolve(results), '--traces', traces];
  return [
    ...head(`reclaim-${plan.experiment.name}`, shardLimits(plan, options), options.options, [
      `--array=1-${shards}`,
      `--cpus-per-task=${workers}`,
      '--requeue',
      '--open-mode=append',
      `--signal=B:USR1@${WARNING_S}`,
      `--output=${resolve(folder)}/shard-%a.log`,
    ]),
    `# A shard of ${shards}. It is queued again, at most ${retries} times, unless it is done (0) or its input is wrong (2): it`,
    '# continues with the cells that are missing. A node that fails is up to Slurm (--requeue).',
    `trap 'kill -TERM "$shard" 2> /dev/null' USR1 TERM`,
    `${line([...program, ...words, ...places])} --shard "$SLURM_ARRAY_TASK_ID/${shards}" &`,
    'shard=$!',
    'wait "$shard"',
    'code=$?',
    '# A signal ends this wait before the shard has ended.',
    'while kill -0 "$shard" 2> /dev/null; do wait "$shard"; code=$?; done',
    `if [ "$code" -ne 0 ] && [ "$code" -ne 2 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${retries} ]; then`,
    '  scontrol requeue "$SLURM_JOB_ID" && sleep 60',
    'fi',
    'exit "$code"',
    '',
  ].join('\n');
}

/** The script of the job that merges what the shards have finished. */
function mergeScript(plan: Plan, { results, out, program, folder, options }: SlurmOptions): string {
  const words = [
    'merge',
    resolve(plan.file),
    resolve(results),
    '--out',
    resolve(out),
    '--workers',
    '1',
    '--quiet',
  ];
  return [
    ...head(`reclaim-${plan.experiment.name}-merge`, mergeLimits(plan), options, [
      '--cpus-per-task=1',
      '--open-mode=append',
      `--output=${resolve(folder)}/merge.log`,
    ]),
    `exec ${line([...program, ...words])}`,
    '',
  ].join('\n');
}

/** The scripts of a sweep for Slurm, by their names; `submit.sh` submits the others. */
export function slurmScripts(plan: Plan, options: SlurmOptions): ReadonlyMap<string, string> {
  const folder = quoted(resolve(options.folder));
  const submit = [
    '#!/bin/sh',
    '# An array job, a task a shard; then a job that merges, which says what is missing where a shard failed for good.',
    'set -e',
    `array=$(sbatch --parsable ${folder}/array.sbatch)`,
    '# On several clusters, --parsable adds the name of the one.',
    `array=\${array%%;*}`,
    `merge=$(sbatch --parsable --dependency="afterany:$array" ${folder}/merge.sbatch)`,
    `echo "array job $array, merge job \${merge%%;*}"`,
    '',
  ].join('\n');
  return new Map([
    ['array.sbatch', arrayScript(plan, options)],
    ['merge.sbatch', mergeScript(plan, options)],
    ['submit.sh', submit],
  ]);
}
