import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { costsNote, type LoadedCosts, readCosts } from '../cost/table.js';
import { type DrawsByCell, drawsByCell } from '../metrics/draws.js';
import type { CellKeys, HeatmapRow, RunRow, SpaceRow } from '../metrics/files.js';
import { thisHost } from '../metrics/host.js';
import { OutputFolder } from '../output/folder.js';
import type { Content } from '../output/whole.js';
import { loadPolicyModule, POLICY_TIMEOUT_S } from '../policy/module.js';
import { moduleHash } from '../policy/module-files.js';
import { removeParts, usableCacheFolder } from '../trace/io/cache.js';
import { expansionLimit } from '../trace/io/decompress.js';
import { cellKeys } from './cell.js';
import { checkSelections } from './claim-entries.js';
import type { Experiment } from './file.js';
import { manifestOf } from './manifest.js';
import { type Cell, checkAxes, planCells } from './plan.js';
import { Pool } from './pool.js';
import { type LoadedTrace, openedTrace, type PreparedTrace, prepareTraces, refused } from './prepare.js';
import { CellRuns } from './run-cells.js';
import { inputsHasher, ResultStore, WRITTEN_FILES } from './store.js';
import type { WorkerAnswer, WorkerJob, WorkerSetup } from './worker.js';

export type { LoadedTrace } from './prepare.js';

/** How the cells of an experiment are run. */
export interface CellOptions {
  /** Worker threads that replay cells. */
  readonly workers: number;
  /** Whether to use the finished cells of earlier runs in the folder. */
  readonly resume: boolean;
  /** Whether to write heatmap.csv: touches of each trace by time and address. */
  readonly heatmap?: boolean;
  /** Files of policies from outside. */
  readonly policyModules: readonly string[];
  /** Seconds that a cell with a policy of theirs may take. */
  readonly policyTimeoutS?: number;
  /** The command line, for the manifest. */
  readonly command: string;
  /** Further files of the folder, made of the results of a complete run, by their names. */
  readonly alsoWrite?: (
    results: Pick<RunSummary, 'runs' | 'draws' | 'traces'>,
  ) => ReadonlyMap<string, string>;
  /** Callbacks for progress; all are optional. */
  readonly events?: RunEvents;
  /** Aborting it interrupts the run; finished cells are kept. */
  readonly signal?: AbortSignal;
}

/** How an experiment is run, and where its results go. */
export interface RunOptions extends CellOptions {
  /** The folder of results. */
  readonly out: string;
  /** Whether files that are not ours may be in the folder; they are kept. */
  readonly force?: boolean;
}

/** Callbacks of a run. */
export interface RunEvents {
  /** A trace is being read; the label is for a progress display. */
  reading?(label: string): void;
  /** Cells are about to run. */
  started?(cells: number, resumed: number): void;
  /** A cell has its results; the others will take about as many ms. Undefined while no cell has run. */
  finishedCell?(leftMs: number | undefined): void;
  /** Something to know about the inputs or the folder, in one line. */
  note?(text: string): void;
  /** A cell failed: its number, what it was, and why. */
  failedCell?(cell: number, what: string, reason: string): void;
}

/** The results of a run. */
export interface RunSummary {
  /** The folder of the results: that of the run, or `unfinished` below it. */
  readonly folder: string;
  /** Rows of runs.csv. */
  readonly runs: readonly RunRow[];
  /** Rows of draws.csv by cell. */
  readonly draws: DrawsByCell;
  /** Rows of spaces.csv. */
  readonly spaces: readonly SpaceRow[];
  readonly traces: readonly LoadedTrace[];
  /** Cells without results: bad input, a policy from outside that broke its contract, or a worker that died. */
  readonly failed: number;
  /** Those of them whose input or policy was at fault. */
  readonly failedOfInput: number;
  /** How many cells were planned; none yet where it was interrupted while traces were read. */
  readonly planned: number;
  /** How many of them have finished. Their results are kept. */
  readonly finished: number;
  /** Whether it was interrupted. */
  readonly aborted: boolean;
}

type Workers = Pool<WorkerJob, WorkerAnswer>;

/** What a run is made of before its cells run. */
interface Planned {
  readonly experiment: Experiment;
  readonly costs: LoadedCosts;
  readonly traces: readonly PreparedTrace[];
  readonly cells: readonly Cell[];
  readonly inputs: (cell: Cell) => string;
  /** What a cell is, as its row of runs.csv says. */
  readonly keys: (cell: Cell) => CellKeys;
}

/** The traces of an experiment, each once: of those that were generated several times the first. */
function firstReplicates<T extends { readonly replicate: number }>(traces: readonly T[]): T[] {
  return traces.filter(({ replicate }) => replicate === 1);
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

/** How long the files of an interrupted run may take, in ms: it is to end within half a second. */
const LAST_WRITES_MS = 250;

/** The rows of heatmap.csv; undefined where it is not asked for. */
async function heatmapRows(
  traces: readonly PreparedTrace[],
  pool: Workers,
  { heatmap = false }: CellOptions,
): Promise<HeatmapRow[] | undefined> {
  if (!heatmap) return undefined;
  const rows = new Map<string, readonly HeatmapRow[]>();
  await pool.run(
    traces.map((trace) => ({ heatmap: openedTrace(trace) })),
    {
      answered({ heatmap: { label } }, answer) {
        rows.set(label, 'rows' in answer ? answer.rows : refused(answer));
        return undefined;
      },
      died: ({ heatmap: { label } }, reason) =>
        refused({ host: `heatmap.csv cannot be made of ${label}: its worker died: ${reason}` }),
    },
  );
  return traces.flatMap(({ label }) => rows.get(label) ?? []);
}

/** Reads the traces and plans the cells. Undefined where that was interrupted. */
async function plan(
  experiment: Experiment,
  costs: LoadedCosts,
  pool: Workers,
  { events, policyModules, resume, signal }: CellOptions,
): Promise<Planned | undefined> {
  const traces = await prepareTraces(experiment, pool, (label) => events?.reading?.(label), signal);
  if (!traces) return undefined;
  const cells = planCells(experiment, traces);
  const keys = (cell: Cell) => cellKeys(cell, traces[cell.trace]!);
  checkSelections(experiment.claims, cells.map(keys), experiment.file);
  const named = traces.map(({ label, sha256 }) => ({ label, sha256 }));
  const modules = await moduleHashes(policyModules, resume);
  return { experiment, costs, traces, cells, keys, inputs: inputsHasher(named, costs.costs, modules) };
}

/** The summary of a run that was interrupted before its cells began. */
function interruptedEarly(folder: OutputFolder): RunSummary {
  const none = { failed: 0, failedOfInput: 0, planned: 0, finished: 0 };
  const rows = { runs: [], draws: new Map(), spaces: [], traces: [] };
  return { ...none, ...rows, folder: folder.path, aborted: true };
}

/** Runs what was planned, and lets it take its place in the folder when it is complete. */
async function runPlanned(
  planned: Planned,
  pool: Workers,
  folder: OutputFolder,
  store: ResultStore,
  options: CellOptions,
): Promise<RunSummary> {
  const { experiment, costs, traces, cells, inputs } = planned;
  const { policyModules, command, signal, events } = options;
  const isAborted = () => signal?.aborted === true;
  const heat = await heatmapRows(firstReplicates(traces), pool, options);
  const left = await store.resume(cells, inputs, planned.keys, signal);
  if (!left) return interruptedEarly(folder);
  if (!isAborted()) events?.started?.(cells.length, cells.length - left.length);
  const running = new CellRuns(left, planned, store, options);
  await running.run(pool);
  const { failed, failedOfInput } = running;
  const summary = () => ({
    runs: store.runs(),
    draws: drawsByCell(store.draws()),
    spaces: store.spaces(),
    traces: firstReplicates(traces),
    failed,
    failedOfInput,
    planned: cells.length,
    finished: store.finished,
  });
  const facts = { experiment, traces, costs, policyModules, command, planned: cells.length };
  const manifest = manifestOf({ ...facts, results: store.inOrder() });
  const files = isAborted() ? undefined : await store.files(manifest, heat, isAborted);
  const more = () => options.alsoWrite?.(summary()) ?? [];
  if (files && (await store.commit(new Map<string, Content>([...files, ...more()]), signal)))
    return { ...summary(), folder: folder.path, aborted: isAborted() };
  if (folder.hasUnfinishedCells()) await store.stageWithin(LAST_WRITES_MS, manifest, heat);
  return { ...summary(), folder: folder.unfinished, aborted: true };
}

/** The cost table of an experiment. @throws InputError with the place that names it */
function costsOf({ placeOf }: Experiment, file: string | undefined): LoadedCosts {
  try {
    return readCosts(file);
  } catch (error) {
    throw error instanceof InputError ? error.namedAt(placeOf(['costs'])) : error;
  }
}

/**
 * Runs an experiment into a folder that is open: checks all of it, reads its traces, then runs its cells in workers. The
 * folder keeps finished cells as they come; the run takes its place there when it is complete.
 *
 * @throws InputError when the experiment or a trace is wrong, HostError when space is used up; finished cells are kept
 */
export async function runInto(
  folder: OutputFolder,
  experiment: Experiment,
  options: CellOptions,
): Promise<RunSummary> {
  const { policyModules, policyTimeoutS = POLICY_TIMEOUT_S, events, signal } = options;
  for (const file of policyModules) await loadPolicyModule(file, policyTimeoutS);
  checkAxes(experiment);
  const costsFile =
    experiment.costs === undefined ? undefined : join(dirname(experiment.file), experiment.costs);
  const costs = costsOf(experiment, costsFile);
  const lacking = costsNote(experiment.costs ?? '', costs.fromDefault);
  if (lacking !== undefined) events?.note?.(lacking);
  // Says here, once, where compiled traces go if there is no cache.
  usableCacheFolder();
  const setup: WorkerSetup = { costsFile, policyModules, policyTimeoutS, maxExpansion: expansionLimit() };
  const pool: Workers = new Pool(options.workers, setup);
  const store = new ResultStore(folder, thisHost(), options.resume);
  const stop = () => void pool.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted) await pool.close();
    const planned = await plan(experiment, costs, pool, options);
    return planned ? await runPlanned(planned, pool, folder, store, options) : interruptedEarly(folder);
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool.close();
    await store.settled();
    if (signal?.aborted) removeParts();
  }
}

/**
 * Runs an experiment, as `runInto`, into the folder `out`.
 *
 * @throws InputError also when the folder cannot be written, or holds what this program did not write
 */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<RunSummary> {
  const { out, force = false, events } = options;
  const note = (text: string) => events?.note?.(text);
  const folder = await OutputFolder.open(out, { replaces: true, force, writes: WRITTEN_FILES, note });
  try {
    return await runInto(folder, experiment, options);
  } finally {
    folder.close();
  }
}
