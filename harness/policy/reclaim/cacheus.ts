import { grown } from '../../base/arrays.js';
import type { RandomStream } from '../../stats/random.js';
import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { FrequencyLists } from './structures/frequency-lists.js';
import { LearningRate } from './structures/learning-rate.js';
import { ABSENT, Segments } from './structures/segments.js';

/** Pages that were used again. */
const REUSED = 0;
/** SR, the scan-resistant part: new pages, and pages that the reused part had no room for. SR-LRU evicts from here. */
const SCANNED = 1;
/** Evicted by SR-LRU, or by CR-LFU. */
const LRU_HISTORY = 2;
const LFU_HISTORY = 3;
/** Pages the program said it will not need soon. */
const DEMOTED = 4;
const LISTS = 5;

/** Came in for a page that went, and did not come from a history. */
const NEW = 1;
/** Was moved from the reused to the scanned part. */
const PUSHED_OUT = 2;

/** A weight stays between this and 1 - this, so that the other expert keeps being heard. */
const SMALLEST_WEIGHT = 0.01;

/**
 * CACHEUS, LeCaR with other experts and a learning rate that adapts itself (`LearningRate`): a victim is drawn from
 *
 * - SR-LRU, a scan-resistant LRU. A page comes into the scanned part, moves to the reused part at its next use, and
 *   goes back when the reused part is full. The oldest page of the scanned part is the victim. A page that was pushed
 *   out and is used again makes the reused part larger; a page that went while it was new and comes back, the scanned;
 * - CR-LFU, a churn-resistant LFU: among the pages used least, the one used last goes, so that of many pages used
 *   equally often some stay.
 *
 * A miss on a page in the history of an expert multiplies the weight of the expert by exp(-learning rate).
 *
 * Follows the authors' code and equals it, miss for miss, where both are given the same draws: histories of half the
 * cache, the scanned part starts at 1 % of it, the learning rate at sqrt(2 ln 2 / capacity), and a page that comes back
 * keeps its count. Counts stop at 65,535. The memory of a machine is not always full as a cache is: a page counts as new
 * when one went since the last one came in, and either part can be empty.
 *
 * libCacheSim starts with parts of equal size and evicts from a full scanned part while there is room in the other, so
 * that a large cache is never full: misses agree within 2 % on small caches, and are fewer here on large ones.
 */
class Cacheus implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly segments: Segments;
  private readonly frequency: FrequencyLists;
  /** By id: NEW, PUSHED_OUT. */
  private flags: Uint8Array;
  private capacity: number;
  private reusedLimit: number;
  private historyCapacity: number;
  /** Pages pushed out in the scanned part, and new pages in the history of SR-LRU. */
  private pushedOut = 0;
  private newInHistory = 0;
  private readonly rate: LearningRate;
  private readonly random: RandomStream;
  /** Weight of SR-LRU; that of CR-LFU is what is missing from 1. */
  private weight = 0.5;
  /** The page that comes in was in a history. */
  private returning = false;
  /** A page went since the last one came in. */
  private evicted = false;

  constructor(pages: Pages, { values, random }: ReclaimContext) {
    const { capacity, count } = pages;
    this.segments = new Segments(LISTS, count);
    this.frequency = new FrequencyLists(count);
    this.flags = new Uint8Array(count);
    this.capacity = capacity;
    const scanned = Math.max(1, Math.floor((values.scanned as number) * capacity + 0.5));
    this.reusedLimit = capacity - scanned;
    this.historyCapacity = Math.max(1, Math.floor(capacity / 2));
    this.random = random;
    this.rate = new LearningRate(capacity, random);
  }

  get bytes(): number {
    return this.segments.bytes + this.frequency.bytes + this.flags.byteLength;
  }

  touch(id: number): void {
    this.rate.request(true);
    const { segments, frequency } = this;
    const list = segments.of(id);
    if (list !== DEMOTED) frequency.take(id);
    frequency.add(id, frequency.count(id) + 1);
    if (list === REUSED) {
      segments.refresh(id);
      return;
    }
    if (this.clear(id, PUSHED_OUT)) {
      const step = Math.floor(this.newInHistory / Math.max(1, this.pushedOut) + 0.5);
      this.pushedOut--;
      this.reusedLimit = Math.min(this.capacity - 1, this.reusedLimit + Math.max(1, step));
    }
    segments.take(id);
    if (segments.size(REUSED) >= this.reusedLimit) this.pushOut();
    segments.addHead(REUSED, id);
  }

  miss(id: number): void {
    this.rate.request(false);
    const list = this.segments.of(id);
    this.returning = list === LRU_HISTORY || list === LFU_HISTORY;
    if (!this.returning) return;
    this.segments.take(id);
    if (list === LRU_HISTORY && this.clear(id, NEW)) {
      this.newInHistory--;
      const step = Math.floor(this.pushedOut / Math.max(1, this.newInHistory) + 0.5);
      this.reusedLimit = Math.max(1, this.reusedLimit - Math.max(1, step));
    }
    const factor = Math.exp(-this.rate.value);
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
    if (found > 0) this.evicted = true;
    return found;
  }

  insert(id: number): void {
    const { segments, frequency, returning, evicted } = this;
    this.returning = false;
    this.evicted = false;
    if (segments.of(id) !== ABSENT) this.remove(id);
    frequency.add(id, Math.max(1, frequency.count(id)));
    const filling = segments.size(SCANNED) === 0 && segments.size(REUSED) < this.reusedLimit;
    if (returning || (filling && !evicted)) segments.addHead(REUSED, id);
    else segments.addHead(SCANNED, id);
    if (evicted && !returning) this.flags[id] = NEW;
    if (evicted || returning) while (segments.size(REUSED) >= this.reusedLimit && this.pushOut()) {}
  }

  /** The newest reused page, and not among those used least as long as there are others. */
  reject(id: number): void {
    const { frequency } = this;
    const count = frequency.count(id);
    this.remove(id);
    frequency.add(id, Math.max(1, count, frequency.smallest() + 1));
    this.segments.addHead(REUSED, id);
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

  /** The parts keep their shares; the learning rate starts again, as it depends on the capacity. */
  resize(capacity: number): void {
    const scanned = Math.round((this.capacity - this.reusedLimit) * (capacity / this.capacity));
    this.reusedLimit = capacity - Math.min(capacity, Math.max(1, scanned));
    this.capacity = capacity;
    this.historyCapacity = Math.max(1, Math.floor(capacity / 2));
    this.rate.restart(capacity);
    this.limitHistory(LRU_HISTORY);
    this.limitHistory(LFU_HISTORY);
  }

  grow(count: number): void {
    this.segments.grow(count);
    this.frequency.grow(count);
    this.flags = grown(this.flags, count);
  }

  /** Clears a flag. Returns whether it was set. */
  private clear(id: number, flag: number): boolean {
    const flags = this.flags[id]!;
    this.flags[id] = flags & ~flag;
    return (flags & flag) !== 0;
  }

  /** Moves the oldest page of the reused part to the scanned part; false when there is none. */
  private pushOut(): boolean {
    const id = this.segments.tail(REUSED);
    if (id < 0) return false;
    this.segments.move(id, SCANNED);
    this.flags[id] = this.flags[id]! | PUSHED_OUT;
    this.pushedOut++;
    return true;
  }

  /** Takes a page off all lists. Its count stays. */
  private leave(id: number): void {
    const list = this.segments.of(id);
    if (list === ABSENT) return;
    this.segments.take(id);
    if (list === REUSED || list === SCANNED) this.frequency.take(id);
    if (this.clear(id, NEW) && list === LRU_HISTORY) this.newInHistory--;
    if (this.clear(id, PUSHED_OUT)) this.pushedOut--;
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
    let lru = segments.tail(SCANNED);
    if (lru < 0) lru = segments.tail(REUSED);
    if (lru < 0) return -1;
    const lfu = frequency.last();
    if (lru === lfu) {
      this.counters.pgscan++;
      this.remove(lru);
      return lru;
    }
    this.counters.pgscan += 2;
    const byLru = this.random() < this.weight;
    this.toHistory(byLru ? lru : lfu, byLru ? LRU_HISTORY : LFU_HISTORY);
    return byLru ? lru : lfu;
  }

  private toHistory(id: number, history: number): void {
    const isNew = this.flags[id]! & NEW;
    this.leave(id);
    this.segments.addHead(history, id);
    if (history === LRU_HISTORY && isNew) {
      this.flags[id] = NEW;
      this.newInHistory++;
    }
    this.limitHistory(history);
  }

  private limitHistory(history: number): void {
    while (this.segments.size(history) > this.historyCapacity) this.remove(this.segments.tail(history));
  }
}

export const cacheus: ReclaimPolicyInfo = {
  name: 'cacheus',
  summary: 'CACHEUS: draws between a scan-resistant LRU and a churn-resistant LFU, by weights it learns',
  source: 'Rodriguez et al. 2021, "Learning cache replacement with CACHEUS"',
  complexity: 'O(1) an operation, amortized',
  parameters: {
    scanned: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 1,
      meaning: 'initial share of the scanned part, at least one page; default of the authors',
    },
  },
  create: (pages, context) => new Cacheus(pages, context),
};
