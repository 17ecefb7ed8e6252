import { simulate } from '../mrc/simulate.js';
import { Simulation } from '../mrc/simulation.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';

/** By request: the number of the next request for the same page, infinity where there is none. */
export function nextUses(ids: ArrayLike<number>): Float64Array {
  const next = new Float64Array(ids.length);
  const seen = new Map<number, number>();
  for (let i = ids.length - 1; i >= 0; i--) {
    next[i] = seen.get(ids[i]!) ?? Number.POSITIVE_INFINITY;
    seen.set(ids[i]!, i);
  }
  return next;
}

/** Runs a policy on a reference string: `h` for each hit and `m` for each miss. */
export function hitsAndMisses(policy: string, capacity: number, ids: readonly number[], seed = 1): string {
  const chosen = reclaimPolicies.choose(policy);
  const sim = new Simulation(chosen, capacity, seed);
  sim.grow(Math.max(0, ...ids) + 1);
  const next = chosen.info.needsFuture ? nextUses(ids) : undefined;
  return ids
    .map((id, i) => {
      const before = sim.misses;
      simulate(sim, Int32Array.of(id), 1, next?.subarray(i));
      return sim.misses > before ? 'm' : 'h';
    })
    .join('');
}
