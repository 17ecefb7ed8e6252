import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { FrequencyBuckets } from './structures/frequency-buckets.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';

const ListPolicy = await ownListPolicy('lfu');

/** All resident pages: those used least at the tail, and among equals those first that have been so for longer. */
const QUEUE = FIRST_LIST;

/**
 * LFU: the page goes that was used least since it came in; among equals the one that reached its count first. Counts are
 * not kept beyond an eviction, and do not age: what was popular once stays.
 */
class Lfu extends ListPolicy {
  private readonly buckets: FrequencyBuckets;

  constructor(pages: Pages) {
    super(pages, QUEUE);
    this.buckets = new FrequencyBuckets(QUEUE, this.lists, pages.count);
  }

  override get bytes(): number {
    return super.bytes + this.buckets.bytes;
  }

  touch(id: number): void {
    if (this.isAside(id)) this.reinsert(id);
    else this.buckets.raise(id);
  }

  resize(): void {}

  override grow(count: number): void {
    super.grow(count);
    this.buckets.grow(count);
  }

  protected admit(id: number): void {
    this.buckets.add(id);
  }

  protected victim(): number {
    const id = this.lists.tail(QUEUE);
    if (id >= 0) this.buckets.take(id);
    return id;
  }

  protected override leave(id: number): void {
    if (this.lists.on(id) === QUEUE) this.buckets.take(id);
    else super.leave(id);
  }
}

export const lfu: ReclaimPolicyInfo = {
  name: 'lfu',
  summary:
    'least frequently used: the page used least since it came in goes, the longest-standing among equals',
  source: 'Matani, Shah and Mitra 2021, "An O(1) algorithm for implementing the LFU cache eviction scheme"',
  complexity: 'O(1) an operation',
  parameters: {},
  create: (pages) => new Lfu(pages),
};
