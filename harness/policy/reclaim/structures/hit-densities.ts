/** Ages that are distinguished: all above count as the last, and a page that has reached it is worth nothing. */
export const AGES = 2048;
/** Classes that are distinguished: the binary logarithms of ages below `AGES`, and 0. */
export const CLASSES = 12;
/** What is left of counts after an estimate. */
const FADES = 0.9;
/** Events fewer than this say nothing. */
const SEEN = 1e-5;

/**
 * Hits and evictions of pages by class and age, and the hit densities that follow: of the pages of a class that have
 * reached an age, the hits still to come divided by the time until each is hit or evicted, both added up over ages. Before
 * the first estimate the density falls with age and grows with the class, which is about greedy dual.
 */
export class HitDensities {
  private readonly hits = new Float64Array(CLASSES * AGES);
  private readonly evictions = new Float64Array(CLASSES * AGES);
  private readonly densities = new Float64Array(CLASSES * AGES);

  constructor() {
    for (let of = 0; of < CLASSES; of++)
      for (let age = 0; age < AGES; age++) this.densities[of * AGES + age] = (of + 1) / CLASSES / (age + 1);
  }

  get bytes(): number {
    return 3 * this.densities.byteLength;
  }

  /** A page of a class was used at an age. */
  hit(of: number, age: number): void {
    const at = of * AGES + age;
    this.hits[at] = this.hits[at]! + 1;
  }

  /** A page of a class was evicted at an age. */
  eviction(of: number, age: number): void {
    const at = of * AGES + age;
    this.evictions[at] = this.evictions[at]! + 1;
  }

  /** Hits a step of age that a page of a class and age may be expected to bring: from 0 to 1. */
  of(of: number, age: number): number {
    return this.densities[of * AGES + age]!;
  }

  /** Estimates all densities from the counts, and lets these fade. */
  update(): void {
    for (let of = 0; of < CLASSES; of++) this.estimate(of * AGES);
    for (let at = 0; at < this.hits.length; at++) {
      this.hits[at] = this.hits[at]! * FADES;
      this.evictions[at] = this.evictions[at]! * FADES;
    }
  }

  /**
   * From the highest age down: events at an age or above, and the time that their pages still take up. Nothing is known of
   * the time after the last age, which would make its density that of a hit at once: pages would never leave it.
   */
  private estimate(first: number): void {
    const last = first + AGES - 1;
    let hits = 0;
    let events = this.hits[last]! + this.evictions[last]!;
    let time = events;
    this.densities[last] = 0;
    for (let at = last - 1; at >= first; at--) {
      hits += this.hits[at]!;
      events += this.hits[at]! + this.evictions[at]!;
      time += events;
      this.densities[at] = events > SEEN ? hits / time : 0;
    }
  }
}
