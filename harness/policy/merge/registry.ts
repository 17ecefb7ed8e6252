import { type PolicyInfo, Registry } from '../registry.js';

const none: PolicyInfo = {
  name: 'none',
  summary: 'equal pages are never merged',
  source: 'a kernel without KSM',
  parameters: {},
};

/** Which equal pages become one. */
export const mergePolicies = new Registry<PolicyInfo>('merge policy', [none]);
