import type { MergePolicyInfo } from './contract.js';
import { STOPPED } from './parameters.js';

/** What merging could save at most. */
export const instant: MergePolicyInfo = {
  name: 'instant',
  summary:
    'an ideal bound: equal mergeable pages are one after every touch, without limit, metadata or CPU time; every write to one is a copy-on-write fault',
  source: 'no kernel: what any scanner stays below',
  parameters: {},
  rules: () => ({ ...STOPPED, by: 'instant' }),
};
