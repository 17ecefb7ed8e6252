import type { LoadedCosts } from '../cost/table.js';
import { AXES } from '../metrics/axes.js';
import type { CellKeys } from '../metrics/files.js';
import { type CellResult, withoutRun } from './cell.js';
import { FOLLOWS, replayNs } from './estimate.js';
import type { Experiment } from './file.js';
import type { CellJob, OpenedTrace, WorkerAnswer, WorkerJob } from './jobs.js';
import type { Cell } from './plan.js';
import type { Pool, PoolEvents } from './pool.js';
import { type PreparedTrace, refused } from './prepare.js';
import { Remaining } from './remaining.js';
import { deathByPolicy } from './repeat.js';
import { families, resultOf, sharedRuns } from './shared-runs.js';
import { renumbered } from './store.js';

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

/** A trace as workers open it. */
export function openedTrace({ handle, label, replicate }: PreparedTrace): OpenedTrace {
  return { handle, label, replicate };
}

/** Cells that are run in workers, those that share a run or a replay only once; their results are passed on. */
class CellRuns {
  readonly lost = { failed: 0, failedOfInput: 0 };
  private readonly jobs: readonly CellJob[];
  /** Cells that have the results of another, by that. */
  private readonly others: ReadonlyMap<Cell, readonly Cell[]>;
  private readonly remaining: Remaining;

  constructor(
    cells: readonly Cell[],
    private readonly planned: Planned,
    private readonly sink: CellSink,
    private readonly options: WorkOptions,
  ) {
    const foreign = options.policyModules.length > 0;
    const runs = sharedRuns(cells, (trace) => planned.traces[trace]!, foreign);
    this.others = new Map(runs.map((run) => [run.cell, run.others]));
    this.jobs = families(runs, foreign).flatMap((family) => this.jobsOf(family.map(({ cell }) => cell)));
    this.remaining = new Remaining(options.workers);
    for (const { cell } of runs) this.remaining.planned(cell.trace, this.replayNs(cell));
  }

  private traceOf(cell: Cell): PreparedTrace {
    return this.planned.traces[cell.trace]!;
  }

  private replayNs(cell: Cell): number {
    return replayNs(cell, this.traceOf(cell));
  }

  /** Jobs of cells that differ in their discard policies alone: one, or up to as many as there are workers for. */
  private jobsOf(cells: readonly Cell[], workers = 1): CellJob[] {
    const jobs: Cell[][] = [];
    for (const [i, cell] of cells.entries())
      if (i < workers) jobs.push([cell]);
      else jobs[i % workers]!.push(cell);
    return jobs.map(([cell, ...others]) => ({
      expectedNs: this.replayNs(cell!) * (1 + FOLLOWS * others.length),
      cells: [cell!, ...others],
      trace: openedTrace(this.traceOf(cell!)),
    }));
  }

  async run(pool: Workers): Promise<void> {
    // Longest first, so that no worker is left with a long one when the others are done.
    const longest = this.jobs.toSorted((a, b) => b.expectedNs - a.expectedNs);
    const isLive = ({ cells: [cell] }: CellJob) => cell.machine !== AXES.machine.default;
    const events = {
      answered: (job: CellJob, answer: WorkerAnswer, idle: number) => this.answered(job, answer, 1 + idle),
      died: ({ cells: [cell, ...followers] }: CellJob, reason: string) => {
        const blamed = deathByPolicy(cell, reason);
        this.fail(cell, blamed ?? `its worker died: ${reason}`, blamed !== undefined);
        return this.jobsOf(followers);
      },
    } satisfies PoolEvents<CellJob, WorkerAnswer>;
    const simulatedJobs = longest.filter((job) => !isLive(job));
    await pool.run(simulatedJobs, events);
    // One at a time, in one thread: a host has few live machines to give.
    await pool.run(longest.filter(isLive), events, 1);
  }

  /**
   * Returns jobs of the cells that have no results yet. Where workers have nothing else to do they do not wait for whether one of
   * these cells does the same as another.
   *
   * @param workers those that are free now
   */
  private answered(
    { cells: [cell, ...followers] }: CellJob,
    answer: WorkerAnswer,
    workers: number,
  ): CellJob[] {
    if (!('result' in answer)) {
      if (!('refused' in answer)) refused(answer);
      this.fail(cell, answer.refused, true);
      return this.jobsOf(followers, workers);
    }
    this.keep(cell, answer.result);
    const left: Cell[] = [];
    followers.forEach((follower, i) => {
      const result = answer.followed[i];
      if (result) this.keep(follower, renumbered(result, follower));
      else left.push(follower);
    });
    return this.jobsOf(left, workers);
  }

  private keep(cell: Cell, result: CellResult): void {
    this.settle(cell, result, (one, inputs) => this.sink.add(one, inputs));
  }

  private fail(cell: Cell, reason: string, ofInput: boolean): void {
    const { lost, options, sink } = this;
    const count = 1 + (this.others.get(cell)?.length ?? 0);
    lost.failed += count;
    if (ofInput) lost.failedOfInput += count;
    const trace = this.traceOf(cell);
    const what = `${trace.label}, ${cell.discard}, ${cell.reclaim}, limit ${cell.limit}`;
    options.events?.failedCell?.(cell.cell, what, reason);
    const result = withoutRun(cell, trace, 'failed', reason);
    this.settle(cell, result, (one, inputs) => sink.lost(one, inputs, ofInput));
  }

  /** Passes on the result of a cell, and of those that have the same. */
  private settle(cell: Cell, result: CellResult, take: (result: CellResult, inputs: string) => void): void {
    const { remaining, options } = this;
    const { inputs } = this.planned;
    const others = this.others.get(cell) ?? [];
    remaining.finished(cell.trace, this.replayNs(cell), result.wallNs);
    take(result, inputs(cell));
    for (const other of others) take(resultOf(result, other), inputs(other));
    for (let i = 0; i <= others.length; i++) options.events?.finishedCell?.(remaining.ms);
  }
}

/** Runs cells in workers and passes their results on. Returns how many have none. */
export async function runCells(
  cells: readonly Cell[],
  planned: Planned,
  pool: Workers,
  sink: CellSink,
  options: WorkOptions,
): Promise<Lost> {
  const runs = new CellRuns(cells, planned, sink, options);
  await runs.run(pool);
  return runs.lost;
}
