import type { CallCount } from '../metrics/files.js';
import { ADVICE } from '../trace/op.js';
import { IGNORED_ADVICE, type SyscallResult } from './target.js';

const IGNORED: ReadonlySet<string> = new Set(
  ADVICE.filter((advice) => IGNORED_ADVICE[advice] !== undefined).flatMap((advice) => [
    `madvise ${advice}`,
    `process_madvise ${advice}`,
  ]),
);

/** Calls, and the pages that they worked on. */
interface Counted {
  count: number;
  pages: number;
}

/** What the system calls that a trace contains verbatim returned, by call and error. */
export class CallOutcomes {
  /** Calls that returned an error. */
  errors = 0;
  /** Calls that succeeded and that the machine does not model. */
  ignored = 0;
  /** Accesses that the program did not make, as the call that they rely on had failed. */
  unmadeTouches = 0;
  /** By space: pages that a call was to map or make accessible, and did not. */
  private readonly denied = new Map<number, (readonly [start: number, end: number])[]>();
  private readonly byCall = new Map<string, Map<SyscallResult['errno'], Counted>>();

  /**
   * @param call as in `madvise MADV_FREE`, `fallocate punch` or `map`
   * @param modelled whether the machine does what is among `IGNORED_ADVICE`, with this memory
   */
  add(call: string, { errno, pages }: SyscallResult, modelled = false): void {
    const outcomes = this.byCall.get(call) ?? new Map<SyscallResult['errno'], Counted>();
    this.byCall.set(call, outcomes);
    const row = outcomes.get(errno) ?? { count: 0, pages: 0 };
    outcomes.set(errno, row);
    row.count++;
    row.pages += pages;
    if (errno !== 0) this.errors++;
    else if (!modelled && IGNORED.has(call)) this.ignored++;
  }

  /** A call that was to make pages accessible has failed. */
  deny(space: number, page: number, count: number): void {
    const ranges = this.denied.get(space) ?? [];
    ranges.push([page, page + count]);
    this.denied.set(space, ranges);
  }

  isDenied(space: number, page: number): boolean {
    return this.denied.get(space)?.some(([start, end]) => page >= start && page < end) ?? false;
  }

  /** A child has what its parent has, and not what it has not. */
  forked(space: number, child: number): void {
    const ranges = this.denied.get(space);
    if (ranges) this.denied.set(child, [...ranges]);
  }

  /** Rows of calls.csv without their cell, in the order in which the calls first came. */
  rows(): CallCount[] {
    return [...this.byCall].flatMap(([call, outcomes]) =>
      [...outcomes].map(([errno, row]) => ({ call, errno: errno === 0 ? 'ok' : errno, ...row })),
    );
  }
}
