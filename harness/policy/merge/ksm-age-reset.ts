import type { MergePolicyInfo } from './contract.js';
import { KSM_PARAMETERS, ksmRules } from './parameters.js';

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
