import type { PurgePolicyInfo } from './contract.js';
import { rangeParameters, rangeRules } from './parameters.js';

/** The youngest contents go first: what has been kept for long is not pushed out by what passes through once. */
export const youngFirst: PurgePolicyInfo = {
  name: 'young-first',
  summary:
    'whole ranges, those whose contents were made last first: new arrivals do not push out what has been kept for long (scan-resistant); hypothetical',
  source: 'hypothetical: range-lru with the age of the contents as its order, the other way round',
  parameters: rangeParameters({ when: 'before', access: 'sigbus' }),
  rules: rangeRules('youngest'),
};
