import type { PurgePolicyInfo } from './contract.js';
import { rangeParameters, rangeRules } from './parameters.js';

/** ashmem: a shrinker that purges unpinned ranges in the order in which they were unpinned. */
export const rangeFifo: PurgePolicyInfo = {
  name: 'range-fifo',
  summary:
    'whole ranges in the order in which they were unpinned, asked for as a shrinker; accesses find zeros; a purged range is left alone until it is pinned',
  source:
    'drivers/staging/android/ashmem.c; the proportion is that of shrink_slab in mm/vmscan.c of Linux 3.x',
  parameters: rangeParameters({ when: 'with', access: 'zero' }),
  rules: rangeRules('fifo'),
};
