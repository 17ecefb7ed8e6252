import { tablePages } from './entries.js';
import { exit } from './process.js';
import type { NaiveKernel, Space } from './state.js';

/** OOM_SCORE_ADJ_MIN. */
const NEVER = -1000;

/** Thrown where a space that was killed would go on. */
export class NaiveKilled extends Error {}

/** oom_badness: resident and swapped pages, page tables (the level above all directories too), thousandths of all there is. */
function badness(space: Space, total: number): number {
  let held = tablePages(space) + 1;
  for (const { page, present } of space.entries.values()) if (!present || page.inMemory) held++;
  return held + space.oomScoreAdj * Math.floor(total / 1000);
}

function total(k: NaiveKernel): number {
  const slots = k.swapPages === Number.POSITIVE_INFINITY ? k.slotsUsed() : k.swapPages;
  return k.limit + slots;
}

/**
 * out_of_memory: kills the space with the largest badness, of those that are alike the youngest. One that is at work lives until
 * its event is over, and has all the memory it asks for meanwhile. False where none may be killed.
 */
export function outOfMemory(k: NaiveKernel): boolean {
  let victim: Space | undefined;
  let most = Number.NEGATIVE_INFINITY;
  const all = total(k);
  for (const space of k.spaces.values()) {
    if (space.oomScoreAdj === NEVER) continue;
    const points = badness(space, all);
    if (points < most) continue;
    most = points;
    victim = space;
  }
  if (!victim) return false;
  k.counters.oom_events++;
  k.counters.oom_kills++;
  k.killed.add(victim.id);
  if (victim === k.atWork) k.dying = victim;
  else exit(k, victim);
  return true;
}

/**
 * Carries out an event of a space, or of none. Where the space is killed in it, it gets no further than the page at hand.
 *
 * @returns what `work` returns; undefined where it did not end
 */
export function carryOut<T>(k: NaiveKernel, id: number | undefined, work: () => T): T | undefined {
  k.atWork = id === undefined ? undefined : k.spaces.get(id);
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NaiveKilled)) throw error;
    return undefined;
  } finally {
    k.atWork = undefined;
    if (k.dying) exit(k, k.dying);
    k.dying = undefined;
  }
}
