import { join } from 'node:path';
import type { Argv } from 'yargs';
import { EXIT } from '../base/errors.js';
import { WRITTEN_FILES } from '../experiment/result-files.js';
import type { RunSummary } from '../experiment/run.js';
import { OutputFolder } from '../output/folder.js';
import { mergeSweep, untilFinished } from '../sweep/merge.js';
import { besidePlan, type Plan, readPlan } from '../sweep/plan-file.js';
import {
  type ComparisonArgs,
  checkComparison,
  comparisonFlags,
  furtherFiles,
  showComparison,
} from './comparison.js';
import {
  type Command,
  outFlag,
  planPositional,
  quietFlag,
  type WorkerArgs,
  workersFlag,
  workersOf,
} from './flags.js';
import { hostsText } from './hosts-text.js';
import { interruptible } from './interrupt.js';
import { Progress } from './progress.js';
import { note, print } from './terminal.js';

interface Args extends ComparisonArgs, WorkerArgs {
  plan: string;
  folders: string[];
  out?: string;
  wait: boolean;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('plan', planPositional)
    .positional('folders', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe:
        'folders of finished cells, where shards did not share one (default: next to the plan); each cell is in one',
    })
    .options({
      ...outFlag,
      wait: {
        type: 'boolean',
        default: false,
        describe: 'wait until all cells are finished, where a scheduler cannot start this after them',
      },
      ...workersFlag,
      ...comparisonFlags,
      ...quietFlag,
    })
    .epilogue(
      'Writes what reclaim compare writes, the same bytes but for perf.csv and manifest.json, which name hosts.\n\nExit codes: 0 done, 2 a cell is missing, there twice, damaged or of another plan, or failed; 3 this host cannot do it, 4 every cell ran out of memory.',
    );
}

/** Waits for all cells, with their progress on the terminal. */
async function wait(
  plan: Plan,
  folders: readonly string[],
  quiet: boolean,
  signal: AbortSignal,
): Promise<void> {
  const progress = new Progress(plan.experiment.name, plan.lines.length, quiet);
  try {
    await untilFinished(plan, folders, (finished) => progress.set(finished), signal);
  } finally {
    progress.stop();
  }
}

/** Says how a merge ended that has results. */
function noteOutcome({ runs, failed }: RunSummary): void {
  if (failed > 0) process.exitCode = EXIT.badInput;
  else if (runs.every(({ outcome }) => outcome === 'oom')) {
    note(`reclaim: all ${runs.length} cells ran out of memory: there is nothing to compare`);
    process.exitCode = EXIT.outOfMemory;
  }
}

async function handler(args: Args): Promise<void> {
  checkComparison(args);
  const plan = readPlan(args.plan);
  const { name, claims } = plan.experiment;
  const out = args.out ?? join('results', 'runs', name);
  const folders = args.folders.length > 0 ? args.folders : [besidePlan(args.plan, 'results')];
  const open = { replaces: true, force: args.force, writes: WRITTEN_FILES, note };
  const merged = await interruptible(async (signal) => {
    if (args.wait) await wait(plan, folders, args.quiet, signal);
    if (signal.aborted) return undefined;
    const folder = await OutputFolder.open(out, open);
    try {
      return await mergeSweep(plan, folder, {
        results: folders,
        parquet: args.format.parquet,
        command: ['reclaim', ...process.argv.slice(2)].join(' '),
        alsoWrite: (results) => furtherFiles(claims, results),
        signal,
      });
    } finally {
      folder.close();
    }
  });
  if (!merged || merged.summary.aborted) {
    note('reclaim: interrupted; nothing was merged');
    return;
  }
  noteOutcome(merged.summary);
  const hosts = hostsText(merged.hosts);
  if (args.format.printed === 'table') await print(`${hosts}\n`);
  else note(hosts);
  await showComparison(merged.summary, claims, args, workersOf(args));
}

export const merge: Command = { builder, handler };
