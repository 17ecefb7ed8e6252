import { type CellResult, withoutRun } from './cell.js';
import type { Cell } from './plan.js';
import type { Pool } from './pool.js';
import { openedTrace, type PreparedTrace, refused } from './prepare.js';
import { Remaining } from './remaining.js';
import { deathByPolicy } from './repeat.js';
import { families, resultOf, sharedRuns } from './shared-runs.js';
import type { ResultStore } from './store.js';
import type { CellJob, WorkerAnswer, WorkerJob } from './worker.js';

/** What cells are run for. */
interface PlannedCells {
  readonly traces: readonly PreparedTrace[];
  readonly inputs: (cell: Cell) => string;
}

/** How, and who hears of them. */
interface Options {
  readonly workers: number;
  readonly policyModules: readonly string[];
  readonly events?: {
    finishedCell?(leftMs: number | undefined): void;
    failedCell?(cell: number, what: string, reason: string): void;
  };
}

/** Cells that are run in workers, those that share a run or a replay only once; their results are stored. */
export class CellRuns {
  failed = 0;
  /** Those of them whose input or policy was at fault. */
  failedOfInput = 0;
  private readonly jobs: readonly CellJob[];
  /** Cells that have the results of another, by that. */
  private readonly others: ReadonlyMap<Cell, readonly Cell[]>;
  private readonly remaining: Remaining;

  constructor(
    cells: readonly Cell[],
    private readonly planned: PlannedCells,
    private readonly store: ResultStore,
    private readonly options: Options,
  ) {
    const foreign = options.policyModules.length > 0;
    const runs = sharedRuns(cells, (trace) => planned.traces[trace]!, foreign);
    this.others = new Map(runs.map((run) => [run.cell, run.others]));
    this.jobs = families(runs, foreign).flatMap((family) => this.jobsOf(family.map(({ cell }) => cell)));
    this.remaining = new Remaining(options.workers);
    for (const { cell } of runs) this.remaining.planned(cell.trace, this.traceOf(cell).events);
  }

  private traceOf(cell: Cell): PreparedTrace {
    return this.planned.traces[cell.trace]!;
  }

  /** The job of cells that differ in their discard policies alone; none of none. */
  private jobsOf([cell, ...others]: readonly Cell[]): CellJob[] {
    return cell ? [{ cells: [cell, ...others], trace: openedTrace(this.traceOf(cell)) }] : [];
  }

  async run(pool: Pool<WorkerJob, WorkerAnswer>): Promise<void> {
    // Longest first, so that no worker is left with a long one when the others are done.
    const replayMs = ({ cells: [cell] }: CellJob) => this.traceOf(cell).firstReplayMs;
    const longest = this.jobs.toSorted((a, b) => replayMs(b) - replayMs(a));
    await pool.run(longest, {
      answered: (job, answer) => this.answered(job, answer),
      died: ({ cells: [cell, ...followers] }, reason) => {
        const blamed = deathByPolicy(cell, reason);
        this.fail(cell, blamed ?? `its worker died: ${reason}`, blamed !== undefined);
        return this.jobsOf(followers);
      },
    });
  }

  /** Returns the job of the cells that have no results yet. */
  private answered({ cells: [cell, ...followers] }: CellJob, answer: WorkerAnswer): CellJob[] {
    if (!('result' in answer)) {
      if (!('refused' in answer)) refused(answer);
      this.fail(cell, answer.refused, true);
      return this.jobsOf(followers);
    }
    this.keep(cell, answer.result);
    const left: Cell[] = [];
    followers.forEach((follower, i) => {
      const result = answer.followed[i];
      if (result) this.keep(follower, result);
      else left.push(follower);
    });
    return this.jobsOf(left);
  }

  private keep(cell: Cell, result: CellResult): void {
    const { store, remaining, options } = this;
    const { inputs } = this.planned;
    const others = this.others.get(cell) ?? [];
    remaining.finished(cell.trace, this.traceOf(cell).events, result.wallNs);
    store.add(result, inputs(cell));
    for (const other of others) store.add(resultOf(result, other), inputs(other));
    for (let i = 0; i <= others.length; i++) options.events?.finishedCell?.(remaining.ms);
  }

  private fail(cell: Cell, reason: string, ofInput: boolean): void {
    const count = 1 + (this.others.get(cell)?.length ?? 0);
    this.failed += count;
    if (ofInput) this.failedOfInput += count;
    const trace = this.traceOf(cell);
    const what = `${trace.label}, ${cell.discard}, ${cell.reclaim}, limit ${cell.limit}`;
    this.options.events?.failedCell?.(cell.cell, what, reason);
    this.keep(cell, withoutRun(cell, trace, 'failed', reason));
  }
}
