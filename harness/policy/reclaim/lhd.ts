import { grown } from '../../base/arrays.js';
import type { Pages, ReclaimContext, ReclaimPolicyInfo } from './contract.js';
import { DrawnPages } from './structures/drawn-pages.js';
import { AGES, CLASSES, HitDensities } from './structures/hit-densities.js';

/** One page in this many that come in is an explorer: it stays until it is used, so that long ages are seen at all. */
const EXPLORERS = 32;
/** Explorers are at most this share of the capacity. */
const EXPLORER_SHARE = 0.01;
/** An age counts in steps of this share of the capacity. */
const AGE_STEP = 1 / 100;
/** Uses between two estimates, as a multiple of the capacity, and at most the authors' number. */
const UPDATE_CAPACITIES = 8;
const LEAST_UPDATE = 1024;
const MOST_UPDATE = 2 ** 20;
/** What an explorer's density is raised by: above every density, which is at most 1. */
const EXPLORES = 1;

/**
 * LHD: a page is worth the hits that it may be expected to bring for the time that it takes up space. Of pages drawn at
 * random, and of those that came in last, the one of least hit density goes. Densities depend on a page's age since its
 * last use and on its class: how long the last two times between uses were. They are estimated from the hits and evictions
 * of all pages of a class, with older ones fading.
 *
 * The paper leaves sizes open, and the authors' program has its own: 20,000 ages, 16 classes, an estimate every 2^20 uses.
 * Page traces are often shorter, so that estimates are made every 8 × capacity uses here (from 1024 to 2^20), and there are
 * 2048 ages, each of 1/100 of the capacity. The pages are all of one size.
 */
class Lhd extends DrawnPages {
  private readonly densities = new HitDensities();
  private readonly sample: number;
  /** The pages that came in last, as a ring; -1 where there is none. */
  private readonly admitted: Int32Array;
  private admissions = 0;
  /** By id: when it was last used. A 32-bit clock: right as long as fewer than 2^31 uses lie between. */
  private usedAt: Int32Array;
  /** By id: the age at its last use, and at the one before, in steps. */
  private lastAge: Uint16Array;
  private ageBefore: Uint16Array;
  private explorer: Uint8Array;
  private explorers = 0;
  private time = 0;
  private updateAt = 0;
  /** Uses in a step of age. */
  private step = 1;
  private capacity = 1;

  constructor(pages: Pages, { values, random }: ReclaimContext) {
    super(pages, random);
    this.sample = values.sample as number;
    this.admitted = new Int32Array(values.admissions as number).fill(-1);
    this.usedAt = new Int32Array(pages.count);
    this.lastAge = new Uint16Array(pages.count);
    this.ageBefore = new Uint16Array(pages.count);
    this.explorer = new Uint8Array(pages.count);
    this.resize(pages.capacity);
    this.updateAt = this.updateEvery;
  }

  override get bytes(): number {
    const own = this.usedAt.byteLength + this.lastAge.byteLength + this.ageBefore.byteLength;
    return super.bytes + own + this.explorer.byteLength + this.densities.bytes;
  }

  touch(id: number): void {
    this.restore(id);
    const age = this.age(id);
    this.densities.hit(this.class(id), age);
    this.ageBefore[id] = this.lastAge[id]!;
    this.lastAge[id] = age;
    this.explore(id, 0);
    this.use(id);
  }

  override insert(id: number): void {
    // A page that has just come in has the class of the longest times, and after its first use that of this one's age.
    this.lastAge[id] = 0;
    this.ageBefore[id] = AGES - 1;
    const mayExplore = this.explorers < this.capacity * EXPLORER_SHARE;
    this.explore(id, mayExplore && this.random() < 1 / EXPLORERS ? 1 : 0);
    if (this.admitted.length > 0) this.admitted[this.admissions++ % this.admitted.length] = id;
    super.insert(id);
    this.use(id);
  }

  override remove(id: number): void {
    if (id < this.explorer.length) this.explore(id, 0);
    super.remove(id);
  }

  override resize(capacity: number): void {
    this.capacity = capacity;
    this.step = Math.max(1, Math.round(capacity * AGE_STEP));
  }

  override grow(count: number): void {
    super.grow(count);
    this.usedAt = grown(this.usedAt, count);
    this.lastAge = grown(this.lastAge, count);
    this.ageBefore = grown(this.ageBefore, count);
    this.explorer = grown(this.explorer, count);
  }

  protected choose(): number {
    const { sample, admitted } = this;
    let least = this.draw();
    let density = this.density(least);
    for (let candidate = 1; candidate < sample + admitted.length; candidate++) {
      const id = candidate < sample ? this.draw() : admitted[candidate - sample]!;
      if (id < 0 || !this.stands(id)) continue;
      const other = this.density(id);
      if (other >= density) continue;
      least = id;
      density = other;
    }
    return least;
  }

  protected override evicted(id: number): void {
    this.densities.eviction(this.class(id), this.age(id));
    this.explore(id, 0);
  }

  private get updateEvery(): number {
    return Math.min(MOST_UPDATE, Math.max(LEAST_UPDATE, UPDATE_CAPACITIES * this.capacity));
  }

  private use(id: number): void {
    this.usedAt[id] = this.time;
    this.time = (this.time + 1) | 0;
    if (this.updateAt-- > 0) return;
    this.updateAt = this.updateEvery;
    this.densities.update();
  }

  private explore(id: number, explorer: 0 | 1): void {
    this.explorers += explorer - this.explorer[id]!;
    this.explorer[id] = explorer;
  }

  private density(id: number): number {
    return this.densities.of(this.class(id), this.age(id)) + this.explorer[id]! * EXPLORES;
  }

  /** Steps since its last use. */
  private age(id: number): number {
    return Math.min(AGES - 1, Math.floor(((this.time - this.usedAt[id]!) >>> 0) / this.step));
  }

  /** By the binary logarithm of the last two ages: the shorter they were, the higher. */
  private class(id: number): number {
    const ages = this.lastAge[id]! + this.ageBefore[id]!;
    if (ages === 0) return CLASSES - 1;
    return Math.max(0, Math.min(CLASSES - 1, Math.clz32(ages) - Math.clz32(AGES - 1)));
  }
}

export const lhd: ReclaimPolicyInfo = {
  name: 'lhd',
  summary:
    'least hit density: of a few pages drawn at random, the one that may be expected to bring fewest hits for its time in memory goes',
  source: 'Beckmann, Chen and Cidon 2018, "LHD: improving cache hit rate by maximizing hit density"',
  complexity: 'O(1) an operation, O(sample + admissions) an eviction',
  parameters: {
    sample: {
      kind: 'integer',
      default: 32,
      min: 1,
      max: 1024,
      meaning: "pages drawn at random for each eviction; the default is that of the authors' program",
    },
    admissions: {
      kind: 'integer',
      default: 8,
      min: 0,
      max: 1024,
      meaning:
        "pages that came in last, which are candidates as well; the default is that of the authors' program",
    },
  },
  create: (pages, context) => new Lhd(pages, context),
};
