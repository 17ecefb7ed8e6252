import type { PurgePolicyInfo, PurgeRules } from './contract.js';
import { ACCESS } from './parameters.js';

/** Volatile anonymous pages go when ordinary reclaim meets them: nothing is purged where anonymous memory cannot go. */
export const pageLru: PurgePolicyInfo = {
  name: 'page-lru',
  summary:
    'single pages, when ordinary reclaim meets them, used or not; without swap nothing is purged, since anonymous pages are not looked at',
  source: 'Stultz 2014, "Volatile Ranges" v14 (madvise), mm/vmscan.c',
  parameters: { access: ACCESS },
  rules: (values) => ({ unit: 'page', access: values.access as PurgeRules['access'] }),
};
