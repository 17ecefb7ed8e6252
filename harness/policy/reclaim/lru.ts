import type { ReclaimPolicyInfo } from './contract.js';
import { Queue } from './structures/queue.js';

/** Exact least recently used: every touch moves a page to the head. */
class Lru extends Queue {
  touch(id: number): void {
    this.toHead(id);
  }
}

export const lru: ReclaimPolicyInfo = {
  name: 'lru',
  summary: 'exact least recently used: every single touch counts, which no kernel can afford; a reference',
  source: 'Mattson et al. 1970, "Evaluation techniques for storage hierarchies"',
  complexity: 'O(1) an operation',
  sized: true,
  parameters: {},
  create: (pages) => new Lru(pages),
};
