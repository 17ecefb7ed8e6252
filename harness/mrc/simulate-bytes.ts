import { noVictim, type Simulation } from './simulation.js';

/** Bytes asked for, and bytes missed. */
export interface ByteCounts {
  requestBytes: number;
  missBytes: number;
}

/**
 * Runs a policy over requests for objects of different sizes; the capacity is in bytes. Loaded once for each policy, as
 * `simulate` is.
 *
 * An object has the size that it had when it came in; one larger than the policy takes in (by default, than the cache)
 * is a miss each time and displaces nothing, as in libCacheSim.
 *
 * @param sizes by request: bytes
 */
export function simulateBytes(
  sim: Simulation,
  ids: Int32Array,
  length: number,
  sizes: Float64Array,
  counts: ByteCounts,
): void {
  const { policy, resident, accessed, accessedAtInsert, capacity } = sim;
  const held = sim.sizes!;
  const largest = policy.largest ?? capacity;
  let { misses } = sim;
  let { requestBytes, missBytes } = counts;
  for (let i = 0; i < length; i++) {
    const id = ids[i]!;
    const size = sizes[i]!;
    requestBytes += size;
    if (resident[id] === 1) {
      if (policy.touch) policy.touch(id);
      else accessed[id] = 1;
      continue;
    }
    misses++;
    missBytes += size;
    policy.miss?.(id);
    // A ghost keeps its old size until `miss` has taken it off its list.
    if (size > largest) {
      policy.remove(id);
      continue;
    }
    held[id] = size;
    makeRoom(sim, size);
    resident[id] = 1;
    accessed[id] = accessedAtInsert;
    sim.cached += size;
    policy.insert(id);
  }
  sim.misses = misses;
  sim.requests += length;
  counts.requestBytes = requestBytes;
  counts.missBytes = missBytes;
}

/** Takes victims out of the cache until `size` bytes are free. */
function makeRoom(sim: Simulation, size: number): void {
  const { policy, resident, victims, capacity } = sim;
  const held = sim.sizes!;
  while (sim.cached + size > capacity) {
    const found = policy.evict(victims, 1);
    if (found === 0) throw noVictim(sim);
    for (let v = 0; v < found; v++) {
      const victim = victims[v]!;
      resident[victim] = 0;
      sim.cached -= held[victim]!;
    }
  }
}
