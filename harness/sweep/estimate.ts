import type { Cell } from '../experiment/plan.js';
import type { PreparedTrace } from '../experiment/prepare.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { StoredTrace } from './trace-store.js';

/** What a cell is expected to take. */
export interface Estimate {
  /** CPU time in ns, as on the host of the constants below. */
  readonly ns: number;
  /** Memory of a process that runs it alone, in bytes. */
  readonly bytes: number;
}

/** Nothing of its own: a cell that has the results of another. */
export const NOTHING: Estimate = { ns: 0, bytes: 0 };

/** What a replay of a trace has to do, and hold. */
export type Work = Pick<PreparedTrace & StoredTrace, 'events' | 'work' | 'peakPages' | 'compiledBytes'>;

/** Of a trace that is held in memory; a larger one is streamed. */
const MOST_HELD_BYTES = 1024 ** 3;
const MIB = 1024 ** 2;

/**
 * How a cell differs from the first replay of its trace, which has no limit, keeps all and merges nothing: times as long.
 */
function slowdown({ limit, memory, merge, reclaim }: Cell): number {
  const short = limit !== 'none' || memory !== 'none' ? SHORT : 1;
  const merges = merge === 'none' ? 1 : MERGES;
  const { info } = reclaimPolicies.choose(reclaim);
  return short * merges * (info.needsFuture ? 2 : 1);
}

/**
 * Of a cell, whatever its trace. These and what follows are the best fit to the wall times of the 246 cells of the shipped
 * comparison that take more than 2 ms, less the share of the host that others had: half are within a factor of 1.6 of them, nine
 * in ten within 2.7.
 */
const START_NS = 20e6;
const EVENT_NS = 60;
const TOUCH_NS = 60;
const FAULT_NS = 100;
/** Reclaim, and the faults that follow from it. */
const SHORT = 2;
/** ksmd's scans. */
const MERGES = 3;

/** A process of this program with one worker, before it has a trace. */
const PROCESS_BYTES = 140 * MIB;
/** Of a page at the peak: frame, entries of page tables, reverse map, policy, swap slot, with room for growing arrays. */
const PAGE_BYTES_HELD = 160;
/** Of an event of samples and blocks that are on their way. */
const STREAM_BYTES = 64 * MIB;

/** Of a cell that may follow the replay of another, which differs in its discard policy alone; where it cannot, it takes all. */
export const FOLLOWS = 0.5;

/** CPU time of a replay as the first of a trace, in ns. */
function replayNs({ events, work }: Pick<Work, 'events' | 'work'>): number {
  return events * EVENT_NS + work.touches * TOUCH_NS + work.faults * FAULT_NS;
}

/** Estimates a cell from what the first replay of its trace found. The same on every host: shards are cut by it. */
export function estimateCell(cell: Cell, trace: Work): Estimate {
  const { peakPages, compiledBytes } = trace;
  const held = compiledBytes > MOST_HELD_BYTES ? STREAM_BYTES : 2 * compiledBytes;
  return {
    ns: Math.round(START_NS + replayNs(trace) * slowdown(cell)),
    bytes: Math.round(PROCESS_BYTES + held + peakPages * PAGE_BYTES_HELD),
  };
}
