import { expect, it } from 'vitest';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { unitsOf } from './cells.js';
import { splitUnits } from './sweep-threads.js';

it('threads have each unit once, and those of a policy are spread over all of them', () => {
  const policies = ['fifo', 'lru', 'clock'].map((name) => reclaimPolicies.choose(name));
  const units = unitsOf(policies, [1, 2, 3, 4, 5, 6], undefined);
  expect(units).toHaveLength(13);
  const parts = splitUnits(units, 2, undefined);
  expect(parts.flat().sort((a, b) => a - b)).toEqual(units.map((_, unit) => unit));
  // The curve of LRU, unit 6, counts as much as six others.
  expect(parts.map((part) => part.length)).toEqual([4, 9]);
});
