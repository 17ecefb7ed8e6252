import { Worker } from 'node:worker_threads';
import { packageFile } from '../base/package-root.js';
import type { CellResult } from './cell.js';
import type { Cell } from './plan.js';
import type { WorkerAnswer, WorkerSetup } from './worker.js';

/** Workers start from built files, also when the rest runs from source (tests). */
const WORKER_FILE = packageFile('dist', 'harness', 'experiment', 'worker.js');

export interface PoolEvents {
  result(cell: Cell, result: CellResult): void;
  /**
   * The worker died or refused; the other cells go on.
   *
   * @param ofInput whether the cell's input is at fault, a policy from outside included
   */
  failed(cell: Cell, reason: string, ofInput: boolean): void;
}

/**
 * Runs cells in worker threads over shared traces. A worker that dies loses only its own cell: the cell is
 * reported, and another worker takes over the rest.
 */
export class Pool {
  private readonly queue: Cell[];
  private readonly workers = new Set<Worker>();
  private stopped = false;

  constructor(
    cells: readonly Cell[],
    private readonly setup: WorkerSetup,
    private readonly events: PoolEvents,
    private readonly workerFile: string = WORKER_FILE,
  ) {
    this.queue = [...cells];
  }

  /** Runs all cells with `size` workers; ends when none is left or `stop` is called. */
  async run(size: number): Promise<void> {
    const lanes = Array.from({ length: Math.min(size, this.queue.length) }, () => this.lane());
    await Promise.all(lanes);
  }

  /** Ends all workers; cells that are running are lost. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.queue.length = 0;
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  /** Runs cells on one worker, and on its successor when it dies, until no cell is left. */
  private async lane(): Promise<void> {
    let worker: Worker | undefined;
    for (let cell = this.queue.shift(); cell && !this.stopped; cell = this.queue.shift()) {
      worker ??= this.start();
      try {
        this.report(cell, await ask(worker, cell));
      } catch (error) {
        if (this.stopped) break;
        this.workers.delete(worker);
        worker = undefined;
        this.events.failed(cell, `its worker died: ${error instanceof Error ? error.message : error}`, false);
      }
    }
    if (worker) {
      this.workers.delete(worker);
      await worker.terminate();
    }
  }

  private start(): Worker {
    const worker = new Worker(this.workerFile, { workerData: this.setup });
    this.workers.add(worker);
    return worker;
  }

  private report(cell: Cell, answer: WorkerAnswer): void {
    if ('result' in answer) this.events.result(cell, answer.result);
    else this.events.failed(cell, answer.refused, true);
  }
}

/** Sends a cell to a worker and waits for its answer, or for the worker to die. */
function ask(worker: Worker, cell: Cell): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      then();
    };
    const onMessage = (answer: WorkerAnswer) => settle(() => resolve(answer));
    const onError = (error: unknown) => settle(() => reject(error));
    const onExit = (code: number) => settle(() => reject(new Error(`exit code ${code}`)));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(cell);
  });
}
