import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Argv } from 'yargs';
import { EXIT, HostError } from '../base/errors.js';
import { type Experiment, MAX_REPLICATES } from '../experiment/file.js';
import { namedExperiment } from '../experiment/one-trace.js';
import { type RunSummary, runInto } from '../experiment/run.js';
import { WRITTEN_FILES } from '../experiment/store.js';
import type { Claim } from '../metrics/claim.js';
import { csvHeader, csvRows } from '../metrics/csv.js';
import { ResultsFolder } from '../metrics/results.js';
import { addFiles } from '../output/adding.js';
import { OutputFolder } from '../output/folder.js';
import { CLAIM_COLUMNS, claimRows, claimsTable, type JudgedClaim, judgeClaims } from '../report/claims.js';
import { FigureData } from '../report/figures/data.js';
import type { Figure } from '../report/figures/figure.js';
import { FIGURES, HEADLINE, missingFor } from '../report/figures/registry.js';
import { USUAL_FORMATS } from '../report/render/formats.js';
import { wrapped } from '../report/terminal-text.js';
import { comparisonText } from '../report/text.js';
import { verdictJson } from '../report/verdict-json.js';
import { drawInWorkers, drawnText } from './draw.js';
import {
  type Command,
  inputLimitFlags,
  loneHyphen,
  outFlag,
  type PolicyModuleArgs,
  policyModuleFlag,
  policyTimeout,
  quietFlag,
  wholeFlag,
} from './flags.js';
import { interruptible } from './interrupt.js';
import { Progress } from './progress.js';
import { note, outputLook, print } from './terminal.js';

const MAX_WORKERS = 1024;

interface Args extends PolicyModuleArgs {
  experiment?: string;
  out?: string;
  workers?: number;
  resume: boolean;
  force: boolean;
  heatmap: boolean;
  report: boolean;
  figures: 'headline' | 'all';
  full: boolean;
  replicates?: number;
  quiet: boolean;
}

function builder(yargs: Argv): Argv {
  return yargs
    .positional('experiment', {
      type: 'string',
      describe:
        'experiment file (YAML), or a trace (- for standard input) to compare all policies on; without, the shipped comparison',
      coerce: loneHyphen,
    })
    .options({
      ...outFlag,
      replicates: {
        type: 'number',
        describe:
          'how often each generated trace is generated, with other seeds (default: as the experiment says, else once)',
        requiresArg: true,
      },
      workers: { type: 'number', describe: 'worker threads (default: one per core)', requiresArg: true },
      resume: {
        type: 'boolean',
        default: false,
        describe:
          'continue an interrupted run, or use finished cells of an earlier one, where their inputs are the same',
      },
      force: {
        type: 'boolean',
        default: false,
        describe: 'write into a folder that holds files of others; they are kept',
      },
      heatmap: {
        type: 'boolean',
        default: false,
        describe: 'also write heatmap.csv, touches by time and address, for the figure heat-map',
      },
      report: {
        type: 'boolean',
        default: true,
        describe: 'write report.html and draw figures when all cells are done; --no-report skips that',
      },
      figures: {
        choices: ['headline', 'all'] as const,
        default: 'headline' as const,
        describe: 'which figures are drawn then: what each policy saves at what price, or all that have data',
      },
      full: {
        type: 'boolean',
        default: false,
        describe: 'print tables with all columns, and sentences on what they show',
      },
      ...inputLimitFlags,
      ...policyModuleFlag,
      ...quietFlag,
    })
    .epilogue(
      'Exit codes: 0 done, 2 bad input, 3 this host cannot do it, 4 every cell ran out of memory, 129, 130, 143 interrupted.',
    );
}

/** claims.csv: the claims of an experiment, judged by its results. */
function claimsFile(judged: readonly JudgedClaim[]): Map<string, string> {
  if (judged.length === 0) return new Map();
  return new Map([['claims.csv', csvHeader(CLAIM_COLUMNS) + csvRows(CLAIM_COLUMNS, claimRows(judged))]]);
}

/** What is printed after a run. */
function summary(
  { runs, draws, spaces, traces, folder }: RunSummary,
  claims: readonly Claim[],
  full: boolean,
): string {
  const judged = judgeClaims(claims, runs);
  const files = `runs.csv, draws.csv, timeline.csv, spaces.csv, calls.csv, perf.csv, ${judged.length > 0 ? 'claims.csv, ' : ''}verdict.json, manifest.json`;
  return [
    comparisonText({ runs, draws, spaces, traces }, { look: outputLook(), full }),
    ...(judged.length > 0 ? [`Claims, judged by the cells above:\n${claimsTable(judged)}`] : []),
    wrapped(`Results: ${folder} (${files})`, outputLook().columns, '  '),
  ].join('\n\n');
}

/** Threads that run cells, and then draw. */
function workersOf({ workers }: Args): number {
  return workers === undefined ? availableParallelism() : wholeFlag('workers', workers, 1, MAX_WORKERS);
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
      command: ['reclaim', ...process.argv.slice(2)].join(' '),
      alsoWrite: (results) =>
        new Map([
          ...claimsFile(judgeClaims(experiment.claims, results.runs)),
          ['verdict.json', verdictJson(results)],
        ]),
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

/** The figures that are drawn of those that have their data: the headline, or all where it has none or all are wanted. */
function figuresFor(data: FigureData, wanted: Args['figures']): readonly Figure[] {
  const among = (figures: readonly Figure[]) =>
    figures.filter((figure) => missingFor(figure, data) === undefined);
  // Whether the others have data is not asked: their files are large.
  const headline = wanted === 'headline' ? among(HEADLINE) : [];
  return headline.length > 0 ? headline : among(FIGURES);
}

/** Draws report.html and figures, in workers: they keep a thread busy for seconds. */
async function draw(
  folder: string,
  figures: readonly Figure[],
  args: Args,
  signal: AbortSignal,
): Promise<void> {
  const more = figures.every((figure) => HEADLINE.includes(figure));
  const request = {
    folder,
    replaced: {},
    width: 'column' as const,
    formats: USUAL_FORMATS,
    figures: figures.map(({ name }) => name),
    report: true,
  };
  const files = await drawInWorkers(request, workersOf(args), signal);
  if (!files) {
    note(`reclaim: interrupted; the results are complete, reclaim report ${folder} draws their figures`);
    return;
  }
  await addFiles(folder, files, note);
  await print(drawnText(folder, [...files.keys()], { formats: USUAL_FORMATS, listed: false, more }));
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
async function experimentOf({ experiment, replicates }: Args): Promise<Experiment> {
  if (replicates !== undefined) wholeFlag('replicates', replicates, 1, MAX_REPLICATES);
  const read = await namedExperiment(experiment);
  return replicates === undefined ? read : { ...read, replicates };
}

async function handler(args: Args): Promise<void> {
  const experiment = await experimentOf(args);
  const out = args.out ?? join('results', 'runs', experiment.name);
  // What keeps this thread busy is outside of `interruptible`, so that signals have their default action: checking what is in
  // the folder, the text, and which figures have their data.
  const open = { replaces: true, force: args.force, writes: WRITTEN_FILES, note };
  const folder = await OutputFolder.open(out, open);
  const run = await interruptible((signal) => runInFolder(folder, experiment, args, signal));
  // What is missing from the tables of a part of the cells could turn their answer.
  if (run.aborted || run.runs.length === 0) return;
  await print(summary(run, experiment.claims, args.full));
  if (!args.report) return;
  const figures = figuresFor(new FigureData(ResultsFolder.open(folder.path)), args.figures);
  await interruptible((signal) => draw(folder.path, figures, args, signal));
}

export const compare: Command = { builder, handler };
