import type { MergePolicyInfo } from './contract.js';
import { KSM_PARAMETERS, ksmRules } from './parameters.js';

/** Linux today. */
export const ksm: MergePolicyInfo = {
  name: 'ksm',
  summary: 'ksmd scans mergeable memory in rounds, a batch at a time, and merges pages that stay as they are',
  source: 'mm/ksm.c, Linux 6.18; Arcangeli, Eidus, Wright 2009, "Increasing memory density by using KSM"',
  parameters: KSM_PARAMETERS,
  rules: ksmRules,
};
