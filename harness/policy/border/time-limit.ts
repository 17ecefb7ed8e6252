import { createContext, runInContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { atWork, type ModuleOrigin, PolicyOffence, stopped } from './border.js';

const MS_PER_S = 1000;

/** Where `work` is called under a time limit of V8: endless loops are stopped from outside. */
let context: { work?: () => unknown } | undefined;

/** The error is of the context, so no `Error` of this one. */
function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/**
 * The time that a cell with a policy from outside may take. Only work that is not interrupted counts: blocks of events, not
 * reading them. A policy that never comes back is stopped in the middle, wherever it is; what it was part of is lost.
 */
export class TimeLimit {
  private leftMs: number;

  private constructor(private readonly module: ModuleOrigin) {
    this.leftMs = module.timeoutS * MS_PER_S;
  }

  /** The limit for a cell with these policies; undefined where none is from outside. */
  static of(infos: readonly { readonly module?: ModuleOrigin }[]): TimeLimit | undefined {
    const module = infos.find((info) => info.module !== undefined)?.module;
    return module && new TimeLimit(module);
  }

  /**
   * Does a part of the work of a cell.
   *
   * @param where what the work had come to, for the error
   * @throws PolicyOffence when the time is over
   */
  run<T>(work: () => T, where?: () => string): T {
    context ??= createContext({});
    const started = performance.now();
    try {
      context.work = work;
      // Handlers of signals wait for an endless loop, too: only the main thread gets signals.
      return runInContext('work()', context, {
        timeout: Math.max(1, Math.ceil(this.leftMs)),
        breakOnSigint: isMainThread,
      }) as T;
    } catch (error) {
      if (hasCode(error, 'ERR_SCRIPT_EXECUTION_INTERRUPTED')) throw this.interrupted();
      throw hasCode(error, 'ERR_SCRIPT_EXECUTION_TIMEOUT') ? this.timeIsOver(where?.() ?? '') : error;
    } finally {
      this.leftMs -= performance.now() - started;
    }
  }

  /** Lets the signal do what it would have done; what is thrown meanwhile ends the work. */
  private interrupted(): PolicyOffence {
    const late = atWork();
    stopped();
    process.kill(process.pid, 'SIGINT');
    const what = late ? `${late.border.policy}: ${late.method}` : 'the work of this module';
    return new PolicyOffence(`${what} was interrupted`, { file: this.module.file });
  }

  private timeIsOver(where: string): PolicyOffence {
    const { file, timeoutS } = this.module;
    const late = atWork();
    stopped();
    const what = late
      ? `${late.border.policy}: ${late.method} had not come back`
      : 'a cell with a policy of this module was not done';
    return new PolicyOffence(`${what} after ${timeoutS} s, the limit of a cell (--policy-timeout)${where}`, {
      file: late?.border.module?.file ?? file,
    });
  }
}

/** Does a part of the work of a cell, under its time limit if it has one. */
export function within<T>(limit: TimeLimit | undefined, work: () => T, where?: () => string): T {
  return limit ? limit.run(work, where) : work();
}
