import type { MergePolicyInfo } from './contract.js';
import { STOPPED } from './parameters.js';

/** A kernel with KSM that nobody has started: advice is taken, and nothing merges. */
export const none: MergePolicyInfo = {
  name: 'none',
  summary: 'equal pages are not merged: KSM is there and stopped, unless a set event of the trace starts it',
  source: 'mm/ksm.c: run is 0 until an administrator changes it',
  parameters: {},
  rules: () => STOPPED,
};
