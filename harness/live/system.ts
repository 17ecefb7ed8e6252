import type { Readahead } from '../contract/readahead.js';
import { Refusal } from '../contract/refusal.js';
import { type SwapSetup, type SwapText, swapSetup } from '../contract/swap.js';
import type { GroupPlace } from './group.js';
import type { LiveMachineName } from './names.js';
import type { Session } from './session.js';

/** How fast a trace is carried out: as fast as it goes, or not before its own times. */
export const PACES = ['trace', 'asap'] as const;
export type Pace = (typeof PACES)[number];

/**
 * How old the statistics of a group are by which the kernel decides what to reclaim: as the kernel leaves them (it brings them up
 * to date every 2 s, and when many changes have come together), or brought up to date every 16 touches.
 */
export const STATISTICS = ['kernel', 'fresh'] as const;
export type Statistics = (typeof STATISTICS)[number];

/** How the executor carries out a trace. */
export interface Execution {
  readonly pace: Pace;
  readonly stats: Statistics;
}

/** How many pages are read from swap at once. */
export const PAGE_CLUSTER = '/proc/sys/vm/page-cluster';
/** Stands for a setting that each run makes what its trace is replayed under. */
export const AS_ASKED = 'as asked';

/** What a run needs of the system that it is on. */
export interface Needs {
  /** Name of the reclaim policy: `linux` or `mglru`. */
  readonly reclaim: string;
  readonly swap: SwapText;
  readonly readahead: Readahead;
}

/** A live kernel with an executor, and what can be done to it: in a virtual machine, or on a host. */
export interface LiveSystem extends Execution {
  readonly name: LiveMachineName;
  /** The executor. It is another one after `renew`. */
  readonly session: Session;
  /** Whether nothing else runs there, so that counters of the whole system are those of the trace. */
  readonly alone: boolean;
  /** Starts the executor again, after it was given up. */
  renew(): Promise<void>;
  /**
   * Sets reclaim, swap and read-ahead for the next run, when no space is left of the last one.
   *
   * @throws Refusal for what the kernel does not have
   */
  prepare(needs: Needs): void | Promise<void>;
  /** Writes a setting of the kernel. It is as before when the system is closed. @throws HostError where it cannot */
  change(path: string, value: string): void;
  /** Where memory groups can be made, or why they cannot. */
  groups(): GroupPlace | string;
  /** Ends it. */
  close(): Promise<void>;
  /** A folder for files of a trace, on a disk. @throws Refusal where there is none */
  filesFolder(): string;
  /** How far files of a trace are read ahead, in KiB: `AS_ASKED` where a run sets that, undefined where it is not known. */
  readAheadKiB(): string | undefined;
}

/**
 * The swap that a live kernel is to have.
 *
 * @param pages what it holds where no size is given
 * @throws Refusal for a ratio, which is that of the contents on a live kernel
 */
export function liveSwap(swap: SwapText, pages: number): SwapSetup {
  const setup = swapSetup(swap);
  if (setup.ratioGiven)
    throw new Refusal(`swap ${swap}: a live kernel compresses what there is, expected no ratio`);
  return setup.pages === Number.POSITIVE_INFINITY ? { ...setup, pages } : setup;
}
