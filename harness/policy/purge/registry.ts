import { Registry } from '../registry.js';
import type { PurgePolicyInfo } from './contract.js';
import { pageLru } from './page-lru.js';
import { rangeLru } from './range-lru.js';

/** Which volatile memory goes first, and what an access to purged memory does. */
export const purgePolicies = new Registry<PurgePolicyInfo>('purge policy', [rangeLru, pageLru]);
