import { CountMinSketch } from '../policy/reclaim/structures/count-min-sketch.js';
import { type RandomStream, randomStream } from '../stats/random.js';

/**
 * Replacement policies in their plainest form: arrays, oldest first, that are searched from end to end. What a policy
 * must do on a reference string, with contents that go in between.
 */
export interface NaivePolicy {
  /** Uses a page; whether it was resident. */
  access(id: number): boolean;
  /** The page's contents are gone. */
  remove(id: number): void;
}

/** Takes a value out of an array; whether it was there. */
function take(array: number[], value: number): boolean {
  const at = array.indexOf(value);
  if (at >= 0) array.splice(at, 1);
  return at >= 0;
}

/** Belady: looks ahead in the whole string. */
class NaiveOpt implements NaivePolicy {
  private readonly resident = new Set<number>();
  private now = 0;

  constructor(
    private readonly capacity: number,
    private readonly ids: readonly number[],
  ) {}

  access(id: number): boolean {
    this.now++;
    if (this.resident.has(id)) return true;
    if (this.resident.size === this.capacity) {
      const distance = (page: number) => {
        const next = this.ids.indexOf(page, this.now);
        return next < 0 ? Number.POSITIVE_INFINITY : next;
      };
      const farthest = [...this.resident].reduce((best, page) =>
        distance(page) > distance(best) ? page : best,
      );
      this.resident.delete(farthest);
    }
    this.resident.add(id);
    return false;
  }

  remove(id: number): void {
    this.resident.delete(id);
  }
}

class NaiveLeCaR implements NaivePolicy {
  private readonly recent: number[] = [];
  private readonly histories: [lru: number[], lfu: number[]] = [[], []];
  private readonly evictedAt = new Map<number, number>();
  private readonly count = new Map<number, number>();
  private weight = 0.5;
  private time = 0;
  private readonly random: RandomStream;

  constructor(
    private readonly capacity: number,
    private readonly keepCount: boolean,
  ) {
    this.random = randomStream(1, 'reclaim/lecar');
  }

  access(id: number): boolean {
    this.time++;
    const hit = take(this.recent, id);
    if (!hit) {
      const expert = this.histories.findIndex((history) => take(history, id));
      if (expert >= 0) this.blame(expert, this.time - this.evictedAt.get(id)!);
      if (this.recent.length === this.capacity) this.evict();
    }
    this.recent.push(id);
    const before = hit || this.keepCount ? (this.count.get(id) ?? 0) : 0;
    // Put last in the map: among equal counts, the first in the map got there first.
    this.count.delete(id);
    this.count.set(id, before + 1);
    return hit;
  }

  remove(id: number): void {
    for (const list of [this.recent, ...this.histories]) take(list, id);
    this.count.delete(id);
  }

  private blame(expert: number, requests: number): void {
    const discount = Math.exp((Math.log(0.005) / this.capacity) * requests);
    const weights = [this.weight, 1 - this.weight] as [number, number];
    weights[expert as 0 | 1] *= Math.exp(-0.45 * discount);
    this.weight = Math.min(Math.max(weights[0] / (weights[0] + weights[1]), 0.01), 0.99);
  }

  private evict(): void {
    const lru = this.recent[0]!;
    let lfu = -1;
    for (const [id, count] of this.count) {
      if (!this.recent.includes(id)) continue;
      if (lfu < 0 || count < this.count.get(lfu)!) lfu = id;
    }
    if (lru === lfu) {
      this.remove(lru);
      return;
    }
    const expert = this.random() < this.weight ? 0 : 1;
    const id = expert === 0 ? lru : lfu;
    take(this.recent, id);
    this.evictedAt.set(id, this.time);
    const history = this.histories[expert];
    history.push(id);
    if (history.length > Math.max(1, Math.floor(this.capacity / 2))) this.remove(history[0]!);
  }
}

class NaiveWTinyLfu implements NaivePolicy {
  private readonly window: number[] = [];
  private readonly probation: number[] = [];
  private readonly protected: number[] = [];
  private readonly sketch = new CountMinSketch();
  private counted = 0;
  private readonly windowCapacity: number;
  private readonly protectedCapacity: number;

  constructor(
    private readonly capacity: number,
    windowShare: number,
    private readonly sample: number,
    private readonly windowUses: boolean,
  ) {
    this.windowCapacity = Math.max(1, Math.floor(capacity * windowShare));
    this.protectedCapacity = Math.floor((capacity - this.windowCapacity) * 0.8);
  }

  access(id: number): boolean {
    if (take(this.window, id)) {
      if (this.windowUses) this.use(id);
      this.window.push(id);
      return true;
    }
    this.use(id);
    if (take(this.probation, id) || take(this.protected, id)) {
      this.protected.push(id);
      if (this.protected.length > this.protectedCapacity) this.probation.push(this.protected.shift()!);
      return true;
    }
    if (this.held === this.capacity) this.evict();
    this.window.push(id);
    if (this.window.length > this.windowCapacity) this.leaveWindow(this.window.shift()!);
    this.sketch.fit(this.held);
    return false;
  }

  remove(id: number): void {
    for (const list of [this.window, this.probation, this.protected]) take(list, id);
  }

  private get held(): number {
    return this.window.length + this.probation.length + this.protected.length;
  }

  private use(id: number): void {
    this.sketch.add(id);
    this.counted++;
    if (this.counted < this.sample * this.capacity) return;
    this.sketch.halve();
    this.counted = Math.floor(this.counted / 2);
  }

  private evict(): void {
    const main = this.probation.length > 0 ? this.probation : this.protected;
    const candidate = this.window[0]!;
    if (main.length === 0) this.window.shift();
    else if (this.window.length < this.windowCapacity) main.shift();
    else {
      const admitted = this.sketch.estimate(candidate) > this.sketch.estimate(main[0]!);
      if (!this.windowUses) this.use(candidate);
      this.window.shift();
      if (admitted) {
        main.shift();
        this.probation.push(candidate);
      }
    }
  }

  private leaveWindow(id: number): void {
    const share = this.capacity - this.windowCapacity - this.protectedCapacity;
    const full = this.probation.length >= share && this.protected.length < this.protectedCapacity;
    if (!this.windowUses) this.use(id);
    (full ? this.protected : this.probation).push(id);
  }
}

class NaiveClockPro implements NaivePolicy {
  /** Hot pages and test periods, in the order of the clock. */
  private readonly clock: number[] = [];
  private readonly cold: number[] = [];
  private readonly ghosts: number[] = [];
  private readonly hot = new Set<number>();
  private readonly used = new Set<number>();
  private coldTarget: number;

  constructor(
    private readonly capacity: number,
    coldShare: number,
  ) {
    this.coldTarget = Math.max(1, Math.floor(capacity * coldShare));
  }

  access(id: number): boolean {
    if (this.hot.has(id) || this.cold.includes(id)) {
      this.used.add(id);
      return true;
    }
    const passed = take(this.ghosts, id);
    if (passed) {
      take(this.clock, id);
      this.coldTarget = Math.min(this.coldTarget + 1, this.capacity);
    }
    if (this.hot.size + this.cold.length === this.capacity) this.evict();
    this.clock.push(id);
    if (passed) this.heat(id);
    else this.cold.push(id);
    return false;
  }

  remove(id: number): void {
    for (const list of [this.clock, this.cold, this.ghosts]) take(list, id);
    this.hot.delete(id);
    this.used.delete(id);
  }

  private heat(id: number): void {
    this.hot.add(id);
    while (this.hot.size > this.capacity - this.coldTarget) this.cool();
  }

  private cool(): void {
    for (;;) {
      const id = this.nextHot();
      this.clock.shift();
      if (this.used.delete(id)) this.clock.push(id);
      else {
        this.hot.delete(id);
        this.cold.push(id);
        if (this.hot.size > 0) this.nextHot();
        return;
      }
    }
  }

  private nextHot(): number {
    while (!this.hot.has(this.clock[0]!)) this.endTest(this.clock[0]!);
    return this.clock[0]!;
  }

  private endTest(id: number): void {
    take(this.clock, id);
    take(this.ghosts, id);
    if (!this.used.has(id)) this.coldTarget = Math.max(this.coldTarget - 1, 1);
  }

  private evict(): void {
    for (;;) {
      if (this.cold.length === 0) this.cool();
      const id = this.cold.shift()!;
      const test = this.clock.includes(id);
      if (!this.used.delete(id)) {
        if (test) this.ghosts.push(id);
        if (this.ghosts.length > this.capacity) this.endTest(this.ghosts[0]!);
        return;
      }
      take(this.clock, id);
      this.clock.push(id);
      if (test) {
        this.coldTarget = Math.min(this.coldTarget + 1, this.capacity);
        this.heat(id);
      } else this.cold.push(id);
    }
  }
}

/** By policy as text; the whole string is for those that look ahead. */
export const naiveAdaptive: Readonly<
  Record<string, (capacity: number, ids: readonly number[]) => NaivePolicy>
> = {
  opt: (capacity, ids) => new NaiveOpt(capacity, ids),
  lecar: (capacity) => new NaiveLeCaR(capacity, false),
  'lecar:keep_count=1': (capacity) => new NaiveLeCaR(capacity, true),
  wtinylfu: (capacity) => new NaiveWTinyLfu(capacity, 0.01, 10, false),
  'wtinylfu:window=0.3,sample=2,window_uses=1': (capacity) => new NaiveWTinyLfu(capacity, 0.3, 2, true),
  'clock-pro': (capacity) => new NaiveClockPro(capacity, 0.01),
  'clock-pro:cold=0.5': (capacity) => new NaiveClockPro(capacity, 0.5),
};
