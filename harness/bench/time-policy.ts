import { type Backend, backendFor } from '../mrc/backend.js';
import { loadSimulate, Simulation } from '../mrc/simulation.js';
import { knowFuture } from '../mrc/sweep.js';
import { WasmSimulation } from '../mrc/wasm-simulation.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Chosen } from '../policy/registry.js';
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

/** What replays parts of a string, and counts their misses. */
interface Replay {
  readonly misses: number;
  /** @param at where in the string the part begins */
  run(part: Int32Array, at: number): void;
}

async function replayInJs(chosen: Chosen<ReclaimPolicyInfo>, string: BenchString): Promise<Replay> {
  const simulate = await loadSimulate(chosen.info.name);
  const simulation = new Simulation(chosen, string.capacity, 1);
  const next = chosen.info.needsFuture ? futureOf(string) : undefined;
  simulation.grow(string.reference.distinct);
  return {
    get misses() {
      return simulation.misses;
    },
    run: (part, at) => simulate(simulation, part, part.length, next?.subarray(at, at + part.length)),
  };
}

function replayInWasm(chosen: Chosen<ReclaimPolicyInfo>, string: BenchString): Replay {
  const simulation = new WasmSimulation(chosen, string.capacity);
  simulation.grow(string.reference.distinct);
  return {
    get misses() {
      return simulation.misses;
    },
    run: (part) => simulation.run(part, part.length),
  };
}

/**
 * Replays a reference string with an empty cache, through the loop that `reclaim mrc` uses.
 * The time is that of the loop: making the policy and its arrays is not in it, and neither is it in that of the C twins.
 *
 * @param backend what is to run the policy; by default what `reclaim mrc` takes
 */
export async function timePolicy(
  policy: string,
  string: BenchString,
  backend?: Backend,
): Promise<PolicyTime> {
  const { ids } = string.reference;
  const chosen = reclaimPolicies.choose(policy);
  const replay =
    backendFor(chosen, string.capacity, backend) === 'wasm'
      ? replayInWasm(chosen, string)
      : await replayInJs(chosen, string);
  const partsNs: number[] = [];
  let before = process.hrtime.bigint();
  for (let at = 0; at < ids.length; at += PART_REQUESTS) {
    replay.run(ids.subarray(at, at + PART_REQUESTS), at);
    const now = process.hrtime.bigint();
    partsNs.push(Number(now - before));
    before = now;
  }
  return { ns: partsNs.reduce((sum, ns) => sum + ns, 0), partsNs, misses: replay.misses };
}
