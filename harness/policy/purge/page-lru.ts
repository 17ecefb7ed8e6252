import { flag } from '../../base/parameters.js';
import type { PurgePolicyInfo, PurgeRules } from './contract.js';
import { access, report, unit } from './parameters.js';

/** Volatile pages go when ordinary reclaim meets them: nothing is purged where anonymous memory cannot go. */
export const pageLru: PurgePolicyInfo = {
  name: 'page-lru',
  summary:
    'single pages, when ordinary reclaim meets them, used or not; without swap nothing is purged, since anonymous pages are not scanned; private memory only (shared=1 is hypothetical)',
  source: 'Stultz 2014, "Volatile Ranges" v14 (madvise), mm/vmscan.c',
  parameters: {
    unit: unit('page'),
    access: access('sigbus'),
    report: report('page', ['page', 'range']),
    shared: flag(
      0,
      'hypothetical: shared memory can be volatile too, by pages of the object; 0 as posted: EINVAL',
    ),
    aging: flag(
      0,
      'hypothetical: without swap, reclaim scans anonymous memory anyway, for its volatile pages; 0 as posted: nothing is purged',
    ),
  },
  rules: (values) => ({
    order: 'reclaim',
    unit: values.unit as PurgeRules['unit'],
    when: 'with',
    access: values.access as PurgeRules['access'],
    report: values.report as PurgeRules['report'],
    shared: values.shared === 1,
    aging: values.aging === 1,
  }),
};
