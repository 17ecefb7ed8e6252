import { replayNs, type TraceWork } from '../experiment/estimate.js';
import type { Cell } from '../experiment/plan.js';
import type { StoredTrace } from './trace-store.js';

/** What a cell is expected to take. */
export interface Estimate {
  /** CPU time in ns, as on the host of the constants of `replayNs`. */
  readonly ns: number;
  /** Memory of a process that runs it alone, in bytes. */
  readonly bytes: number;
}

/** Nothing of its own: a cell that has the results of another. */
export const NOTHING: Estimate = { ns: 0, bytes: 0 };

/** What a replay of a trace has to do, and hold. */
export type Work = TraceWork & Pick<StoredTrace, 'compiledBytes'> & { readonly peakPages: number };

/** Of a trace that is held in memory; a larger one is streamed. */
const MOST_HELD_BYTES = 1024 ** 3;
const MIB = 1024 ** 2;
/** A process of this program with one worker, before it has a trace. */
const PROCESS_BYTES = 170 * MIB;
/** Of a page at the peak: frame, entries of page tables, reverse map, policy, swap slot, with room for growing arrays. */
const PAGE_BYTES_HELD = 160;
/** Of an event of samples and blocks that are on their way. */
const STREAM_BYTES = 64 * MIB;

/** Estimates a cell that has a replay of its own from what the first replay of its trace found. */
export function estimateCell(cell: Cell, trace: Work): Estimate {
  const { peakPages, compiledBytes } = trace;
  const held = compiledBytes > MOST_HELD_BYTES ? STREAM_BYTES : 2 * compiledBytes;
  return {
    ns: replayNs(cell, trace),
    bytes: Math.round(PROCESS_BYTES + held + peakPages * PAGE_BYTES_HELD),
  };
}
