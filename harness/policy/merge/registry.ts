import { Registry } from '../registry.js';
import type { MergePolicyInfo } from './contract.js';
import { hinted } from './hinted.js';
import { instant, ksm, ksmAgeReset, ksmSkipLookup, none } from './presets.js';

/** Which equal pages become one. */
export const mergePolicies = new Registry<MergePolicyInfo>('merge policy', [
  none,
  ksm,
  ksmAgeReset,
  ksmSkipLookup,
  hinted,
  instant,
]);
