import { describe, expect, it } from 'vitest';
import { STALL_PARTS } from '../metrics/schema.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { policyStyles, STALL_STYLES } from './style.js';

const look = (names: readonly string[]) =>
  [...policyStyles(names).values()].map(({ color, dash, mark }) => JSON.stringify([color, dash, mark]));

describe('looks of policies', () => {
  it.each([
    ['discard', discardPolicies],
    ['merge', mergePolicies],
    ['purge', purgePolicies],
    ['reclaim', reclaimPolicies],
  ] as const)('of %s differ, and do not depend on what else is compared', (_, registry) => {
    const names = registry.all().map(({ name }) => name);
    expect(new Set(look(names)).size).toBe(names.length);
    const together = policyStyles(['a-module', ...names]);
    for (const name of names) expect(together.get(name), name).toEqual(policyStyles([name]).get(name));
  });

  it('of names that are not known differ from all others of the experiment', () => {
    const names = [
      'mine',
      'keep',
      'remove',
      'remove:eager=1',
      'free:regen=page',
      'ksm:sleep=1',
      'ksm:sleep=2',
    ];
    expect(new Set(look(names)).size).toBe(names.length);
    const many = Array.from({ length: 80 }, (_, i) => `module-${i}`);
    expect(new Set(look(many.slice(0, 56))).size).toBe(56);
    expect(policyStyles(many).size).toBe(80);
    expect(policyStyles(['constructor']).get('constructor')?.color).toMatch(/^#/);
  });
});

describe('causes of stalls', () => {
  it('all have a look of their own', () => {
    expect(Object.keys(STALL_STYLES)).toEqual([...STALL_PARTS]);
    expect(new Set(Object.values(STALL_STYLES).map(({ color }) => color)).size).toBe(STALL_PARTS.length);
  });
});
