import type { PurgePolicyInfo, PurgeRules } from './contract.js';
import { access, report } from './parameters.js';

/**
 * MADV_FREE as a kind of volatile memory: the state is the page's. What is swapped out when it is marked stays, which
 * MADV_FREE would drop at once: volatile memory goes under pressure only.
 */
export const lazyfree: PurgePolicyInfo = {
  name: 'lazyfree',
  summary:
    'single pages as MADV_FREE makes them: first in, first out on the inactive file list, spared when used, ordinary again when written; with and without swap; private memory only',
  source:
    'madvise_free_pte_range in mm/madvise.c, lru_lazyfree in mm/swap.c; that NONVOLATILE reports is hypothetical (report=none as MADV_FREE)',
  parameters: { access: access('zero'), report: report('page', ['page', 'range', 'none']) },
  rules: (values) => ({
    order: 'lazyfree',
    unit: 'page',
    when: 'with',
    access: values.access as PurgeRules['access'],
    report: values.report as PurgeRules['report'],
    shared: false,
    aging: false,
  }),
};
