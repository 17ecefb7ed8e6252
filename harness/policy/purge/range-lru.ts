import type { PurgePolicyInfo, PurgeRules } from './contract.js';
import { ACCESS } from './parameters.js';

/** Whole ranges, before reclaim looks at any page. */
export const rangeLru: PurgePolicyInfo = {
  name: 'range-lru',
  summary: 'whole ranges, that marked longest ago first, before ordinary reclaim; with and without swap',
  source: 'Minchan Kim and John Stultz 2013, "Volatile Ranges" v8 to v11 (vrange); private memory only here',
  parameters: { access: ACCESS },
  rules: (values) => ({ unit: 'range', access: values.access as PurgeRules['access'] }),
};
