import { Registry } from '../registry.js';
import type { PurgePolicyInfo } from './contract.js';
import { lazyfree } from './lazyfree.js';
import { pageLru } from './page-lru.js';
import { oldFirst, rangeFifo, rangeLru, youngFirst } from './range-orders.js';

/** Which volatile memory goes first, and what an access to purged memory does. */
export const purgePolicies = new Registry<PurgePolicyInfo>('purge policy', [
  rangeLru,
  rangeFifo,
  pageLru,
  lazyfree,
  oldFirst,
  youngFirst,
]);
