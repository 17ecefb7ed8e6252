import type { ReclaimPolicyInfo } from './contract.js';
import { Queue } from './structures/queue.js';

/** First in, first out: a page's uses after its arrival do not count. */
class Fifo extends Queue {}

export const fifo: ReclaimPolicyInfo = {
  name: 'fifo',
  summary: 'first in, first out: the page that came in first goes first, however often it was used',
  source: 'Belady 1966, "A study of replacement algorithms for a virtual-storage computer"',
  complexity: 'O(1) an operation',
  sized: true,
  parameters: {},
  create: (pages) => new Fifo(pages),
};
