import type { PurgePolicyInfo } from './contract.js';
import { rangeParameters, rangeRules } from './parameters.js';

/** vrange: whole ranges, before reclaim looks at any page; marking a range again makes it the newest. */
export const rangeLru: PurgePolicyInfo = {
  name: 'range-lru',
  summary:
    'whole ranges, that marked longest ago first, before ordinary reclaim; private and shared memory, with and without swap',
  source:
    'Minchan Kim and John Stultz 2013, "Volatile Ranges" v8 to v11 (vrange; shared memory in v8 to v10)',
  parameters: rangeParameters({ when: 'before', access: 'sigbus' }),
  rules: rangeRules('lru'),
};
