import type { ParameterValues } from '../../input/parameters.js';
import type { PolicyInfo } from '../registry.js';

/** How volatile memory goes, and what is found afterwards. */
export interface PurgeRules {
  /**
   * `page`: ordinary reclaim drops the volatile pages that it meets, used or not, in its own order. `range`: before
   * reclaim looks at any page, the range that was marked longest ago goes as a whole.
   */
  readonly unit: 'page' | 'range';
  /** What an access to purged memory does while nobody has marked it non-volatile: a signal, or zeros. */
  readonly access: 'sigbus' | 'zero';
}

/** A purge policy's entry in the registry. */
export interface PurgePolicyInfo extends PolicyInfo {
  rules(values: ParameterValues): PurgeRules;
}
