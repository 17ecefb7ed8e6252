import type { PurgePolicyInfo } from './contract.js';
import { rangeParameters, rangeRules } from './parameters.js';

/** The oldest contents go first: using a range now and then does not save it. */
export const oldFirst: PurgePolicyInfo = {
  name: 'old-first',
  summary:
    'whole ranges, those whose contents were made longest ago first: pinning and unpinning again does not make them younger; hypothetical',
  source: 'hypothetical: range-lru with the age of the contents as its order',
  parameters: rangeParameters({ when: 'before', access: 'sigbus' }),
  rules: rangeRules('oldest'),
};
