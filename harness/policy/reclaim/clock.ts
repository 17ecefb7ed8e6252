import { grown } from '../../base/arrays.js';
import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';

const ListPolicy = await ownListPolicy('clock');
const CountingListPolicy = await ownListPolicy('counting-clock');

const QUEUE = FIRST_LIST;

/**
 * CLOCK: first in, first out, and a page that was used since the hand last passed gets another round. The accessed bit
 * is enough, so uses need not be announced. A queue whose used tail goes to its head is the same as a hand on a circle.
 *
 * On a reference string a new page is not used yet, as in libCacheSim; in the machine its fault has set the accessed
 * bit, and it stays for two rounds.
 */
class Clock extends ListPolicy {
  constructor(pages: Pages) {
    super(pages, QUEUE);
  }

  resize(): void {}

  protected admit(id: number): void {
    this.lists.addHead(QUEUE, id);
  }

  /** After one round all accessed bits have been taken away; a page that is used all the time may go then, too. */
  protected victim(): number {
    const { lists, pages } = this;
    for (let round = lists.size[QUEUE]!; round > 0; round--) {
      const id = lists.tail(QUEUE);
      if (pages.referenced(id) === 0) break;
      lists.refresh(QUEUE, id);
      this.counters.pgscan++;
    }
    return lists.popTail(QUEUE);
  }

  protected override usedSince(id: number): boolean {
    return this.pages.referenced(id) > 0;
  }
}

/**
 * CLOCK with a counter: each use adds one, up to 2^bits - 1, and each pass of the hand takes one away. Accessed bits
 * cannot distinguish one use from two, so every use is announced.
 */
class CountingClock extends CountingListPolicy {
  private uses: Uint8Array;
  private readonly most: number;

  constructor(pages: Pages, bits: number) {
    super(pages, QUEUE);
    this.uses = new Uint8Array(pages.count);
    this.most = 2 ** bits - 1;
  }

  override get bytes(): number {
    return super.bytes + this.uses.byteLength;
  }

  touch(id: number): void {
    const uses = this.uses[id]!;
    if (uses < this.most) this.uses[id] = uses + 1;
  }

  resize(): void {}

  override grow(count: number): void {
    super.grow(count);
    this.uses = grown(this.uses, count);
  }

  protected admit(id: number): void {
    this.uses[id] = 0;
    this.lists.addHead(QUEUE, id);
  }

  /** Ends: each page passed has one use less, and no uses happen in between. */
  protected victim(): number {
    const { lists } = this;
    for (let id = lists.tail(QUEUE); id >= 0; id = lists.tail(QUEUE)) {
      const uses = this.uses[id]!;
      if (uses === 0) break;
      this.uses[id] = uses - 1;
      lists.refresh(QUEUE, id);
      this.counters.pgscan++;
    }
    return lists.popTail(QUEUE);
  }

  override demote(id: number): void {
    this.uses[id] = 0;
    super.demote(id);
  }

  protected override usedSince(id: number): boolean {
    return this.uses[id]! > 0;
  }
}

export const clock: ReclaimPolicyInfo = {
  name: 'clock',
  summary:
    'second chance: first in, first out, but a page used since the hand last passed gets another round',
  source: 'Corbató 1969, "A paging experiment with the Multics system"',
  complexity: 'O(1) a page looked at; at most 2^bits - 1 rounds a search',
  sized: true,
  parameters: {
    bits: {
      kind: 'integer',
      default: 1,
      min: 1,
      max: 8,
      meaning: 'bits of the use counter of each page; 1 is the accessed bit, with more every use is counted',
    },
  },
  create: (pages, { values }) =>
    values.bits === 1 ? new Clock(pages) : new CountingClock(pages, values.bits as number),
};
