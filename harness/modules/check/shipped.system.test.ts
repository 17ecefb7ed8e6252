import { describe, expect, it } from 'vitest';
import { discardPolicies } from '../../policy/discard/registry.js';
import { mergePolicies } from '../../policy/merge/registry.js';
import { purgePolicies } from '../../policy/purge/registry.js';
import { reclaimPolicies } from '../../policy/reclaim/registry.js';
import { CHECK_ENTRY } from './suite.js';

/** What is of this package passes what modules are checked for. */
const ENTRIES = [
  ...discardPolicies.all().map(({ name }) => ['discard', name] as const),
  ...reclaimPolicies.all().map(({ name }) => ['reclaim', name] as const),
  ...mergePolicies.all().map(({ name }) => ['merge', name] as const),
  ...purgePolicies.all().map(({ name }) => ['purge', name] as const),
];

describe('policies of this package pass the conformance suite', () => {
  it.each(ENTRIES)('%s: %s', async (kind, name) => {
    const results = await CHECK_ENTRY[kind](name, {}, {});
    expect(results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    expect(results.length).toBeGreaterThan(4);
  });
});
