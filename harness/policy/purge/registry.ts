import { type PolicyInfo, Registry } from '../registry.js';

const rangeLru: PolicyInfo = {
  name: 'range-lru',
  summary:
    'the range unpinned longest ago goes first; without effect where no memory is volatile, as in every trace so far',
  source: 'Minchan Kim and John Stultz 2013, "Volatile Ranges" v8 to v11 (vrange)',
  parameters: {},
};

/** Which volatile ranges go first, and what an access to purged memory does. */
export const purgePolicies = new Registry<PolicyInfo>('purge policy', [rangeLru]);
