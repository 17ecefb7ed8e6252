import { Registry } from '../registry.js';
import type { PurgePolicyInfo } from './contract.js';
import { lazyfree } from './lazyfree.js';
import { oldFirst } from './old-first.js';
import { pageLru } from './page-lru.js';
import { rangeFifo } from './range-fifo.js';
import { rangeLru } from './range-lru.js';
import { youngFirst } from './young-first.js';

/** Which volatile memory goes first, and what an access to purged memory does. */
export const purgePolicies = new Registry<PurgePolicyInfo>('purge policy', [
  rangeLru,
  rangeFifo,
  pageLru,
  lazyfree,
  oldFirst,
  youngFirst,
]);
