import type { LoadedCosts } from '../cost/table.js';
import type { CellKeys } from '../metrics/files.js';
import { type CellResult, withoutRun } from './cell.js';
import type { Experiment } from './file.js';
import type { Cell } from './plan.js';
import type { Pool } from './pool.js';
import { type PreparedTrace, refused } from './prepare.js';
import { Remaining } from './remaining.js';
import { deathByPolicy } from './repeat.js';
import { resultOf, sharedRuns } from './shared-runs.js';
import type { CellJob, OpenedTrace, WorkerAnswer, WorkerJob } from './worker.js';

/** Threads that read traces and run cells. */
export type Workers = Pool<WorkerJob, WorkerAnswer>;

/** What a run is made of before its cells run. */
export interface Planned {
  readonly experiment: Experiment;
  readonly costs: LoadedCosts;
  /** Hashes of policy modules. */
  readonly modules: readonly string[];
  readonly traces: readonly PreparedTrace[];
  readonly cells: readonly Cell[];
  readonly inputs: (cell: Cell) => string;
  /** What a cell is, as its row of runs.csv says. */
  readonly keys: (cell: Cell) => CellKeys;
}

/** Where the results of cells go as they finish. */
export interface CellSink {
  /** Keeps a result. @param inputs hash of all that it depends on */
  add(result: CellResult, inputs: string): void;
  /**
   * Takes a cell without a result.
   *
   * @param ofInput whether its input or policy was at fault, which another attempt does not change; otherwise its worker died
   */
  lost(result: CellResult, inputs: string, ofInput: boolean): void;
}

/** How many cells have no result. */
export interface Lost {
  /** Bad input, a policy from outside that broke its contract, or a worker that died. */
  readonly failed: number;
  /** Those of them whose input or policy was at fault. */
  readonly failedOfInput: number;
}

/** How workers run cells. */
export interface WorkOptions {
  /** Worker threads that replay cells. */
  readonly workers: number;
  /** Files of policies from outside. */
  readonly policyModules: readonly string[];
  /** Seconds that a cell with a policy of theirs may take. */
  readonly policyTimeoutS?: number;
  /** Callbacks for progress; all are optional. */
  readonly events?: RunEvents;
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

export function openedTrace({ handle, label, replicate }: PreparedTrace): OpenedTrace {
  return { handle, label, replicate };
}

/** Runs cells in workers, those that share a run only once, and passes their results on. Returns how many have none. */
export async function runCells(
  cells: readonly Cell[],
  { traces, inputs }: Planned,
  pool: Workers,
  sink: CellSink,
  { events, policyModules, workers }: WorkOptions,
): Promise<Lost> {
  const lost = { failed: 0, failedOfInput: 0 };
  const runs = sharedRuns(cells, (trace) => traces[trace]!, policyModules.length > 0);
  const others = new Map(runs.map((run) => [run.cell, run.others]));
  const remaining = new Remaining(workers);
  for (const { cell } of runs) remaining.planned(cell.trace, traces[cell.trace]!.events);
  const settle = (cell: Cell, result: CellResult, take: (result: CellResult, inputs: string) => void) => {
    remaining.finished(cell.trace, traces[cell.trace]!.events, result.wallNs);
    take(result, inputs(cell));
    for (const other of others.get(cell) ?? []) take(resultOf(result, other), inputs(other));
    for (let i = 0; i <= (others.get(cell)?.length ?? 0); i++) events?.finishedCell?.(remaining.ms);
  };
  const keep = (cell: Cell, result: CellResult) => settle(cell, result, (one, hash) => sink.add(one, hash));
  const fail = (cell: Cell, reason: string, ofInput: boolean) => {
    const cellsOfRun = 1 + (others.get(cell)?.length ?? 0);
    lost.failed += cellsOfRun;
    if (ofInput) lost.failedOfInput += cellsOfRun;
    const trace = traces[cell.trace]!;
    const what = `${trace.label}, ${cell.discard}, ${cell.reclaim}, limit ${cell.limit}`;
    events?.failedCell?.(cell.cell, what, reason);
    settle(cell, withoutRun(cell, trace, 'failed', reason), (one, hash) => sink.lost(one, hash, ofInput));
  };
  // Longest first, so that no worker is left with a long one when the others are done.
  const longest = runs.toSorted((a, b) => traces[b.cell.trace]!.events - traces[a.cell.trace]!.events);
  const jobs = longest.map(({ cell }): CellJob => ({ cell, trace: openedTrace(traces[cell.trace]!) }));
  await pool.run(jobs, {
    answered({ cell }, answer) {
      if ('result' in answer) keep(cell, answer.result);
      else if ('refused' in answer) fail(cell, answer.refused, true);
      else refused(answer);
    },
    died({ cell }, reason) {
      const blamed = deathByPolicy(cell, reason);
      fail(cell, blamed ?? `its worker died: ${reason}`, blamed !== undefined);
    },
  });
  return lost;
}
