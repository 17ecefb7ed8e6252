import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { fileError, HostError } from '../base/errors.js';
import { entryFile } from '../base/package-root.js';
import { setThreadHeap } from '../base/thread-heap.js';

/** Workers start from built files, also when the rest runs from source (tests). */
const WORKER_FILE = entryFile('experiment', 'worker');

/** What becomes of jobs. */
export interface PoolEvents<J, A> {
  /** Whether jobs that have not begun are still to be done. */
  wanted?(): boolean;
  /** A worker begins with a job. */
  started?(job: J): void;
  /**
   * Returns jobs to be done next, if any follow from the answer. What throws here ends the pool: it is no fault of a worker.
   *
   * @param idle how many other workers have nothing to do
   */
  answered(job: J, answer: A, idle: number): readonly J[] | undefined;
  /** The worker died; the other jobs go on. Returns jobs as `answered` does. */
  died(job: J, reason: string): readonly J[] | undefined;
}

/** Does jobs in the thread of the pool, where that takes less than a worker would. */
export interface Here<J, A> {
  /** Whether these jobs are that short, and those that may follow from them. */
  suits(jobs: readonly J[]): boolean;
  /** Returns undefined where a job is not short after all: a worker does it. What it throws is what a worker would have died of. */
  answer(job: J): Promise<A | undefined>;
}

/** An answer, or why there is none. */
type Answered<A> = { readonly answer: A } | { readonly death: string };

/** Jobs that are to be done, and how many are being done: those may lead to more. */
class JobQueue<J> {
  private readonly jobs: J[];
  private running = 0;
  private waiting: (() => void)[] = [];

  constructor(jobs: readonly J[]) {
    this.jobs = [...jobs];
  }

  /** The next job, once there is one; undefined when all are done. */
  async next(): Promise<J | undefined> {
    while (this.jobs.length === 0 && this.running > 0)
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    const job = this.jobs.shift();
    if (job !== undefined) this.running++;
    return job;
  }

  /** How many wait for a job. */
  get idle(): number {
    return this.waiting.length;
  }

  /** A job is done, and leads to others. */
  done(more: readonly J[] = []): void {
    this.running--;
    this.jobs.unshift(...more);
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/**
 * Worker threads that answer jobs, each one at a time; what is short may be done without any. A worker that dies loses only
 * its own job: it is reported, and another worker takes over the rest.
 */
export class Pool<J, A> {
  private readonly workers = new Set<Worker>();
  private readonly idle: Worker[] = [];
  private closed = false;

  /**
   * @param workerData what every worker receives when it starts
   * @param here does what it can where no worker has been started
   */
  constructor(
    private readonly size: number,
    private readonly workerData: object,
    private readonly workerFile: string = WORKER_FILE,
    private readonly here?: Here<J, A>,
  ) {}

  /**
   * Runs jobs in their order, and those that follow from them; returns when all are done, or the pool is closed.
   *
   * @throws what `events.answered` throws, and HostError where no worker can be started, or the host is out of what one
   *   needs; the pool is closed then
   */
  async run<K extends J>(jobs: readonly K[], events: PoolEvents<K, A>, most = this.size): Promise<void> {
    const queue = new JobQueue<K>(jobs);
    const here = this.workers.size === 0 && this.here?.suits(jobs) ? this.here : undefined;
    try {
      // A worker is started for a job, and one job may lead to several.
      const length = here ? 1 : Math.min(this.size, most);
      const lanes = Array.from({ length }, () => this.lane(queue, events, here));
      await Promise.all(lanes);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Ends all workers at once, whatever they do; jobs that are running are lost. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  /** Answers jobs with one worker, and with its successor when it dies, until none is left. */
  private async lane<K extends J>(
    queue: JobQueue<K>,
    events: PoolEvents<K, A>,
    here: Here<J, A> | undefined,
  ): Promise<void> {
    let worker: Worker | undefined;
    while (!this.closed && events.wanted?.() !== false) {
      const job = await queue.next();
      if (job === undefined || this.closed) break;
      if (!here) worker ??= this.idle.pop() ?? this.start();
      events.started?.(job);
      let answer = here && (await answerHere(here, job));
      if (!answer && !this.closed) {
        worker ??= this.start();
        answer = await ask<A>(worker, job);
      }
      if (!answer || this.closed) {
        queue.done();
        return;
      }
      if ('answer' in answer) {
        queue.done(events.answered(job, answer.answer, queue.idle));
        continue;
      }
      if (worker) this.workers.delete(worker);
      worker = undefined;
      queue.done(events.died(job, answer.death));
    }
    if (worker) this.idle.push(worker);
  }

  private start(): Worker {
    try {
      setThreadHeap();
      const worker = new Worker(this.workerFile, { workerData: this.workerData });
      this.workers.add(worker);
      return worker;
    } catch (error) {
      throw new HostError(
        `no worker thread can be started: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
}

/** Does a job in this thread, once signals and timers have had their turn. */
async function answerHere<J, A>(here: Here<J, A>, job: J): Promise<Answered<A> | undefined> {
  await setImmediate();
  try {
    const answer = await here.answer(job);
    return answer === undefined ? undefined : { answer };
  } catch (error) {
    return { death: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Sends a job to a worker and waits for its answer, or for the worker to die.
 *
 * @throws HostError where it dies because the host is out of something, such as open files when it loads its code
 */
function ask<A>(worker: Worker, job: unknown): Promise<Answered<A>> {
  return new Promise((resolve, reject) => {
    const settle = (result: Answered<A> | HostError) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      // A worker whose error is known still has to end.
      if (!('answer' in result)) worker.on('error', () => undefined);
      if (result instanceof HostError) reject(result);
      else resolve(result);
    };
    const onMessage = (answer: A) => settle({ answer });
    const onError = (error: unknown) => {
      const { code, path } = error as NodeJS.ErrnoException;
      const cause = fileError(error, path ?? 'worker thread');
      if (cause instanceof HostError) settle(cause);
      else if (code === 'ERR_WORKER_INIT_FAILED') settle(notBegun(error as Error));
      else if (code === 'ERR_MODULE_NOT_FOUND') settle(notLoaded(error as Error));
      else settle({ death: error instanceof Error ? error.message : String(error) });
    };
    const onExit = (code: number) => settle({ death: `exit code ${code}` });
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(job);
  });
}

/** Node could not make what a thread needs, such as its descriptors. */
function notBegun({ message }: Error): HostError {
  const why = message.endsWith('EMFILE') ? 'too many open files (ulimit -n)' : message;
  return new HostError(`a worker thread cannot begin: ${why}`);
}

/** Node also says of a module that it does not exist where it cannot look, since too many files are open. */
function notLoaded({ message }: Error): HostError {
  const [what] = message.split('\n');
  return new HostError(`a worker cannot load its code: ${what}; are there too many open files (ulimit -n)?`);
}
