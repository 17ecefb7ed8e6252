import { loadDrive } from '../mrc/load-drive.js';
import { BATCH_REQUESTS } from '../mrc/reference.js';
import { Simulation } from '../mrc/simulation.js';
import { knowFuture } from '../mrc/sweep.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { BenchString } from './strings.js';

/** One replay of a reference string under a policy. */
export interface PolicyTime {
  readonly ns: number;
  readonly misses: number;
}

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
 * Replays a reference string with an empty cache, through the loop that `reclaim mrc` uses, batch by batch as it does.
 * The time is that of the loop: making the policy and its arrays is not in it, and neither is it in that of the C twins.
 */
export async function timePolicy(policy: string, string: BenchString): Promise<PolicyTime> {
  const { ids, distinct } = string.reference;
  const drive = await loadDrive(policy);
  const chosen = reclaimPolicies.choose(policy);
  const simulation = new Simulation(chosen, string.capacity, 1);
  const next = chosen.info.needsFuture ? futureOf(string) : undefined;
  simulation.grow(distinct);
  const started = process.hrtime.bigint();
  for (let at = 0; at < ids.length; at += BATCH_REQUESTS) {
    const batch = ids.subarray(at, at + BATCH_REQUESTS);
    drive(simulation, batch, batch.length, next?.subarray(at, at + BATCH_REQUESTS));
  }
  return { ns: Number(process.hrtime.bigint() - started), misses: simulation.misses };
}
