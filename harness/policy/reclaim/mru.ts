import type { ReclaimPolicyInfo } from './contract.js';
import { Queue } from './structures/queue.js';

/**
 * Most recently used: of the pages in memory, the one whose last use is youngest goes. The page that is coming in is not
 * among them: it takes the place at the tail only when it is there.
 */
class Mru extends Queue {
  touch(id: number): void {
    this.toTail(id);
  }

  override insert(id: number): void {
    this.toTail(id);
  }
}

export const mru: ReclaimPolicyInfo = {
  name: 'mru',
  summary:
    'most recently used: the page used last goes, so that part of a loop that does not fit stays; bad elsewhere',
  source:
    'Chou and DeWitt 1985, "An evaluation of buffer management strategies for relational database systems"',
  complexity: 'O(1) an operation',
  parameters: {},
  create: (pages) => new Mru(pages),
};
