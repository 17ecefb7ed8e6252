import { describe, expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { GROUP_REQUESTS } from './groups.js';
import { MemoryReference } from './reference.js';
import { type SweepOptions, sweep } from './sweep.js';

/** Somewhat more than a group, over pages of which some come often. */
const DISTINCT = 5000;
const ids = Int32Array.from({ length: GROUP_REQUESTS + 70_000 }, (_, i) =>
  i < DISTINCT ? i : Math.floor(DISTINCT * ((i * 0.618_034) % 1) ** 3),
);
const reference = new MemoryReference('skewed', ids, DISTINCT);

function options(policies: readonly string[], threads: number): SweepOptions {
  return {
    policies: policies.map((policy) => reclaimPolicies.choose(policy)),
    sizes: () => [50, 2000],
    relative: false,
    seed: 3,
    threads,
  };
}

describe('threads of a sweep', () => {
  it('count what one counts, with a policy of random draws and one that knows the future', async () => {
    const policies = ['fifo', 'random', 'opt'];
    const alone = await sweep(reference, options(policies, 1));
    expect(await sweep(reference, options(policies, 2))).toEqual(alone);
    expect(alone.map(({ requests }) => requests)).toEqual(policies.flatMap(() => [ids.length, ids.length]));
  });

  it('say what a policy cannot do as one thread does', async () => {
    await expect(sweep(reference, options(['fifo', 'linux:swappiness=0'], 2))).rejects.toThrow(
      /^reclaim policy linux:swappiness=0 evicts no page of a reference string/,
    );
  });
});
