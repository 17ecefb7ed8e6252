import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { BenchCase, Suite } from './case.js';
import type { BenchInputs } from './inputs.js';
import { STRING_NAMES, type StringName } from './strings.js';
import { timePolicy } from './time-policy.js';

function policyCase(inputs: BenchInputs, policy: string, string: StringName): BenchCase {
  let misses = 0;
  return {
    name: `policies/${string}/${policy}`,
    events: inputs.requests,
    async prepare() {
      inputs.string(string);
    },
    async run() {
      const time = await timePolicy(policy, inputs.string(string));
      misses = time.misses;
      return time;
    },
    remark: () => `${((100 * misses) / inputs.requests).toFixed(1)} %`,
  };
}

/** Every registered reclaim policy on reference strings in memory. */
export function policySuite(inputs: BenchInputs): Suite {
  const policies = reclaimPolicies.all().map(({ name }) => name);
  return {
    name: 'policies',
    about:
      'every reclaim policy on reference strings in memory: zipf 1.0 over 100 000 pages with a cache of 10 %, a loop over 1.5 times the cache, a hot set with one-time scans',
    remarks: 'misses',
    cases: STRING_NAMES.flatMap((string) => policies.map((policy) => policyCase(inputs, policy, string))),
  };
}
