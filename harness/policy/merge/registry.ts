import { Registry } from '../registry.js';
import type { MergePolicyInfo } from './contract.js';
import { hinted } from './hinted.js';
import { instant } from './instant.js';
import { ksm } from './ksm.js';
import { ksmAgeReset } from './ksm-age-reset.js';
import { ksmSkipLookup } from './ksm-skip-lookup.js';
import { none } from './none.js';

/** Which equal pages become one. */
export const mergePolicies = new Registry<MergePolicyInfo>('merge policy', [
  none,
  ksm,
  ksmAgeReset,
  ksmSkipLookup,
  hinted,
  instant,
]);
