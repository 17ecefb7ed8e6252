import { InputError } from '../base/errors.js';
import { TimeLimit, within } from '../policy/border/time-limit.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { Chosen } from '../policy/registry.js';
import type { ReferenceString } from './reference.js';
import type { ByteCounts } from './simulate-bytes.js';
import { Simulation } from './simulation.js';
import type { SweepOptions, SweepResult } from './sweep.js';

/** Misses of one policy with a cache of `size` bytes. */
export interface ByteResult extends SweepResult {
  readonly requestBytes: number;
  readonly missBytes: number;
}

type SimulateBytes = typeof import('./simulate-bytes.js').simulateBytes;

/** The loop for one policy, in a copy of its module of its own. */
async function loadSimulateBytes(policy: string): Promise<SimulateBytes> {
  // @vite-ignore: the tests' bundler must leave the query as it is.
  const module = (await import(/* @vite-ignore */ `./simulate-bytes.js?${encodeURIComponent(policy)}`)) as {
    simulateBytes: SimulateBytes;
  };
  return module.simulateBytes;
}

/**
 * Misses of every policy at every size in bytes, side by side in one reading of the requests; one more before where sizes
 * are relative to the bytes of the distinct objects.
 *
 * @param reference opened with sizes
 * @param options `sizes` in bytes, given the bytes of the distinct objects
 * @throws InputError for a policy whose rules do not hold for sizes, for requests without any size, and when a stream would
 *   have to be read twice
 */
export async function sweepBytes(reference: ReferenceString, options: SweepOptions): Promise<ByteResult[]> {
  for (const { info } of options.policies) checkSized(info);
  if (options.relative && !reference.rereadable)
    throw new InputError(
      `sizes in % are of the bytes of the distinct objects, and ${reference.name} can be read only once, expected a file or sizes in bytes`,
    );
  const sizes = options.sizes(options.relative ? await distinctBytes(reference) : 0);
  const cells = await Promise.all(
    options.policies.flatMap((policy) => sizes.map((size) => byteCell(policy, size, options.seed))),
  );
  for await (const { ids, length, distinct, sizes: bytes } of reference.batches())
    for (const cell of cells) cell.run(ids, length, distinct, bytes!);
  const results = cells.map((cell) => cell.result());
  if (results[0] && results[0].requestBytes === 0) throw noSizes(reference);
  return results;
}

function noSizes({ name }: ReferenceString): InputError {
  return new InputError('no request has a size, and a cache in bytes needs them; expected a size column', {
    file: name,
  });
}

function checkSized({ name, sized }: ReclaimPolicyInfo): void {
  if (sized) return;
  const known = reclaimPolicies.all().filter((info) => info.sized);
  throw new InputError(
    `reclaim policy ${name} counts pages, and --bytes needs one that knows sizes: ${known.map((info) => info.name).join(', ')}`,
  );
}

/** Bytes of all distinct objects, each as large as at its first request. */
async function distinctBytes(reference: ReferenceString): Promise<number> {
  let seen = 0;
  let bytes = 0;
  // Ids are dense in order of first appearance: a new one is the number of those before it.
  for await (const { ids, length, sizes } of reference.batches())
    for (let i = 0; i < length; i++) {
      if (ids[i] !== seen) continue;
      seen++;
      bytes += sizes![i]!;
    }
  if (bytes === 0) throw noSizes(reference);
  return bytes;
}

async function byteCell(policy: Chosen<ReclaimPolicyInfo>, size: number, seed: number) {
  const simulate = await loadSimulateBytes(policy.info.name);
  const timeLimit = TimeLimit.of([policy.info]);
  const simulation = within(timeLimit, () => new Simulation(policy, size, seed, true));
  const counts: ByteCounts = { requestBytes: 0, missBytes: 0 };
  return {
    run(ids: Int32Array, length: number, distinct: number, bytes: Float64Array): void {
      within(timeLimit, () => {
        simulation.grow(distinct);
        simulate(simulation, ids, length, bytes, counts);
      });
    },
    result(): ByteResult {
      const { requests, misses } = simulation;
      return { policy, size, requests, misses, backend: 'js', ...counts };
    },
  };
}
