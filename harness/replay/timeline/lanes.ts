import type { Slice } from './slices.js';

/** Lanes of a thread: what would need more is left out. */
const MOST_LANES = 8;

/** A row of a viewer: a thread, or where its slices overlap, one of several. */
export interface Lane {
  readonly space: number;
  readonly thread: number;
  /** From 0. */
  readonly lane: number;
  readonly slices: Slice[];
}

function endNs({ timeUs, stallNs }: Slice): number {
  return timeUs * 1000 + stallNs;
}

/**
 * Slices by rows of a viewer, in which none may overlap. Trace time is an open loop: a stall delays nothing, so that a thread may have
 * its next event while it still waits, and such events go to further lanes.
 *
 * @param slices by time
 * @returns lanes, and how many slices found none
 */
export function lanesOf(slices: readonly Slice[]): { readonly lanes: Lane[]; readonly leftOut: number } {
  const byThread = new Map<string, { lane: Lane; untilNs: number }[]>();
  let leftOut = 0;
  for (const slice of slices) {
    const { space, thread, timeUs } = slice;
    const key = `${space}:${thread}`;
    const own = byThread.get(key) ?? [];
    byThread.set(key, own);
    let free = own.find(({ untilNs }) => untilNs <= timeUs * 1000);
    if (!free && own.length < MOST_LANES) {
      free = { lane: { space, thread, lane: own.length, slices: [] }, untilNs: 0 };
      own.push(free);
    }
    if (!free) {
      leftOut++;
      continue;
    }
    free.lane.slices.push(slice);
    free.untilNs = endNs(slice);
  }
  return { lanes: [...byThread.values()].flatMap((own) => own.map(({ lane }) => lane)), leftOut };
}
