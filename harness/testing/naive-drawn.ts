import { type RandomStream, randomStream } from '../stats/random.js';
import type { NaivePolicy } from './naive-adaptive.js';

/** Pages in an array without gaps, of which some are drawn: the one worth least goes, the first drawn among equals. */
abstract class NaiveDrawn implements NaivePolicy {
  protected readonly standing: number[] = [];
  protected readonly random: RandomStream;

  constructor(
    protected readonly capacity: number,
    name: string,
    private readonly sample: number,
  ) {
    this.random = randomStream(1, `reclaim/${name}`);
  }

  protected abstract worth(id: number): number;
  protected abstract used(id: number, hit: boolean): void;
  protected gone(_id: number, _evicted: boolean): void {}
  protected others(): number[] {
    return [];
  }

  access(id: number): boolean {
    const hit = this.standing.includes(id);
    if (!hit && this.standing.length === this.capacity) {
      const drawn = Array.from(
        { length: this.sample },
        () => this.standing[Math.floor(this.random() * this.standing.length)]!,
      );
      const candidates = [...drawn, ...this.others()];
      const victim = candidates.reduce((least, page) =>
        this.worth(page) < this.worth(least) ? page : least,
      );
      this.leave(victim, true);
    }
    if (!hit) this.standing.push(id);
    this.used(id, hit);
    return hit;
  }

  remove(id: number): void {
    if (this.standing.includes(id)) this.leave(id, false);
  }

  private leave(id: number, evicted: boolean): void {
    this.gone(id, evicted);
    const last = this.standing.pop()!;
    if (last !== id) this.standing[this.standing.indexOf(id)] = last;
  }
}

class NaiveSampledLfu extends NaiveDrawn {
  private readonly uses = new Map<number, number>();

  constructor(capacity: number, sample: number) {
    super(capacity, 'lfu', sample);
  }

  protected worth(id: number): number {
    return this.uses.get(id)!;
  }

  protected used(id: number, hit: boolean): void {
    this.uses.set(id, hit ? this.uses.get(id)! + 1 : 1);
  }
}

interface LhdPage {
  used: number;
  /** Ages at its last two uses, the last one first. */
  ages: [number, number];
  explorer: boolean;
}

/** What happened to a page of a class at an age; `weight` fades. */
interface LhdEvent {
  readonly of: number;
  readonly age: number;
  readonly hit: boolean;
  weight: number;
}

const AGES = 2048;

class NaiveLhd extends NaiveDrawn {
  private readonly pages = new Map<number, LhdPage>();
  private readonly lastIn: number[] = [];
  private readonly events: LhdEvent[] = [];
  private estimates: Map<string, number> | undefined;
  private time = 0;
  private sinceUpdate = 0;

  constructor(
    capacity: number,
    sample: number,
    private readonly admissions: number,
  ) {
    super(capacity, 'lhd', sample);
  }

  protected override others(): number[] {
    const ring: number[] = [];
    this.lastIn.forEach((id, i) => {
      ring[i % this.admissions] = id;
    });
    return ring.filter((id) => this.standing.includes(id));
  }

  protected worth(id: number): number {
    const page = this.pages.get(id)!;
    return this.density(this.class(page), this.age(page)) + (page.explorer ? 1 : 0);
  }

  protected used(id: number, hit: boolean): void {
    const page = this.pages.get(id)!;
    if (hit) {
      this.events.push({ of: this.class(page), age: this.age(page), hit: true, weight: 1 });
      page.ages = [this.age(page), page.ages[0]];
      page.explorer = false;
      page.used = this.time;
    } else {
      const explorers = [...this.pages.values()].filter(({ explorer }) => explorer).length;
      const explorer = explorers < this.capacity * 0.01 && this.random() < 1 / 32;
      this.pages.set(id, { used: this.time, ages: [0, AGES - 1], explorer });
      if (this.admissions > 0) this.lastIn.push(id);
    }
    this.time++;
    if (this.sinceUpdate++ < Math.max(1024, 8 * this.capacity)) return;
    this.sinceUpdate = 0;
    this.update();
  }

  protected override gone(id: number, evicted: boolean): void {
    const page = this.pages.get(id)!;
    if (evicted) this.events.push({ of: this.class(page), age: this.age(page), hit: false, weight: 1 });
    this.pages.delete(id);
  }

  private age({ used }: LhdPage): number {
    return Math.min(AGES - 1, Math.floor((this.time - used) / Math.max(1, Math.round(this.capacity / 100))));
  }

  private class({ ages: [last, before] }: LhdPage): number {
    const sum = last + before;
    return sum === 0 ? 11 : Math.max(0, 10 - Math.floor(Math.log2(sum)));
  }

  private density(of: number, age: number): number {
    if (!this.estimates) return (of + 1) / 12 / (age + 1);
    return this.estimates.get(`${of} ${age}`)!;
  }

  /** For every class and age: hits at that age or above, divided by the sum over these ages of the events from there on. */
  private update(): void {
    this.estimates = new Map();
    for (let of = 0; of < 12; of++) {
      const own = this.events.filter((event) => event.of === of);
      for (let age = 0; age < AGES; age++) {
        const later = own.filter((event) => event.age >= age);
        const hits = later.reduce((sum, one) => sum + (one.hit && one.age < AGES - 1 ? one.weight : 0), 0);
        const time = later.reduce((sum, event) => sum + event.weight * (event.age - age + 1), 0);
        this.estimates.set(`${of} ${age}`, time > 1e-5 ? hits / time : 0);
      }
    }
    for (const event of this.events) event.weight *= 0.9;
  }
}

/** By policy as text. */
export const naiveDrawn: Readonly<Record<string, (capacity: number) => NaivePolicy>> = {
  'lfu:sample=1': (capacity) => new NaiveSampledLfu(capacity, 1),
  'lfu:sample=5': (capacity) => new NaiveSampledLfu(capacity, 5),
  lhd: (capacity) => new NaiveLhd(capacity, 32, 8),
  'lhd:sample=3,admissions=0': (capacity) => new NaiveLhd(capacity, 3, 0),
};
