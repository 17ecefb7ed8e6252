import { grown } from '../../base/arrays.js';
import { flag } from '../../base/parameters.js';
import type { RandomStream } from '../../stats/random.js';
import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { FrequencyLists } from './structures/frequency-lists.js';
import { ABSENT, Segments } from './structures/segments.js';

/** Resident, by recency. */
const RECENT = 0;
/** Evicted because they were the least recently used, or the least frequently used. */
const LRU_HISTORY = 1;
const LFU_HISTORY = 2;
const DEMOTED = 3;
const LISTS = 4;

/** A weight stays between this and 1 - this, so that the other expert keeps being heard. */
const SMALLEST_WEIGHT = 0.01;

/**
 * LeCaR: two experts, LRU and LFU, each with a weight. The victim is that of an expert drawn by weight, and goes to the
 * expert's history. A miss on a page in a history is the fault of that expert, whose weight shrinks by
 * exp(-learning_rate × discount^(requests since the eviction)), where discount is such that its power after as many
 * requests as the cache has pages is 0.005.
 *
 * Follows the authors' code where the paper is silent: each history is half as long as the cache, a page that both
 * experts would evict leaves none, and weights stay within 0.01 and 0.99. There a page that comes back from a history
 * keeps its count (`keep_count=1`); here, as in libCacheSim, it starts again at one use. Counts stop at 65,535. Ties of
 * the LFU: the page that reached the count first.
 *
 * libCacheSim draws with another generator, from hundredths, and bounds no weight: misses agree within 2 %.
 */
class LeCaR implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly segments: Segments;
  private readonly frequency: FrequencyLists;
  /** By id, in a history: when it was evicted. A 32-bit clock: right as long as fewer than 2^31 requests lie between. */
  private evictedAt: Int32Array;
  private historyCapacity = 1;
  private lnDiscount = 0;
  private readonly learningRate: number;
  private readonly keepCount: boolean;
  private readonly random: RandomStream;
  /** Requests so far. */
  private time = 0;
  /** Weight of LRU; that of LFU is what is missing from 1. */
  private weight: number;

  constructor(pages: Pages, { values, random }: ReclaimContext) {
    this.segments = new Segments(LISTS, pages.count);
    this.frequency = new FrequencyLists(pages.count);
    this.evictedAt = new Int32Array(pages.count);
    this.learningRate = values.learning_rate as number;
    this.weight = values.lru_weight as number;
    this.keepCount = values.keep_count === 1;
    this.random = random;
    this.resize(pages.capacity);
  }

  get bytes(): number {
    return this.segments.bytes + this.frequency.bytes + this.evictedAt.byteLength;
  }

  touch(id: number): void {
    this.time++;
    const { segments, frequency } = this;
    if (segments.of(id) === RECENT) {
      segments.refresh(id);
      frequency.take(id);
    } else segments.move(id, RECENT);
    frequency.add(id, frequency.count(id) + 1);
  }

  /** A page of a history: the expert that chose it is blamed. */
  miss(id: number): void {
    this.time++;
    const list = this.segments.of(id);
    if (list !== LRU_HISTORY && list !== LFU_HISTORY) return;
    this.segments.take(id);
    const since = (this.time - this.evictedAt[id]!) | 0;
    const factor = Math.exp(-this.learningRate * Math.exp(this.lnDiscount * since));
    const lru = list === LRU_HISTORY ? this.weight * factor : this.weight;
    const lfu = list === LFU_HISTORY ? (1 - this.weight) * factor : 1 - this.weight;
    this.weight = Math.min(Math.max(lru / (lru + lfu), SMALLEST_WEIGHT), 1 - SMALLEST_WEIGHT);
  }

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    for (; found < most; found++) {
      const id = this.victim();
      if (id < 0) break;
      victims[found] = id;
    }
    return found;
  }

  insert(id: number): void {
    this.come(id, this.keepCount ? this.frequency.count(id) + 1 : 1);
  }

  /** The newest page, and not among those used least as long as there are others. */
  reject(id: number): void {
    this.come(id, Math.max(1, this.frequency.count(id), this.frequency.smallest() + 1));
  }

  remove(id: number): void {
    if (this.segments.of(id) === ABSENT) return;
    this.leave(id);
    this.frequency.setCount(id, 0);
  }

  demote(id: number): void {
    this.leave(id);
    this.segments.addHead(DEMOTED, id);
  }

  rotate(id: number): void {
    this.leave(id);
    this.segments.addTail(DEMOTED, id);
  }

  resize(capacity: number): void {
    this.historyCapacity = Math.max(1, Math.floor(capacity / 2));
    this.lnDiscount = Math.log(0.005) / capacity;
    this.limitHistory(LRU_HISTORY);
    this.limitHistory(LFU_HISTORY);
  }

  grow(count: number): void {
    this.segments.grow(count);
    this.frequency.grow(count);
    this.evictedAt = grown(this.evictedAt, count);
  }

  /** Takes a page in: new, from a history, or back after an eviction that failed. */
  private come(id: number, count: number): void {
    const { segments, frequency } = this;
    if (segments.of(id) !== ABSENT) segments.take(id);
    segments.addHead(RECENT, id);
    frequency.add(id, count);
  }

  /** Takes a page off all lists. Its count stays. */
  private leave(id: number): void {
    const list = this.segments.of(id);
    if (list === ABSENT) return;
    this.segments.take(id);
    if (list === RECENT) this.frequency.take(id);
  }

  /** Takes out the page to go; -1 when there is none. */
  private victim(): number {
    const { segments, frequency } = this;
    const demoted = segments.tail(DEMOTED);
    if (demoted >= 0) {
      this.counters.pgscan++;
      this.remove(demoted);
      return demoted;
    }
    const lru = segments.tail(RECENT);
    if (lru < 0) return -1;
    const lfu = frequency.first();
    if (lru === lfu) {
      this.counters.pgscan++;
      this.remove(lru);
      return lru;
    }
    this.counters.pgscan += 2;
    const byLru = this.random() < this.weight;
    const id = byLru ? lru : lfu;
    this.leave(id);
    const history = byLru ? LRU_HISTORY : LFU_HISTORY;
    segments.addHead(history, id);
    this.evictedAt[id] = this.time;
    this.limitHistory(history);
    return id;
  }

  private limitHistory(history: number): void {
    while (this.segments.size(history) > this.historyCapacity) this.remove(this.segments.tail(history));
  }
}

export const lecar: ReclaimPolicyInfo = {
  name: 'lecar',
  summary: 'LeCaR: draws between the victims of LRU and LFU, by weights learned from what returns too soon',
  source: 'Vietri et al. 2018, "Driving cache replacement with ML-based LeCaR"',
  complexity: 'O(1) an operation',
  parameters: {
    learning_rate: {
      kind: 'number',
      default: 0.45,
      min: 0,
      max: 100,
      meaning: 'how much the weight of an expert shrinks after a wrong choice; default of the paper',
    },
    lru_weight: {
      kind: 'number',
      default: 0.5,
      min: 0.01,
      max: 0.99,
      meaning: 'initial weight of LRU, LFU has the rest; default of the paper',
    },
    keep_count: flag(
      0,
      '1: a page that returns from a history keeps its count, as in the code of the authors',
    ),
  },
  create: (pages, context) => new LeCaR(pages, context),
};
