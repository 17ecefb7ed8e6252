import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Cell, FirstReplay } from './plan.js';

/** What a replay of a trace has to do: what its first one found. */
export type TraceWork = Pick<FirstReplay, 'work'> & { readonly events: number };

/**
 * Of a cell, whatever its trace. These and what follows were fitted to wall times of the shipped comparison, and checked with the
 * CPU time of its 42 families of cells and of 40 others (reclaim lru, limits down to 40 %): of the 70 that are not refused, half
 * are within a factor of 1.4, nine in ten within 1.9, all within 2.6; of their first cells, 1.4, 2.5 and 2.8.
 */
const START_NS = 20e6;
const EVENT_NS = 60;
const TOUCH_NS = 60;
const FAULT_NS = 100;
/** Reclaim, and the faults that follow from it. */
const SHORT = 2;
/** ksmd's scans. */
const MERGES = 3;

/**
 * How a cell differs from the first replay of its trace, which has no limit, keeps all and merges nothing: times as long.
 */
function slowdown({ limit, memory, merge, reclaim }: Cell): number {
  const short = limit !== 'none' || memory !== 'none' ? SHORT : 1;
  const merges = merge === 'none' ? 1 : MERGES;
  const { info } = reclaimPolicies.choose(reclaim);
  return short * merges * (info.needsFuture ? 2 : 1);
}

/** CPU time of a cell that has a replay of its own, in ns. The same on every host: shards are cut by it. */
export function replayNs(cell: Cell, { events, work }: TraceWork): number {
  const first = events * EVENT_NS + work.touches * TOUCH_NS + work.faults * FAULT_NS;
  return Math.round(START_NS + first * slowdown(cell));
}

/**
 * Of a cell that may follow the replay of another, which differs in its discard policy alone; where it cannot, it takes all.
 * Families of 8 to 10 cells take 4 to 6 replays.
 */
export const FOLLOWS = 0.5;
