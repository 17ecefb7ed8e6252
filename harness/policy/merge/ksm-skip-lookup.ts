import type { MergePolicyInfo } from './contract.js';
import { KSM_PARAMETERS, ksmRules } from './parameters.js';

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
