import type { MergePolicyInfo } from './contract.js';
import { KSM_PARAMETERS, ksmRules, STOPPED } from './parameters.js';

/** A kernel with KSM that was never started: advice is taken, and nothing merges. */
export const none: MergePolicyInfo = {
  name: 'none',
  summary:
    'equal pages are not merged: KSM is present but stopped, unless a set event of the trace starts it',
  source: 'mm/ksm.c: run is 0 until an administrator changes it',
  parameters: {},
  rules: () => STOPPED,
};

/** Linux today. */
export const ksm: MergePolicyInfo = {
  name: 'ksm',
  summary: 'ksmd scans mergeable memory in rounds, a batch at a time, and merges pages that do not change',
  source: 'mm/ksm.c, Linux 6.18; Arcangeli, Eidus, Wright 2009, "Increasing memory density by using KSM"',
  parameters: KSM_PARAMETERS,
  rules: ksmRules,
};

/**
 * With smart scan, two old pages that become equal merge only if both are looked at in the same round. A page that is
 * young again after a change is looked at in each of the next rounds, so that they meet.
 */
export const ksmAgeReset: MergePolicyInfo = {
  name: 'ksm-age-reset',
  summary: 'as ksm, but a page whose checksum has changed is young again, and not passed over for a while',
  source: 'a change proposed here to should_skip_rmap_item in mm/ksm.c',
  parameters: KSM_PARAMETERS,
  rules: (values) => ({ ...ksmRules(values), ageReset: true }),
};

/**
 * With smart scan, two old pages that become equal merge only if both are looked at in the same round. Here a page that
 * is passed over still finds the other in the unstable tree; it is not put there itself.
 */
export const ksmSkipLookup: MergePolicyInfo = {
  name: 'ksm-skip-lookup',
  summary: 'as ksm, but a page that smart scan passes over is still looked up in the unstable tree',
  source: 'a change proposed here to should_skip_rmap_item in mm/ksm.c',
  parameters: KSM_PARAMETERS,
  rules: (values) => ({ ...ksmRules(values), skipLookup: true }),
};

/** What merging could save at most. */
export const instant: MergePolicyInfo = {
  name: 'instant',
  summary:
    'an ideal bound: equal mergeable pages are merged after every touch, with no limit on sharing, metadata or CPU time; every write to one is a copy-on-write fault',
  source: 'no kernel: an upper bound for any scanner',
  parameters: {},
  rules: () => ({ ...STOPPED, by: 'instant' }),
};
