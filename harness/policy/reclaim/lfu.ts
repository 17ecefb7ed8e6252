import { grown } from '../../base/arrays.js';
import type { RandomStream } from '../../stats/random.js';
import type { Pages, ReclaimPolicyInfo } from './contract.js';
import { DrawnPages } from './structures/drawn-pages.js';
import { FrequencyBuckets } from './structures/frequency-buckets.js';
import { FIRST_LIST, ownListPolicy } from './structures/list-policy.js';

const ListPolicy = await ownListPolicy('lfu');

/** The most pages that a victim is chosen from by sampling. */
const MOST_SAMPLED = 1024;

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

/**
 * LFU by sampling, as caches in memory and kernels can afford it: of a few pages drawn at random the one used least since
 * it came in goes; among equals the one drawn first. Counts stop at 2^32 - 1.
 */
class SampledLfu extends DrawnPages {
  /** By id: uses since it came in. */
  private uses: Uint32Array;

  constructor(
    pages: Pages,
    random: RandomStream,
    private readonly sample: number,
  ) {
    super(pages, random);
    this.uses = new Uint32Array(pages.count);
  }

  override get bytes(): number {
    return super.bytes + this.uses.byteLength;
  }

  touch(id: number): void {
    this.restore(id);
    const uses = this.uses[id]!;
    if (uses < 0xffff_ffff) this.uses[id] = uses + 1;
  }

  override insert(id: number): void {
    this.uses[id] = 1;
    super.insert(id);
  }

  override grow(count: number): void {
    super.grow(count);
    this.uses = grown(this.uses, count);
  }

  protected choose(): number {
    let least = this.draw();
    for (let drawn = 1; drawn < this.sample; drawn++) {
      const id = this.draw();
      if (this.uses[id]! < this.uses[least]!) least = id;
    }
    return least;
  }
}

export const lfu: ReclaimPolicyInfo = {
  name: 'lfu',
  summary:
    'least frequently used: the page used least since it came in goes, the longest-standing among equals',
  source:
    'Matani, Shah and Mitra 2021, "An O(1) algorithm for implementing the LFU cache eviction scheme"; sampled as in Zussman et al. 2025, "cache_ext"',
  complexity: 'O(1) an operation, O(sample) an eviction with sample=',
  parameters: {
    sample: {
      kind: 'integer',
      default: 0,
      min: 0,
      max: MOST_SAMPLED,
      meaning: 'pages drawn at random for each eviction, of which the least used goes; 0 looks at all pages',
    },
  },
  create: (pages, { values, random }) =>
    values.sample === 0 ? new Lfu(pages) : new SampledLfu(pages, random, values.sample as number),
};
