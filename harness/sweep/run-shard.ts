import { InputError } from '../base/errors.js';
import { cellKeys } from '../experiment/cell.js';
import { withWorkers } from '../experiment/planned.js';
import type { PreparedTrace } from '../experiment/prepare.js';
import { type Lost, type Planned, type RunEvents, runCells } from '../experiment/run-cells.js';
import { inputsHasher } from '../experiment/store.js';
import { thisHost } from '../metrics/host.js';
import { moduleHash } from '../modules/files.js';
import { loadPolicyModule } from '../modules/load.js';
import type { TraceHandle } from '../trace/trace.js';
import { CellsFolder, ShardSink } from './cells-folder.js';
import type { Plan, PlanCell } from './plan-file.js';
import { runsOf, shareOut } from './shards.js';
import { openStored } from './trace-store.js';

/** A part of a sweep: number `shard`, from 1, of `of`. */
export interface Shard {
  readonly shard: number;
  readonly of: number;
}

/** How a shard is run. */
export interface ShardOptions extends Shard {
  /** The folder of results, which all shards share. */
  readonly results: string;
  /** The folder of compiled traces, or an address that begins with http. */
  readonly traces: string;
  readonly workers: number;
  readonly events?: RunEvents;
  readonly signal?: AbortSignal;
}

/** What became of a shard. */
export interface ShardSummary extends Lost {
  /** Its cells. */
  readonly cells: number;
  /** Those that were finished before. */
  readonly before: number;
  /** Those that it ran, and another process had finished meanwhile. */
  readonly doubled: number;
}

/** The cells of a shard, in the order of their numbers; cells that are run together are in one shard. */
function cellsOfShard(plan: Plan, { shard, of }: Shard): PlanCell[] {
  const cells = shareOut(runsOf(plan.lines), of)[shard - 1]!.flatMap((run) => run.cells);
  return cells.sort((a, b) => a.cell.cell - b.cell.cell);
}

/** @throws InputError for a module that is not as it was planned */
async function loadModules({ policyModules, policyTimeoutS }: Plan): Promise<void> {
  for (const { file, sha256 } of policyModules) {
    if ((await moduleHash(file)) !== sha256)
      throw new InputError('this module is not as it was planned, expected the same code: plan again', {
        file,
      });
    await loadPolicyModule(file, policyTimeoutS);
  }
}

/** Stands for the traces that a shard has no cells on. */
const NOT_OPENED: TraceHandle = { name: '', path: '', shared: undefined };

/** The traces of a plan, those of some cells opened. */
async function openTraces(
  plan: Plan,
  cells: readonly PlanCell[],
  traces: string,
  events: RunEvents | undefined,
): Promise<PreparedTrace[]> {
  const needed = new Set(cells.map(({ cell }) => cell.trace));
  const opened: PreparedTrace[] = [];
  for (const [i, trace] of plan.traces.entries()) {
    if (needed.has(i)) events?.reading?.(trace.label);
    opened.push({ ...trace, handle: needed.has(i) ? await openStored(trace, traces) : NOT_OPENED });
  }
  return opened;
}

/** A plan as what runs its cells takes it. */
export function plannedOf(plan: Plan, traces: readonly PreparedTrace[]): Planned {
  const modules = plan.policyModules.map(({ sha256 }) => sha256);
  return {
    experiment: { ...plan.experiment, placeOf: () => ({ file: plan.file }) } as Planned['experiment'],
    costs: plan.costs,
    modules,
    traces,
    cells: plan.lines.map(({ cell }) => cell),
    inputs: inputsHasher(
      plan.traces.map(({ label, sha256 }) => ({ label, sha256 })),
      plan.costs.costs,
      modules,
    ),
    keys: (cell) => cellKeys(cell, plan.traces[cell.trace]!),
  };
}

/** @throws InputError where a line's id is not that of its cell */
function checkIds(cells: readonly PlanCell[], { inputs }: Planned, file: string): void {
  const wrong = cells.find(({ id, cell }) => inputs(cell) !== id);
  if (wrong)
    throw new InputError(
      `cell ${wrong.cell.cell} is not what its id says, expected the plan as reclaim plan wrote it: plan again`,
      { file },
    );
}

/**
 * Runs the cells of a shard that are not finished, and keeps each result as it comes. It may be interrupted, killed and run
 * again, also while another process runs the same shard: a cell is kept once.
 *
 * @throws InputError where the plan, a trace or the folder of results is not what it should be; HostError where space is used
 *   up. What is finished is kept.
 */
export async function runShard(plan: Plan, options: ShardOptions): Promise<ShardSummary> {
  const { results, traces, workers, events, signal } = options;
  const cells = cellsOfShard(plan, options);
  const folder = new CellsFolder(results);
  folder.make();
  const present = folder.ids(new Set(plan.lines.map(({ id }) => id)));
  const closed = plannedOf(plan, []);
  const left = cells.filter(({ id, cell }) => {
    if (!present.has(id)) return true;
    const found = folder.find(id, closed.keys(cell));
    if (found === 'damaged')
      events?.note?.(`${folder.file(id)}: this file is damaged, cell ${cell.cell} is run again`);
    return typeof found === 'string';
  });
  const before = cells.length - left.length;
  const summary = { cells: cells.length, before, doubled: 0, failed: 0, failedOfInput: 0 };
  events?.started?.(cells.length, before);
  if (left.length === 0) return summary;
  await loadModules(plan);
  const planned = plannedOf(plan, await openTraces(plan, left, traces, events));
  checkIds(left, planned, plan.file);
  const sink = new ShardSink(folder, thisHost(), (number) => planned.keys(plan.lines[number - 1]!.cell));
  const { policyTimeoutS } = plan;
  const policyModules = plan.policyModules.map(({ file }) => file);
  const setup = { costs: plan.costs.costs, policyModules, policyTimeoutS };
  const lost = await withWorkers(setup, { workers, ...(signal && { signal }) }, (pool) =>
    runCells(
      left.map(({ cell }) => cell),
      planned,
      pool,
      sink,
      { workers, policyModules, ...(events && { events }) },
    ),
  );
  return { ...summary, ...lost, doubled: sink.doubled };
}
