import { flag } from '../../base/parameters.js';
import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { CountMinSketch } from './structures/count-min-sketch.js';
import { ABSENT, Segments } from './structures/segments.js';

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const DEMOTED = 3;
const LISTS = 4;

/**
 * W-TinyLFU: a small window that takes every page in, before a main part that only takes in a page used more often than
 * the one it would replace. Uses are counted in a sketch that halves its counters now and then, so that old uses fade.
 * The window and both segments of the main part (an SLRU) go by recency.
 *
 * A page that comes into a full window pushes its oldest page, the candidate, out. The candidate and the oldest page on
 * probation are compared, and the one used less often goes; the new page itself never does.
 *
 * What counts as a use follows libCacheSim, whose misses this meets within 2 %: coming in, leaving the window, and every
 * use in the main part; uses in the window are one burst. The paper counts each use once (`window_uses=1`); a page that
 * was used twice in quick succession then pushes out one that is used again and again at distances.
 *
 * Differs from libCacheSim in the small: there the window of a cache of fewer than 100 pages is empty and every request
 * misses, counts fade after 32 uses a page instead of 10, and a candidate that wins drains the window further. Here the
 * window has at least one page, and one eviction frees one page. The paper's doorkeeper, a filter for pages seen once
 * that lets counters be fewer, is left out.
 */
class WTinyLfu implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly segments: Segments;
  private readonly sketch = new CountMinSketch();
  private readonly windowShare: number;
  private readonly protectedShare: number;
  private readonly sampleFactor: number;
  private readonly windowUses: boolean;
  private windowCapacity = 1;
  private protectedCapacity = 0;
  private probationShare = 0;
  /** Uses counted after which all counts are halved. */
  private sample = 0;
  private counted = 0;

  constructor(pages: Pages, { values }: ReclaimContext) {
    this.segments = new Segments(LISTS, pages.count);
    this.windowShare = values.window as number;
    this.protectedShare = values.protected as number;
    this.sampleFactor = values.sample as number;
    this.windowUses = values.window_uses === 1;
    this.resize(pages.capacity);
  }

  get bytes(): number {
    return this.segments.bytes + this.sketch.bytes;
  }

  touch(id: number): void {
    const list = this.segments.of(id);
    if (list !== WINDOW || this.windowUses) this.count(id);
    if (list === WINDOW || list === PROTECTED) {
      this.segments.refresh(id);
      return;
    }
    this.segments.move(id, PROTECTED);
    this.limitProtected(this.protectedCapacity);
  }

  miss(id: number): void {
    this.count(id);
  }

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    for (; found < most; found++) {
      const id = this.victim();
      if (id < 0) break;
      this.segments.take(id);
      victims[found] = id;
    }
    return found;
  }

  insert(id: number): void {
    this.segments.addHead(WINDOW, id);
    if (this.segments.size(WINDOW) > this.windowCapacity) this.leaveWindow(this.segments.tail(WINDOW));
    this.sketch.fit(this.held);
  }

  /** Protected, even where nothing is: the pages on probation go before it. */
  reject(id: number): void {
    this.segments.addHead(PROTECTED, id);
    this.limitProtected(Math.max(1, this.protectedCapacity));
  }

  remove(id: number): void {
    if (this.segments.of(id) !== ABSENT) this.segments.take(id);
  }

  demote(id: number): void {
    this.remove(id);
    this.segments.addHead(DEMOTED, id);
  }

  rotate(id: number): void {
    this.remove(id);
    this.segments.addTail(DEMOTED, id);
  }

  resize(capacity: number): void {
    this.windowCapacity = Math.max(1, Math.floor(capacity * this.windowShare));
    this.protectedCapacity = Math.floor((capacity - this.windowCapacity) * this.protectedShare);
    this.sample = this.sampleFactor * capacity;
    this.probationShare = capacity - this.windowCapacity - this.protectedCapacity;
    while (this.segments.size(WINDOW) > this.windowCapacity) this.leaveWindow(this.segments.tail(WINDOW));
    this.limitProtected(this.protectedCapacity);
  }

  grow(count: number): void {
    this.segments.grow(count);
  }

  private get held(): number {
    const { segments } = this;
    return (
      segments.size(WINDOW) + segments.size(PROBATION) + segments.size(PROTECTED) + segments.size(DEMOTED)
    );
  }

  private count(id: number): void {
    this.sketch.add(id);
    if (++this.counted < this.sample) return;
    this.sketch.halve();
    this.counted = Math.floor(this.counted / 2);
  }

  /** The page to go: -1 when there is none. A candidate that wins moves to the main part. */
  private victim(): number {
    const { segments } = this;
    if (this.held > 0) this.counters.pgscan++;
    const demoted = segments.tail(DEMOTED);
    if (demoted >= 0) return demoted;
    let victim = segments.tail(PROBATION);
    if (victim < 0) victim = segments.tail(PROTECTED);
    const candidate = segments.tail(WINDOW);
    if (victim < 0) return candidate;
    if (this.segments.size(WINDOW) < this.windowCapacity) return victim;
    this.counters.pgscan++;
    const admitted = this.sketch.estimate(candidate) > this.sketch.estimate(victim);
    if (!this.windowUses) this.count(candidate);
    if (!admitted) return candidate;
    this.segments.move(candidate, PROBATION);
    return victim;
  }

  /** A page the window has no room for enters the main part: on probation first, then protected, as long as there is room. */
  private leaveWindow(id: number): void {
    const { segments } = this;
    const full = segments.size(PROBATION) >= this.probationShare;
    const list = full && segments.size(PROTECTED) < this.protectedCapacity ? PROTECTED : PROBATION;
    if (!this.windowUses) this.count(id);
    this.segments.move(id, list);
  }

  private limitProtected(capacity: number): void {
    while (this.segments.size(PROTECTED) > capacity)
      this.segments.move(this.segments.tail(PROTECTED), PROBATION);
  }
}

export const wtinylfu: ReclaimPolicyInfo = {
  name: 'wtinylfu',
  summary:
    'W-TinyLFU: a small window, and a main part that admits only what was used more often than its victim',
  source: 'Einziger, Friedman and Manes 2017, "TinyLFU: a highly efficient cache admission policy"',
  complexity: 'O(1) an operation; halving the counts O(capacity) once in `sample` × capacity uses',
  parameters: {
    window: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 1,
      meaning: 'share of the capacity that admits every page, at least one page; default of the paper',
    },
    protected: {
      kind: 'number',
      default: 0.8,
      min: 0,
      max: 1,
      meaning: 'share of the main part for pages used again there; default of the paper',
    },
    sample: {
      kind: 'integer',
      default: 10,
      min: 1,
      max: 1000,
      meaning: 'uses per page of capacity after which all counts are halved; default of Caffeine',
    },
    window_uses: flag(
      0,
      'count every use once, as the paper does; default: uses in the window are one burst and do not count',
    ),
  },
  create: (pages, context) => new WTinyLfu(pages, context),
};
