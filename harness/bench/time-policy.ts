import { loadSimulate, Simulation } from '../mrc/simulation.js';
import { knowFuture } from '../mrc/sweep.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { OwnTime } from './case.js';
import type { BenchString } from './strings.js';

/** One replay of a reference string under a policy. */
export interface PolicyTime extends OwnTime {
  readonly misses: number;
}

/**
 * Requests a part: less than a millisecond for most policies, so that some runs of a part are not interrupted even on a
 * busy host. As in twins/twin.h.
 */
const PART_REQUESTS = 16_384;

const futures = new WeakMap<BenchString, Float64Array>();

/** When each request's page is used next; the same array every time. */
function futureOf(string: BenchString): Float64Array {
  let next = futures.get(string);
  if (!next) {
    next = knowFuture(string.reference);
    futures.set(string, next);
  }
  return next;
}

/**
 * Replays a reference string with an empty cache, through the loop that `reclaim mrc` uses.
 * The time is that of the loop: making the policy and its arrays is not in it, and neither is it in that of the C twins.
 */
export async function timePolicy(policy: string, string: BenchString): Promise<PolicyTime> {
  const { ids, distinct } = string.reference;
  const simulate = await loadSimulate(policy);
  const chosen = reclaimPolicies.choose(policy);
  const simulation = new Simulation(chosen, string.capacity, 1);
  const next = chosen.info.needsFuture ? futureOf(string) : undefined;
  simulation.grow(distinct);
  const partsNs: number[] = [];
  let before = process.hrtime.bigint();
  for (let at = 0; at < ids.length; at += PART_REQUESTS) {
    const part = ids.subarray(at, at + PART_REQUESTS);
    simulate(simulation, part, part.length, next?.subarray(at, at + PART_REQUESTS));
    const now = process.hrtime.bigint();
    partsNs.push(Number(now - before));
    before = now;
  }
  return { ns: partsNs.reduce((sum, ns) => sum + ns, 0), partsNs, misses: simulation.misses };
}
