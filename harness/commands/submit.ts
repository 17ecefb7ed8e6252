import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { HostError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { DISK } from '../output/disk.js';
import { writeWhole } from '../output/whole.js';
import { besidePlan, type Plan, readPlan } from '../sweep/plan-file.js';
import { MAX_SHARDS } from '../sweep/shard-number.js';
import { kubernetesManifest } from '../sweep/submit/kubernetes.js';
import { checkShards, type JobOptions, usualShards } from '../sweep/submit/limits.js';
import { slurmScripts } from '../sweep/submit/slurm.js';
import { type Command, planPositional, wholeFlag } from './flags.js';
import { print } from './terminal.js';

const MAX_WORKERS = 256;
const MAX_RETRIES = 100;

interface Args {
  scheduler: 'slurm' | 'kubernetes';
  plan: string;
  shards?: number;
  workers: number;
  retries: number;
  jobs?: string;
  results?: string;
  traces?: string;
  out?: string;
  option: string[];
  image: string;
  claim: string;
  namespace?: string;
  go: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('scheduler', {
      choices: ['slurm', 'kubernetes'] as const,
      demandOption: true,
      describe: 'for what',
    })
    .positional('plan', planPositional)
    .options({
      shards: {
        type: 'number',
        describe:
          'tasks of the array job (default: as many as are busy for three quarters of their time, up to 1000)',
        requiresArg: true,
      },
      workers: {
        type: 'number',
        default: 1,
        describe: 'worker threads, and cores, of a task',
        requiresArg: true,
      },
      retries: {
        type: 'number',
        default: 3,
        describe: 'how often a task is tried again that its host or its time has ended',
        requiresArg: true,
      },
      jobs: {
        type: 'string',
        describe: 'folder of what is written, and of logs (default: next to the plan)',
        requiresArg: true,
      },
      results: {
        type: 'string',
        describe: 'Slurm: folder of finished cells (default: next to the plan)',
        requiresArg: true,
      },
      traces: {
        type: 'string',
        describe: 'Slurm: where the traces are, as of reclaim run',
        requiresArg: true,
      },
      out: {
        type: 'string',
        describe: 'Slurm: folder that results are merged into (default: next to the plan)',
        requiresArg: true,
      },
      option: {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Slurm: an option of sbatch, as in --option=--partition=long (repeatable)',
      },
      image: {
        type: 'string',
        default: 'reclaim-bench',
        describe: 'Kubernetes: the image (see Containerfile)',
        requiresArg: true,
      },
      claim: {
        type: 'string',
        default: 'reclaim-sweep',
        describe: 'Kubernetes: a volume claim (ReadWriteMany) with the plan and its .traces at its top',
        requiresArg: true,
      },
      namespace: { type: 'string', describe: 'Kubernetes: the namespace', requiresArg: true },
      go: {
        type: 'boolean',
        default: false,
        describe: 'also submit; without, it only writes and says how to',
      },
    })
    .epilogue(
      'Writes an array job, a task a shard, and a job that merges. Time and memory are limited by the estimates of the plan.',
    );
}

/** What is written, by names, and the command that submits it. */
interface Jobs {
  readonly files: ReadonlyMap<string, string>;
  readonly command: readonly string[];
}

/** @throws InputError for an option that would be more than one line of a script */
function checkOptions(options: readonly string[]): void {
  const wrong = options.find((option) => !/^--?[^\n\r]+$/.test(option));
  if (wrong !== undefined)
    throw new InputError(`--option ${wrong} is not an option of sbatch, expected one like --partition=long`);
}

/** Where traces are, from any folder. */
function placeOf(traces: string): string {
  return /^https?:/.test(traces) ? traces : resolve(traces);
}

function jobsOf(plan: Plan, args: Args, folder: string): Jobs {
  const { shards = usualShards(plan), workers, retries } = args;
  checkShards(plan, shards);
  const common: JobOptions = {
    shards,
    workers,
    retries,
    results: args.results ?? besidePlan(plan.file, 'results'),
    traces: placeOf(args.traces ?? besidePlan(plan.file, 'traces')),
    out: args.out ?? besidePlan(plan.file, 'merged'),
  };
  if (args.scheduler === 'kubernetes') {
    const { image, claim, namespace } = args;
    const manifest = kubernetesManifest(plan, { shards, workers, retries, image, claim, namespace });
    return {
      files: new Map([['jobs.yaml', manifest]]),
      command: ['kubectl', 'apply', '-f', join(folder, 'jobs.yaml')],
    };
  }
  checkOptions(args.option);
  const program = [process.execPath, realpathSync(process.argv[1]!)];
  const files = slurmScripts(plan, { ...common, program, folder, options: args.option });
  return { files, command: ['sh', join(folder, 'submit.sh')] };
}

/** Runs what submits. @throws HostError with what it said where it fails */
function submit([program, ...args]: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program!, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trimEnd();
  const said = stderr?.trim().split('\n').at(-1) || (error?.message ?? `exit code ${status}`);
  throw new HostError(`not submitted: ${program} ${args.join(' ')}: ${said}`);
}

async function handler(args: Args): Promise<void> {
  wholeFlag('workers', args.workers, 1, MAX_WORKERS);
  wholeFlag('retries', args.retries, 0, MAX_RETRIES);
  if (args.shards !== undefined) wholeFlag('shards', args.shards, 1, MAX_SHARDS);
  const plan = readPlan(args.plan);
  const folder = args.jobs ?? besidePlan(args.plan, 'jobs');
  const { files, command } = jobsOf(plan, args, folder);
  makeFolder(folder);
  for (const [name, text] of files) writeWhole(DISK, join(folder, name), text);
  const written = [...files.keys()].map((name) => join(folder, name)).join('\n');
  if (args.go) await print(`${written}\n${submit(command)}`);
  else await print(`${written}\nTo submit: ${command.join(' ')}`);
}

export const submitCommand: Command = { builder, handler };
