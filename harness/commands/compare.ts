import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { EXIT, HostError } from '../base/errors.js';
import { readCosts } from '../cost/table.js';
import type { Experiment } from '../experiment/file.js';
import { WRITTEN_FILES } from '../experiment/result-files.js';
import { type RunSummary, runInto } from '../experiment/run.js';
import { OutputFolder } from '../output/folder.js';
import { costsLine } from '../report/costs-line.js';
import { isLive } from '../report/selection.js';
import { wrapped } from '../report/terminal-text.js';
import {
  type ComparisonArgs,
  checkComparison,
  comparisonFlags,
  furtherFiles,
  showComparison,
} from './comparison.js';
import { dryRun } from './dry-run.js';
import {
  type ExperimentArgs,
  experimentOf,
  experimentPositional,
  replicatesFlag,
} from './experiment-flags.js';
import {
  type Command,
  inputLimitFlags,
  loadPolicyModules,
  outFlag,
  type PolicyModuleArgs,
  policyModuleFlag,
  policyTimeout,
  quietFlag,
  type WorkerArgs,
  workersFlag,
  workersOf,
} from './flags.js';
import { interruptible } from './interrupt.js';
import { checkLiveFlags, type KernelArgs, kernelFlags } from './live-flags.js';
import { Progress } from './progress.js';
import { note, outputLook, print } from './terminal.js';

interface Args extends PolicyModuleArgs, WorkerArgs, ComparisonArgs, KernelArgs, ExperimentArgs {
  out?: string;
  resume: boolean;
  heatmap: boolean;
  dryRun: boolean;
  costs?: string;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('experiment', experimentPositional)
    .options({
      ...outFlag,
      ...replicatesFlag,
      ...workersFlag,
      costs: {
        type: 'string',
        describe:
          'cost table (JSON), as of reclaim calibrate: all cells run under it and under the default one, and it is said whether the answer changes',
        requiresArg: true,
      },
      resume: {
        type: 'boolean',
        default: false,
        describe:
          'continue an interrupted run, or use finished cells of an earlier one, where their inputs are the same',
      },
      heatmap: {
        type: 'boolean',
        default: false,
        describe: 'also write heatmap.csv, touches by time and address, for the figure heat-map',
      },
      ...kernelFlags,
      'dry-run': {
        type: 'boolean',
        default: false,
        describe: 'only say how many cells there are, and what time and memory they are expected to take',
      },
      ...comparisonFlags,
      ...inputLimitFlags,
      ...policyModuleFlag,
      ...quietFlag,
    })
    .epilogue(
      'Exit codes: 0 done, 2 bad input, 3 this host cannot do it, 4 every cell ran out of memory, 129, 130, 143 interrupted.',
    );
}

/** Runs the cells of an experiment, with their progress on the terminal. */
async function runCells(
  folder: OutputFolder,
  experiment: Experiment,
  args: Args,
  signal: AbortSignal,
): Promise<RunSummary> {
  let progress: Progress | undefined;
  try {
    return await runInto(folder, experiment, {
      workers: workersOf(args),
      resume: args.resume,
      heatmap: args.heatmap,
      policyModules: args.policyModule,
      policyTimeoutS: policyTimeout(args),
      parquet: args.format.parquet,
      command: ['reclaim', ...process.argv.slice(2)].join(' '),
      alsoWrite: (results) => furtherFiles(experiment.claims, results),
      signal,
      events: {
        started(cells, resumed) {
          if (resumed > 0) note(`${resumed} of ${cells} cells are already finished`);
          progress = new Progress(experiment.name, cells - resumed, args.quiet);
        },
        note,
        finishedCell: (leftMs) => progress?.step(leftMs),
        failedCell: (cell, what, reason) => note(`cell ${cell} (${what}) failed: ${reason}`),
      },
    });
  } finally {
    progress?.stop();
  }
}

/** What an interrupted run has left. */
function keptText({ finished, planned }: RunSummary, folder: OutputFolder): string {
  if (folder.isMoving())
    return `all ${planned} cells are finished, and the files of the run are being moved to ${folder.path}: the next reclaim command that writes there completes that`;
  if (!folder.hasUnfinishedCells()) return `nothing in ${folder.path} was changed`;
  const before = folder.hasRun() ? `; the complete run in ${folder.path} is as it was` : '';
  const cells =
    planned > 0
      ? `${finished} of ${planned} cells are finished and kept`
      : 'finished cells of an earlier run are kept';
  return `${cells} in ${folder.unfinished}, --resume continues from there${before}`;
}

/** Runs an experiment into a folder. */
async function runInFolder(
  folder: OutputFolder,
  experiment: Experiment,
  args: Args,
  signal: AbortSignal,
): Promise<RunSummary> {
  try {
    const run = await runCells(folder, experiment, args, signal);
    if (run.failed > 0 && !run.aborted)
      process.exitCode = run.failedOfInput > 0 ? EXIT.badInput : EXIT.hostCannot;
    if (run.aborted) note(`reclaim: interrupted; ${keptText(run, folder)}`);
    else if (run.runs.length > 0 && run.runs.every(({ outcome }) => outcome === 'oom')) {
      note(`reclaim: all ${run.runs.length} cells ran out of memory: there is nothing to compare`);
      process.exitCode = EXIT.outOfMemory;
    }
    return run;
  } catch (error) {
    if (!(error instanceof HostError) || !folder.hasUnfinishedCells()) throw error;
    throw new HostError(`${error.message}; finished cells are kept, --resume continues from there`);
  } finally {
    folder.close();
  }
}

/** The experiment, with what flags say instead of it. */
async function experimentUnder(args: Args): Promise<Experiment> {
  const { costs } = args;
  await loadPolicyModules(args);
  const experiment = await experimentOf(args);
  if (costs === undefined) return experiment;
  readCosts(costs);
  return { ...experiment, costs: resolve(costs) };
}

/** Whether the answer is another one under the default cost table: the cells run under that as well, and are not kept. */
async function costsText(run: RunSummary, experiment: Experiment, args: Args): Promise<string> {
  note('the same cells under the default cost table:');
  const path = mkdtempSync(join(tmpdir(), 'reclaim-costs-'));
  try {
    const folder = await OutputFolder.open(path, { replaces: true, writes: WRITTEN_FILES, note });
    const standard = await interruptible((signal) =>
      runInFolder(
        folder,
        { ...experiment, costs: undefined },
        { ...args, resume: false, heatmap: false },
        signal,
      ),
    );
    return standard.aborted ? 'Costs: interrupted under the default cost table.' : costsLine(run, standard);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Says which cells are in no table. */
function noteLive({ runs }: RunSummary): void {
  const live = runs.filter(isLive);
  if (live.length === 0) return;
  const machines = [...new Set(live.map(({ machine }) => machine))].join(', ');
  note(
    `${live.length} of ${runs.length} cells ran on ${machines} and are not ranked: runs.csv has their counters`,
  );
}

async function handler(args: Args): Promise<void> {
  checkComparison(args);
  const experiment = await experimentUnder(args);
  checkLiveFlags(args, experiment.machine);
  if (args.dryRun) {
    await dryRun(experiment, args);
    return;
  }
  const out = args.out ?? join('results', 'runs', experiment.name);
  // What keeps this thread busy is outside of `interruptible`, so that signals have their default action: checking what is in
  // the folder, the text, and which figures have their data.
  const open = { replaces: true, force: args.force, writes: WRITTEN_FILES, note };
  const folder = await OutputFolder.open(out, open);
  const run = await interruptible((signal) => runInFolder(folder, experiment, args, signal));
  // What is missing from the tables of a part of the cells could turn their answer.
  if (run.aborted || run.runs.length === 0) return;
  noteLive(run);
  if (args.costs !== undefined) {
    const said = wrapped(await costsText(run, experiment, args), outputLook().columns, '  ');
    if (args.format.printed === 'table') await print(said);
    else note(said);
  }
  await showComparison(run, experiment.claims, args, workersOf(args));
}

export const compare: Command = { builder, handler };
