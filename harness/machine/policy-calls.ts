import type { SyscallResult } from '../contract/target.js';

/** A call on memory of a space that is gone. */
export const NOTHING_MAPPED: SyscallResult = { errno: 'ENOMEM', value: 0, pages: 0 };

/** A call that the program does not make: it would destroy a file. */
export const NOT_MADE: SyscallResult = { errno: 'EPERM', value: 0, pages: 0 };

/** Counts the calls of a discard policy. */
export class PolicyCalls {
  calls = 0;
  pages = 0;
  errors = 0;
  failedPages = 0;
  /** Calls that were not made because they would have destroyed a file. */
  refused = 0;

  /** A call that named some pages has returned. */
  protected count(named: number, result: SyscallResult): void {
    this.calls++;
    this.pages += named;
    if (result.errno === 0) return;
    this.errors++;
    this.failedPages += named - result.pages;
    if (result === NOT_MADE) this.refused++;
  }
}
