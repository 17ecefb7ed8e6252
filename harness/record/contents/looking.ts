import { Worker } from 'node:worker_threads';
import { packageFile } from '../../base/package-root.js';

/** What the thread that looks at contents is given. */
export interface LookingOptions {
  /** The program: it and its descendants are looked at. */
  readonly pid: number;
  readonly everyMs: number;
  /** The file that it writes. */
  readonly file: string;
  /** An Int32Array of one element: 1 ends it. */
  readonly stop: SharedArrayBuffer;
}

/**
 * Looks at the contents of a program's pages from time to time. In a thread of this process, which the kernel lets read the memory
 * of its children also where others may not (Yama), and which ends with it.
 */
export class Looking {
  private readonly worker: Worker;
  private readonly flag: Int32Array;
  private readonly ended: Promise<void>;
  /** Resolves with what is to be said where contents can be written no longer. */
  readonly broken: Promise<string>;

  constructor(options: Omit<LookingOptions, 'stop'>) {
    const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.flag = new Int32Array(stop);
    this.worker = new Worker(packageFile('dist', 'harness', 'record', 'contents', 'worker.js'), {
      workerData: { ...options, stop },
    });
    this.broken = new Promise((done) =>
      this.worker.once('error', (error) => done(`contents cannot be written: ${(error as Error).message}`)),
    );
    this.ended = new Promise((done) => this.worker.once('exit', () => done()));
  }

  /** Ends it; the file is complete then. */
  async stop(): Promise<void> {
    Atomics.store(this.flag, 0, 1);
    Atomics.notify(this.flag, 0);
    await this.ended;
  }
}
