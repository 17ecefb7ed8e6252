import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';
import { OWN_BIT } from './structures/tracked-lists.js';

const ListPolicy = await ownListPolicy('sieve');

const QUEUE = FIRST_LIST;
/** Bit of a page's state: used since the hand passed. */
const VISITED = OWN_BIT;

/**
 * SIEVE: one queue and a hand that moves from the tail to the head. A page that was used stays where it is and loses its
 * mark when the hand passes; the first one without a mark goes. New pages come in at the head, so that the hand meets
 * those soon that are never used again.
 *
 * The mark is set by a touch and not read from the accessed bit: the fault that brings a page in sets that bit as well,
 * and every page would be visited before its first use.
 */
class Sieve extends ListPolicy {
  /** Where the next search begins; -1 for the tail. */
  private hand = -1;

  constructor(pages: Pages) {
    super(pages, QUEUE);
  }

  touch(id: number): void {
    const { state } = this.lists;
    state[id] = state[id]! | VISITED;
  }

  resize(): void {}

  protected admit(id: number): void {
    this.lists.addHead(QUEUE, id);
  }

  /** Ends after one round: no mark is left then. */
  protected victim(): number {
    const { lists } = this;
    const { state } = lists;
    let id = this.hand >= 0 ? this.hand : lists.tail(QUEUE);
    if (id < 0) return -1;
    while (state[id]! & VISITED) {
      state[id] = state[id]! & ~VISITED;
      const newer = lists.newer(id);
      id = newer >= 0 ? newer : lists.tail(QUEUE);
      this.counters.pgscan++;
    }
    this.hand = lists.newer(id);
    lists.take(QUEUE, id);
    return id;
  }

  /** Under the hand, its place is the newer neighbour's. */
  protected override leave(id: number): void {
    if (id === this.hand) this.hand = this.lists.newer(id);
    super.leave(id);
  }

  protected override usedSince(id: number): boolean {
    return (this.lists.state[id]! & VISITED) !== 0;
  }
}

export const sieve: ReclaimPolicyInfo = {
  name: 'sieve',
  summary:
    'one queue and a hand from the old end to the new: used pages stay in place, the first unused one goes',
  source:
    'Zhang, Yang, Yue, Vigfusson and Rashmi 2024, "SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for web caches"',
  complexity: 'O(1) amortised: a page passed was used since; at most one round a search',
  sized: true,
  parameters: {},
  create: (pages) => new Sieve(pages),
};
