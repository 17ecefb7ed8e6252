import { expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { unitsOf } from './cells.js';
import { splitUnits } from './sweep-threads.js';

it('threads have each unit once, and those of a policy are spread over all of them', () => {
  const policies = ['fifo', 'lru', 'clock'].map((name) => reclaimPolicies.choose(name));
  const sizes = Array.from({ length: 20 }, (_, i) => i + 1);
  const units = unitsOf(policies, sizes, undefined);
  expect(units).toHaveLength(41);
  const parts = splitUnits(units, 2, undefined);
  expect(parts.flat().sort((a, b) => a - b)).toEqual(units.map((_, unit) => unit));
  // The curve of LRU, unit 20, counts as much as sixteen others.
  expect(parts.map((part) => part.length)).toEqual([13, 28]);
  expect(unitsOf(policies, sizes.slice(1), undefined)).toHaveLength(57);
});
