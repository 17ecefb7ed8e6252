import { availableParallelism } from 'node:os';
import { type DrawsByCell, drawsByCell } from '../metrics/draws.js';
import type { HeatmapRow, RunRow, SpaceRow } from '../metrics/files.js';
import { thisHost } from '../metrics/host.js';
import { OutputFolder } from '../output/folder.js';
import type { Content } from '../output/whole.js';
import type { Experiment } from './file.js';
import { manifestOf } from './manifest.js';
import { type PlanOptions, withPlanned } from './planned.js';
import { firstReplicates, type LoadedTrace, type PreparedTrace, refused } from './prepare.js';
import { WRITTEN_FILES } from './result-files.js';
import { type Lost, openedTrace, type Planned, runCells, type Workers } from './run-cells.js';
import { ResultStore } from './store.js';

export type { LoadedTrace } from './prepare.js';
export type { RunEvents } from './run-cells.js';

/** How the cells of an experiment are run. */
export interface CellOptions extends PlanOptions {
  /** Whether to write heatmap.csv: touches of each trace by time and address. */
  readonly heatmap?: boolean;
  /** Whether the tables are also written as Parquet. */
  readonly parquet?: boolean;
  /** The command line, for the manifest; undefined for a program that uses this package. */
  readonly command: string | undefined;
  /** Further files of the folder, made of the results of a complete run, by their names. */
  readonly alsoWrite?: (
    results: Pick<RunSummary, 'runs' | 'draws' | 'traces'>,
  ) => ReadonlyMap<string, string>;
}

/** How an experiment is run, and where its results go. Defaults are those of `reclaim compare`: a worker a CPU, no resuming. */
export interface RunOptions extends Partial<CellOptions> {
  /** The folder of results. */
  readonly out: string;
  /** Whether files that are not ours may be in the folder; they are kept. */
  readonly force?: boolean;
}

/** The results of a run. */
export interface RunSummary extends Lost {
  /** The folder of the results: that of the run, or `unfinished` below it. */
  readonly folder: string;
  /** Rows of runs.csv. */
  readonly runs: readonly RunRow[];
  /** Rows of draws.csv by cell. */
  readonly draws: DrawsByCell;
  /** Rows of spaces.csv. */
  readonly spaces: readonly SpaceRow[];
  readonly traces: readonly LoadedTrace[];
  /** How many cells were planned; none yet where it was interrupted while traces were read. */
  readonly planned: number;
  /** How many of them have finished. Their results are kept. */
  readonly finished: number;
  /** Whether it was interrupted. */
  readonly aborted: boolean;
}

const DEFAULTS: CellOptions = {
  workers: availableParallelism(),
  resume: false,
  policyModules: [],
  command: undefined,
};

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
  const lost = await runCells(left, planned, pool, store, options);
  const summary = () => ({
    runs: store.runs(),
    draws: drawsByCell(store.draws()),
    spaces: store.spaces(),
    traces: firstReplicates(traces),
    ...lost,
    planned: cells.length,
    finished: store.finished,
  });
  const facts = { experiment, traces, costs, policyModules, command, planned: cells.length };
  const manifest = manifestOf({ ...facts, results: store.inOrder() });
  const files = isAborted() ? undefined : await store.files(manifest, heat, isAborted, options.parquet);
  const more = () => options.alsoWrite?.(summary()) ?? [];
  if (files && (await store.commit(new Map<string, Content>([...files, ...more()]), signal)))
    return { ...summary(), folder: folder.path, aborted: isAborted() };
  if (folder.hasUnfinishedCells()) await store.stageWithin(LAST_WRITES_MS, manifest, heat);
  return { ...summary(), folder: folder.unfinished, aborted: true };
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
  const store = new ResultStore(folder, thisHost(), options.resume);
  try {
    return await withPlanned(experiment, options, async (planned, pool) =>
      planned ? runPlanned(planned, pool, folder, store, options) : interruptedEarly(folder),
    );
  } finally {
    await store.settled();
  }
}

/**
 * Runs an experiment, as `runInto`, into the folder `out`.
 *
 * @throws InputError also when the folder cannot be written, or holds what this program did not write
 *
 * @example Run an experiment, and read its cells
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readExperiment, runExperiment } from 'reclaim-bench';
 *
 * writeFileSync('pools.yaml', 'name: pools\ntraces: [mariadb-resize]\ndiscard: [keep, dontneed]\n');
 * const { folder, runs } = await runExperiment(readExperiment('pools.yaml'), { out: 'pools' });
 * console.log(folder); // → pools
 * for (const { discard, limit_pages, discard_pages } of runs) console.log(discard, limit_pages, discard_pages);
 * // → keep null 0
 * // → dontneed null 188416
 * ```
 */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<RunSummary> {
  const { out, force = false, ...given } = options;
  const note = (text: string) => given.events?.note?.(text);
  const folder = await OutputFolder.open(out, { replaces: true, force, writes: WRITTEN_FILES, note });
  try {
    return await runInto(folder, experiment, { ...DEFAULTS, ...given });
  } finally {
    folder.close();
  }
}
