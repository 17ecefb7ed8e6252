import { openReference } from '../mrc/requests.js';
import { type SweepResult, sweep } from '../mrc/sweep.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { BenchCase, Suite } from './case.js';
import type { BenchInputs } from './inputs.js';
import { idsFor, writeOracleGeneral } from './oracle-file.js';

/** Policies that are timed one by one, and those of the sweep. */
const SINGLE = ['lru', 'sieve', 's3fifo', 'arc'];
export const SWEPT = ['fifo', 'lru', 'clock', 'sieve', 's3fifo', 'arc', 'twoq', 'slru'];
/** Sizes in shares of the ids: those of the single policies, and of the sweep. */
const CACHED = 0.1;
export const SWEPT_SHARES = [0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.2, 0.3, 0.5, 0.8];

/** A file of requests, written when it is first needed. */
export function requestFile(inputs: BenchInputs, requests: number): Promise<string> {
  return inputs.file(`${requests}.oracleGeneral`, (path) => writeOracleGeneral(path, requests));
}

/** Misses of policies at sizes in shares of the ids: what `reclaim mrc` does with a file. */
async function sweepFile(
  file: string,
  requests: number,
  policies: readonly string[],
  shares: readonly number[],
): Promise<SweepResult[]> {
  const sizes = shares.map((share) => Math.max(1, Math.floor(idsFor(requests) * share)));
  return sweep(await openReference(file), {
    policies: policies.map((policy) => reclaimPolicies.choose(policy)),
    sizes: () => sizes,
    relative: false,
    seed: 1,
  });
}

function readCase(inputs: BenchInputs): BenchCase {
  const { requests } = inputs;
  let distinct = 0;
  return {
    name: 'path/read',
    events: requests,
    async prepare() {
      await requestFile(inputs, requests);
    },
    async run() {
      const reference = await openReference(await requestFile(inputs, requests));
      let read = 0;
      for await (const batch of reference.batches()) {
        read += batch.length;
        distinct = batch.distinct;
      }
      if (read !== requests) throw new Error('the reader lost requests');
      return undefined;
    },
    remark: () => `${distinct} ids`,
  };
}

function policyCase(inputs: BenchInputs, policy: string): BenchCase {
  const { requests } = inputs;
  let misses = 0;
  return {
    name: `path/${policy}`,
    events: requests,
    async prepare() {
      await requestFile(inputs, requests);
    },
    async run() {
      const results = await sweepFile(await requestFile(inputs, requests), requests, [policy], [CACHED]);
      misses = results[0]!.misses;
      return undefined;
    },
    remark: () => `${((100 * misses) / requests).toFixed(1)} % misses`,
  };
}

/** Its events are simulated requests: each request once for every policy and size. */
function sweepCase(inputs: BenchInputs, policies: readonly string[]): BenchCase {
  const { requests } = inputs;
  const shares = SWEPT_SHARES;
  return {
    name: 'path/sweep',
    events: requests * policies.length * shares.length,
    async prepare() {
      await requestFile(inputs, requests);
    },
    async run() {
      await sweepFile(await requestFile(inputs, requests), requests, policies, shares);
      return undefined;
    },
    remark: () => `${policies.length} policies, ${shares.length} sizes`,
  };
}

/** The whole path from a file to misses, as `reclaim mrc` takes it. */
export function pathSuite(inputs: BenchInputs): Suite {
  const registered = new Set(reclaimPolicies.all().map(({ name }) => name));
  const known = (policies: readonly string[]) => policies.filter((policy) => registered.has(policy));
  return {
    name: 'path',
    about: `from a file of 24-byte records with 64-bit ids to misses, as reclaim mrc does it: ${inputs.requests} requests, zipf 0.8 over ${idsFor(inputs.requests)} ids, caches of 10 %`,
    remarks: 'found',
    cases: [
      readCase(inputs),
      ...known(SINGLE).map((policy) => policyCase(inputs, policy)),
      sweepCase(inputs, known(SWEPT)),
    ],
  };
}
