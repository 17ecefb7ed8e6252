import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/package-root.js';
import type { Touches } from '../base/touches.js';
import { type CostTable, costsNote, type LoadedCosts, readCosts } from '../cost/table.js';
import type { HeatmapRow, RunRow, SpaceRow } from '../metrics/files.js';
import { thisHost, VERSION } from '../metrics/host.js';
import { OUTCOMES, SCHEMA_VERSION } from '../metrics/schema.js';
import { loadPolicyModule, POLICY_TIMEOUT_S } from '../policy/module.js';
import { moduleHash } from '../policy/module-files.js';
import { heatmap } from '../trace/heatmap.js';
import { openTrace, type TraceHandle } from '../trace/trace.js';
import type { PlannedTrace } from './axes.js';
import { type CellResult, cellKeys, withoutRun } from './cell.js';
import { checkSelections } from './claim-entries.js';
import type { Experiment, ExperimentTrace, TraceEntry } from './file.js';
import { type Cell, checkAxes, peakPages, planCells } from './plan.js';
import { Pool } from './pool.js';
import { MARKING_ADVICE, resultOf, sharedRuns } from './shared-runs.js';
import { inputsHasher, ResultStore } from './store.js';
import { resolveTrace, traceSource } from './traces.js';
import type { WorkerSetup } from './worker.js';

/** How an experiment is run, and where its results go. */
export interface RunOptions {
  /** The folder of results. */
  readonly out: string;
  /** Worker threads that replay cells. */
  readonly workers: number;
  /** Whether to keep the finished cells of an earlier run in the folder. */
  readonly resume: boolean;
  /** Whether to write heatmap.csv: touches of each trace by time and address. */
  readonly heatmap?: boolean;
  /** Files of policies from outside. */
  readonly policyModules: readonly string[];
  /** Seconds that a cell with a policy of theirs may take. */
  readonly policyTimeoutS?: number;
  /** The command line, for the manifest. */
  readonly command: string;
  /** Callbacks for progress; all are optional. */
  readonly events?: RunEvents;
  /** Aborting it interrupts the run; finished cells are kept. */
  readonly signal?: AbortSignal;
}

/** Callbacks of a run. */
export interface RunEvents {
  /** A trace is being read; the label is for a progress display. */
  reading?(label: string): void;
  /** Cells are about to run. */
  started?(cells: number, resumed: number): void;
  /** A cell has its results. */
  finishedCell?(): void;
  /** Something to know about the inputs, in one line. */
  note?(text: string): void;
  /** A cell failed: its number, what it was, and why. */
  failedCell?(cell: number, what: string, reason: string): void;
}

/** The results of a run. */
export interface RunSummary {
  readonly folder: string;
  /** Rows of runs.csv. */
  readonly runs: readonly RunRow[];
  /** Rows of spaces.csv. */
  readonly spaces: readonly SpaceRow[];
  readonly traces: readonly LoadedTrace[];
  /** Cells without results: bad input, a policy from outside that broke its contract, or a worker that died. */
  readonly failed: number;
  /** Those of them whose input or policy was at fault. */
  readonly failedOfInput: number;
  /** Whether it was interrupted. */
  readonly aborted: boolean;
}

/** A trace of an experiment, and what its first replay found. */
export interface LoadedTrace extends PlannedTrace {
  readonly label: string;
  readonly family: string | undefined;
  readonly sha256: string;
  readonly events: number;
  readonly touches: Touches;
}

interface Prepared extends LoadedTrace {
  readonly handle: TraceHandle;
  /** Whether it makes memory volatile itself. */
  readonly marksVolatile: boolean;
  readonly source: TraceEntry;
}

/**
 * Hashes of policy modules with all that they import.
 *
 * @param resume whether finished cells are to be kept: it must be known then that they are of the same code
 * @throws InputError for a module whose imports cannot be known, with `resume`
 */
async function moduleHashes(files: readonly string[], resume: boolean): Promise<string[]> {
  const hash = (file: string) =>
    moduleHash(file).catch((error) => {
      if (resume || !(error instanceof InputError)) throw error;
      return 'unknown';
    });
  return Promise.all(files.map(hash));
}

async function prepareTrace(
  { entry, family }: ExperimentTrace,
  folder: string,
  costs: CostTable,
  events: RunEvents | undefined,
): Promise<Prepared> {
  const { label, compile } = resolveTrace(entry, folder);
  events?.reading?.(label);
  const handle = await compile();
  const trace = await openTrace(handle);
  return {
    handle,
    label,
    source: traceSource(entry, folder),
    family,
    sha256: trace.totals.sha256,
    events: trace.totals.events,
    pageBytes: trace.meta.pageBytes,
    touches: trace.meta.touches,
    peakPages: await peakPages(trace, costs),
    // Its strings are complete now that it has been read.
    marksVolatile: trace.strings.has(MARKING_ADVICE),
  };
}

async function prepareTraces(
  experiment: Experiment,
  costs: CostTable,
  events: RunEvents | undefined,
): Promise<Prepared[]> {
  const traces: Prepared[] = [];
  for (const listed of experiment.traces) {
    const trace = await prepareTrace(listed, dirname(experiment.file), costs, events);
    if (traces.some(({ label }) => label === trace.label)) {
      throw new InputError(`two traces are called ${trace.label}, expected different names`, {
        file: experiment.file,
      });
    }
    traces.push(trace);
  }
  return traces;
}

/** Runs cells in workers, those that share a run only once, and stores their results. Returns how many failed, and how many of them because of their input. */
async function runCells(
  cells: readonly Cell[],
  setup: WorkerSetup,
  store: ResultStore,
  inputs: (cell: Cell) => string,
  traces: readonly Prepared[],
  options: RunOptions,
): Promise<Pick<RunSummary, 'failed' | 'failedOfInput'>> {
  const { events, signal } = options;
  let failed = 0;
  let failedOfInput = 0;
  const marks = (trace: number) => traces[trace]!.marksVolatile;
  const runs = sharedRuns(cells, marks, setup.policyModules.length > 0);
  const others = new Map(runs.map((run) => [run.cell, run.others]));
  const keep = (cell: Cell, result: CellResult) => {
    store.add(result, inputs(cell));
    for (const other of others.get(cell) ?? []) store.add(resultOf(result, other), inputs(other));
    for (let i = 0; i <= (others.get(cell)?.length ?? 0); i++) events?.finishedCell?.();
  };
  const pool = new Pool([...others.keys()], setup, {
    result: keep,
    failed(cell, reason, ofInput) {
      const lost = 1 + (others.get(cell)?.length ?? 0);
      failed += lost;
      if (ofInput) failedOfInput += lost;
      const trace = traces[cell.trace]!;
      events?.failedCell?.(
        cell.cell,
        `${trace.label}, ${cell.discard}, ${cell.reclaim}, limit ${cell.limit}`,
        reason,
      );
      keep(cell, withoutRun(cell, trace, 'failed', reason));
    },
  });
  const stop = () => void pool.stop();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) await pool.stop();
  await pool.run(options.workers);
  signal?.removeEventListener('abort', stop);
  return { failed, failedOfInput };
}

/**
 * Runs an experiment: checks all of it, reads its traces, then runs its cells in workers. Results are written to `out`
 * as cells finish.
 *
 * @throws InputError when the experiment, a trace or the folder is wrong; then nothing is left behind
 */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<RunSummary> {
  const { out, policyModules, policyTimeoutS = POLICY_TIMEOUT_S, events } = options;
  for (const file of policyModules) await loadPolicyModule(file, policyTimeoutS);
  checkAxes(experiment);
  const costsFile =
    experiment.costs === undefined ? undefined : join(dirname(experiment.file), experiment.costs);
  const loaded = readCosts(costsFile);
  const { costs } = loaded;
  const lacking = costsNote(experiment.costs ?? '', loaded.fromDefault);
  if (lacking !== undefined) events?.note?.(lacking);
  const store = ResultStore.open(out, thisHost());
  try {
    const traces = await prepareTraces(experiment, costs, events);
    const cells = planCells(experiment, traces);
    const keys = cells.map((cell) => cellKeys(cell, traces[cell.trace]!));
    checkSelections(experiment.claims, keys, experiment.file);
    const inputs = inputsHasher(
      traces.map(({ label, sha256 }) => ({ label, sha256 })),
      costs,
      await moduleHashes(policyModules, options.resume),
    );
    if (!options.resume) store.clear();
    if (options.heatmap) store.writeHeatmap(await heatmapRows(traces));
    const left = options.resume ? store.resume(cells, inputs) : cells;
    events?.started?.(cells.length, cells.length - left.length);
    const setup = {
      traces: traces.map(({ handle, label }) => ({ handle, label })),
      costsFile,
      policyModules,
      policyTimeoutS,
    };
    const failed = await runCells(left, setup, store, inputs, traces, options);
    store.finish(manifest(experiment, options, traces, store, cells.length, loaded));
    return {
      folder: out,
      runs: store.runs(),
      spaces: store.spaces(),
      traces,
      ...failed,
      aborted: options.signal?.aborted === true,
    };
  } catch (error) {
    store.discard();
    throw error;
  }
}

/** The rows of heatmap.csv. */
async function heatmapRows(traces: readonly Prepared[]): Promise<HeatmapRow[]> {
  const rows: HeatmapRow[] = [];
  for (const { handle, label } of traces) {
    for (const cell of await heatmap(await openTrace(handle))) {
      const { timeUs, timeEndUs, page, pageEnd, touches } = cell;
      rows.push({ trace: label, time_us: timeUs, time_end_us: timeEndUs, page, page_end: pageEnd, touches });
    }
  }
  return rows;
}

/** The commit of the program, where it runs from a checkout. */
function commit(): string | undefined {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return undefined;
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: PACKAGE_ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

function manifest(
  experiment: Experiment,
  options: RunOptions,
  traces: readonly Prepared[],
  store: ResultStore,
  cells: number,
  { costs, fromDefault }: LoadedCosts,
): object {
  const { file: _path, placeOf: _place, ...definition } = experiment;
  const results = store.inOrder();
  const outcomes = OUTCOMES.map((outcome) => [
    outcome,
    results.filter((result) => result.outcome === outcome).length,
  ]);
  const unfinished = results
    .filter((result) => result.outcome !== 'ok')
    .map(({ cell, outcome, reason }) => ({ cell, outcome, reason }));
  return {
    schema: SCHEMA_VERSION,
    program: { name: 'reclaim-bench', version: VERSION, commit: commit() },
    command: options.command,
    host: thisHost(),
    experiment: definition,
    costs: {
      file:
        experiment.costs === undefined ? undefined : traceSource(experiment.costs, dirname(experiment.file)),
      sha256: createHash('sha256').update(JSON.stringify(costs)).digest('hex'),
      ...(fromDefault.length > 0 && { from_default: fromDefault }),
    },
    policy_modules: options.policyModules,
    traces: traces.map((trace) => ({
      trace: trace.label,
      source: trace.source,
      family: trace.family,
      trace_sha256: trace.sha256,
      events: trace.events,
      peak_pages: trace.peakPages,
      page_bytes: trace.pageBytes,
      touches: trace.touches,
    })),
    seeds: experiment.seeds,
    cells: { planned: cells, ...Object.fromEntries(outcomes) },
    not_ok: unfinished,
  };
}
