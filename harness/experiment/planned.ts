import { dirname, isAbsolute, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { costsNote, type LoadedCosts, readCosts } from '../cost/table.js';
import { liveChoice } from '../live/choice.js';
import { moduleHash } from '../modules/files.js';
import { loadPolicyModule, POLICY_TIMEOUT_S } from '../modules/load.js';
import { removeParts, usableCacheFolder } from '../trace/io/cache.js';
import { expansionLimit } from '../trace/io/decompress.js';
import { cellKeys } from './cell.js';
import { checkSelections } from './claim-entries.js';
import type { Experiment } from './file.js';
import type { WorkerSetup } from './jobs.js';
import { type Cell, checkAxes, planCells } from './plan.js';
import { Pool } from './pool.js';
import { prepareTraces } from './prepare.js';
import type { Planned, Workers, WorkOptions } from './run-cells.js';
import { SmallJobs } from './small.js';
import { inputsHasher } from './store.js';

/** How an experiment is planned. */
export interface PlanOptions extends WorkOptions {
  /** Whether finished cells of earlier runs are used: it must be known then that they are of the same code. */
  readonly resume: boolean;
  /** Aborting it ends the reading of traces, and all workers. */
  readonly signal?: AbortSignal;
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

/** Reads the traces and plans the cells. Undefined where that was interrupted. */
async function plan(
  experiment: Experiment,
  costs: LoadedCosts,
  pool: Workers,
  { events, policyModules, resume, signal }: PlanOptions,
): Promise<Planned | undefined> {
  const traces = await prepareTraces(experiment, pool, (label) => events?.reading?.(label), signal);
  if (!traces) return undefined;
  const cells = planCells(experiment, traces);
  const keys = (cell: Cell) => cellKeys(cell, traces[cell.trace]!);
  checkSelections(experiment.claims, cells.map(keys), experiment.file);
  const named = traces.map(({ label, sha256 }) => ({ label, sha256 }));
  const modules = await moduleHashes(policyModules, resume);
  return {
    experiment,
    costs,
    modules,
    traces,
    cells,
    keys,
    inputs: inputsHasher(named, costs.costs, modules),
  };
}

/** The cost table of an experiment. @throws InputError with the place that names it */
function costsOf({ file, costs, placeOf }: Experiment): LoadedCosts {
  try {
    return readCosts(costs === undefined || isAbsolute(costs) ? costs : join(dirname(file), costs));
  } catch (error) {
    throw error instanceof InputError ? error.namedAt(placeOf(['costs'])) : error;
  }
}

/**
 * Runs something with workers, which end with it, also where it is interrupted.
 *
 * @param setup what every worker receives
 */
export async function withWorkers<T>(
  setup: Omit<WorkerSetup, 'live' | 'maxExpansion'>,
  { workers, signal }: Pick<PlanOptions, 'workers' | 'signal'>,
  use: (pool: Workers) => Promise<T>,
): Promise<T> {
  const whole: WorkerSetup = { ...setup, live: liveChoice(), maxExpansion: expansionLimit() };
  const pool: Workers = new Pool(workers, whole, undefined, new SmallJobs(whole));
  const stop = () => void pool.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted) await pool.close();
    return await use(pool);
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool.close();
    if (signal?.aborted) removeParts();
  }
}

/**
 * Checks all of an experiment, reads its traces in workers and plans its cells, for what `use` makes of them.
 *
 * @param use gets undefined where this was interrupted
 * @throws InputError when the experiment or a trace is wrong
 */
export async function withPlanned<T>(
  experiment: Experiment,
  options: PlanOptions,
  use: (planned: Planned | undefined, pool: Workers) => Promise<T>,
): Promise<T> {
  const { policyModules, policyTimeoutS = POLICY_TIMEOUT_S, events } = options;
  for (const file of policyModules) await loadPolicyModule(file, policyTimeoutS);
  checkAxes(experiment);
  const costs = costsOf(experiment);
  const lacking = costsNote(experiment.costs ?? '', costs.fromDefault);
  if (lacking !== undefined) events?.note?.(lacking);
  // Says here, once, where compiled traces go if there is no cache.
  usableCacheFolder();
  return withWorkers({ costs: costs.costs, policyModules, policyTimeoutS }, options, async (pool) =>
    use(await plan(experiment, costs, pool, options), pool),
  );
}
