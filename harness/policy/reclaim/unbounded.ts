import type { ReclaimPolicyInfo } from './contract.js';
import { Queue } from './structures/queue.js';

/**
 * Memory without a bound: every page misses once, however small the cache. Its callers do not ask it for victims
 * (`ReclaimPolicyInfo.unbounded`); were it asked, the oldest page would go, as the contract wants one.
 */
class Unbounded extends Queue {}

export const unbounded: ReclaimPolicyInfo = {
  name: 'unbounded',
  summary: 'never evicts, whatever the size: each page misses once, which no policy can improve on; a bound',
  source: 'the compulsory misses of Hill 1987, "Aspects of cache memory and instruction buffer performance"',
  complexity: 'O(1) an operation',
  unbounded: true,
  parameters: {},
  create: (pages) => new Unbounded(pages),
};
