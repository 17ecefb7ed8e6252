import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Argv } from 'yargs';
import { EXIT } from '../base/errors.js';
import { DEFAULT_EXPERIMENT, type Experiment, readExperiment } from '../experiment/file.js';
import { type RunSummary, runExperiment } from '../experiment/run.js';
import { writeResults } from '../experiment/store.js';
import type { Claim } from '../metrics/claim.js';
import { CLAIM_COLUMNS, claimRows, claimsTable, judgeClaims } from '../report/claims.js';
import { comparisonText } from '../report/text.js';
import {
  type Command,
  expansionFlag,
  outFlag,
  type PolicyModuleArgs,
  policyModuleFlag,
  policyTimeout,
  quietFlag,
  wholeFlag,
} from './flags.js';
import { note, Progress, print } from './terminal.js';

const MAX_WORKERS = 1024;

interface Args extends PolicyModuleArgs {
  experiment?: string;
  out?: string;
  workers?: number;
  resume: boolean;
  heatmap: boolean;
  report: boolean;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('experiment', {
      type: 'string',
      describe: 'experiment file (YAML); without one, the shipped comparison',
    })
    .options({
      ...outFlag,
      workers: { type: 'number', describe: 'worker threads (default: one per core)', requiresArg: true },
      resume: {
        type: 'boolean',
        default: false,
        describe: 'skip finished cells of an earlier run whose inputs are the same',
      },
      heatmap: {
        type: 'boolean',
        default: false,
        describe: 'also write heatmap.csv, touches by time and address, for the figure heat-map',
      },
      report: {
        type: 'boolean',
        default: true,
        describe: 'write report.html and draw the figures when all cells are done; --no-report skips that',
      },
      ...expansionFlag,
      ...policyModuleFlag,
      ...quietFlag,
    });
}

/** Judges the claims of an experiment by its results. Writes claims.csv and returns the table. */
function claimsText(claims: readonly Claim[], run: RunSummary): string {
  const judged = judgeClaims(claims, run.runs);
  writeResults(run.folder, 'claims.csv', CLAIM_COLUMNS, claimRows(judged));
  return `Claims, judged by the cells above:\n${claimsTable(judged)}`;
}

/** What is printed after a run. */
function summary(run: RunSummary, claims: readonly Claim[]): string {
  const { runs, spaces, traces, folder } = run;
  // An interrupted run lacks cells that claims need.
  const judged = claims.length > 0 && !run.aborted;
  return [
    comparisonText({ runs, spaces, traces }),
    ...(judged ? [claimsText(claims, run)] : []),
    `Results: ${folder} (runs.csv, timeline.csv, spaces.csv, perf.csv, ${judged ? 'claims.csv, ' : ''}manifest.json)`,
  ].join('\n\n');
}

/** Runs the cells; Ctrl-C interrupts that and leaves the finished ones usable. */
async function runCells(args: Args, experiment: Experiment): Promise<RunSummary> {
  const workers =
    args.workers === undefined ? availableParallelism() : wholeFlag('workers', args.workers, 1, MAX_WORKERS);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  let progress: Progress | undefined;
  try {
    return await runExperiment(experiment, {
      out: args.out ?? join('results', 'runs', experiment.name),
      workers,
      resume: args.resume,
      heatmap: args.heatmap,
      policyModules: args.policyModule,
      policyTimeoutS: policyTimeout(args),
      command: ['reclaim', ...process.argv.slice(2)].join(' '),
      signal: abort.signal,
      events: {
        started(cells, resumed) {
          if (resumed > 0) note(`${resumed} of ${cells} cells are already finished`);
          progress = new Progress(experiment.name, cells - resumed, args.quiet);
        },
        note,
        finishedCell: () => progress?.step(),
        failedCell: (cell, what, reason) => note(`cell ${cell} (${what}) failed: ${reason}`),
      },
    });
  } finally {
    progress?.stop();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

async function handler(args: Args): Promise<void> {
  const experiment = readExperiment(args.experiment ?? DEFAULT_EXPERIMENT);
  const run = await runCells(args, experiment);
  if (run.runs.length > 0) await print(summary(run, experiment.claims));
  if (run.aborted) {
    note(`reclaim: interrupted; finished cells are kept in ${run.folder}, --resume continues from there`);
    process.exitCode = EXIT.interrupted;
    return;
  }
  if (run.failed > 0) process.exitCode = run.failedOfInput > 0 ? EXIT.badInput : EXIT.hostCannot;
  if (!args.report || run.runs.length === 0) return;
  // The drawing code takes longer to load than a small experiment takes to run.
  const { drawResults } = await import('./report.js');
  await print(await drawResults(run.folder));
}

export const compare: Command = { builder, handler };
