import type { Argv } from 'yargs';
import { EXIT, HostError } from '../base/errors.js';
import { counted } from '../base/text.js';
import { besidePlan, readPlan } from '../sweep/plan-file.js';
import { runShard, type ShardSummary } from '../sweep/run-shard.js';
import { MAX_SHARDS, shardOf } from '../sweep/shard-number.js';
import {
  type Command,
  planPositional,
  quietFlag,
  type WorkerArgs,
  wholeFlag,
  workersFlag,
  workersOf,
} from './flags.js';
import { interruptible } from './interrupt.js';
import { Progress } from './progress.js';
import { note, print } from './terminal.js';

interface Args extends WorkerArgs {
  plan: string;
  shard?: string;
  shards?: number;
  results?: string;
  traces?: string;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('plan', planPositional)
    .options({
      shard: {
        type: 'string',
        describe:
          'which part: i/n, from 1/n to n/n; by default what a scheduler says (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX), else all',
        requiresArg: true,
      },
      shards: {
        type: 'number',
        describe: 'of how many parts this is one, where a scheduler says only which',
        requiresArg: true,
      },
      results: {
        type: 'string',
        describe: 'folder of finished cells, shared by all parts (default: next to the plan)',
        requiresArg: true,
      },
      traces: {
        type: 'string',
        describe: 'where the traces of the plan are: a folder, or http(s)://… (default: next to the plan)',
        requiresArg: true,
      },
      ...workersFlag,
      ...quietFlag,
    })
    .epilogue(
      [
        'A part that was killed is run again the same way: it continues with the cells that are missing.',
        '',
        'On one host, with GNU parallel: parallel reclaim run plan.jsonl --workers 1 --shard {}/16 ::: $(seq 16)',
        '',
        'Exit codes: 0 done, 2 bad input, 3 this host cannot do it or a worker died, 129, 130, 143 interrupted.',
      ].join('\n'),
    );
}

function summaryText({ cells, before, doubled, failed }: ShardSummary, results: string): string {
  const more = [
    ...(before > 0 ? [`${before} of them were finished before`] : []),
    ...(doubled > 0 ? [`${doubled} of them another process finished meanwhile`] : []),
    ...(failed > 0 ? [`${failed} of them failed`] : []),
  ];
  return `${counted(cells, 'cell')} in ${results}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}

async function handler(args: Args): Promise<void> {
  const { plan: file, results = besidePlan(file, 'results'), traces = besidePlan(file, 'traces') } = args;
  if (args.shards !== undefined) wholeFlag('shards', args.shards, 1, MAX_SHARDS);
  const { shard, of, from } = shardOf(args, process.env);
  const workers = workersOf(args);
  const plan = readPlan(file);
  const name = of === 1 ? plan.experiment.name : `${plan.experiment.name} ${shard}/${of}`;
  if (from !== undefined) note(`${name}, as ${from} says`);
  let progress: Progress | undefined;
  try {
    await interruptible(async (signal) => {
      const summary = await runShard(plan, {
        shard,
        of,
        results,
        traces,
        workers,
        signal,
        events: {
          started(cells, before) {
            progress = new Progress(name, cells - before, args.quiet);
          },
          note,
          finishedCell: (leftMs) => progress?.step(leftMs),
          failedCell: (cell, what, reason) => note(`cell ${cell} (${what}) failed: ${reason}`),
        },
      });
      progress?.stop();
      if (signal.aborted) {
        note(`reclaim: interrupted; finished cells are kept in ${results}, the same command continues`);
        return;
      }
      if (summary.failed > 0)
        process.exitCode = summary.failedOfInput === summary.failed ? EXIT.badInput : EXIT.hostCannot;
      await print(summaryText(summary, results));
    });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new HostError(
      `${error.message}; finished cells are kept in ${results}, the same command continues`,
    );
  } finally {
    progress?.stop();
  }
}

export const run: Command = { builder, handler };
