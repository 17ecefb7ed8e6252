import { STALL_PARTS } from '../../metrics/schema.js';

/** Columns of a slice before its stall parts. */
const COLUMNS = 7;
const WIDTH = COLUMNS + STALL_PARTS.length;

/** An event that stalled its thread. */
export interface Slice {
  /** When it began, in µs of trace time. */
  readonly timeUs: number;
  /** How long it stalled, in ns, and of what, by the order of `STALL_PARTS`. */
  readonly stallNs: number;
  readonly partsNs: Float64Array;
  readonly space: number;
  readonly thread: number;
  /** Code of its op, and the index of its argument in the trace's string table; -1 without one. */
  readonly op: number;
  readonly text: number;
  readonly page: number;
  readonly count: number;
}

/**
 * Slices of a replay, up to a number: of more, those that stalled longest are kept. Memory is twice that of what is kept, and
 * a replay of n events takes O(n) time: after each selection as many more must come before the next.
 */
export class Slices {
  /** How many there were, and how long all of them stalled. */
  seen = 0;
  seenNs = 0;
  private rows: Float64Array;
  private count = 0;
  /** What is shorter than this is not among the longest. */
  private shortestNs = 0;

  /** @param most slices that are kept */
  constructor(private readonly most: number) {
    this.rows = new Float64Array(2 * most * WIDTH);
  }

  /** @param partsNs read now, and not kept */
  add(slice: Slice): void {
    this.seen++;
    this.seenNs += slice.stallNs;
    if (slice.stallNs < this.shortestNs) return;
    if (this.count === 2 * this.most) this.select();
    const at = this.count++ * WIDTH;
    const { rows } = this;
    rows[at] = slice.timeUs;
    rows[at + 1] = slice.space;
    rows[at + 2] = slice.thread;
    rows[at + 3] = slice.op;
    rows[at + 4] = slice.text;
    rows[at + 5] = slice.page;
    rows[at + 6] = slice.count;
    rows.set(slice.partsNs, at + COLUMNS);
  }

  /** The slices that are kept, in the order in which they came. */
  kept(): Slice[] {
    if (this.count > this.most) this.select();
    return Array.from({ length: this.count }, (_, i) => this.slice(i));
  }

  private slice(i: number): Slice {
    const [timeUs, space, thread, op, text, page, count] = this.rows.subarray(i * WIDTH, i * WIDTH + COLUMNS);
    const partsNs = this.rows.subarray(i * WIDTH + COLUMNS, (i + 1) * WIDTH);
    return {
      timeUs: timeUs!,
      space: space!,
      thread: thread!,
      op: op!,
      text: text!,
      page: page!,
      count: count!,
      partsNs,
      stallNs: this.stallNs(i),
    };
  }

  private stallNs(i: number): number {
    let sum = 0;
    for (let at = i * WIDTH + COLUMNS; at < (i + 1) * WIDTH; at++) sum += this.rows[at]!;
    return sum;
  }

  /** Keeps the longest `most`, in their order; of those that are as long as the shortest, the first. */
  private select(): void {
    const lengths = Float64Array.from({ length: this.count }, (_, i) => this.stallNs(i));
    const sorted = lengths.toSorted();
    const shortest = sorted[this.count - this.most]!;
    let equal = this.most - lengths.filter((ns) => ns > shortest).length;
    let kept = 0;
    lengths.forEach((ns, i) => {
      if (ns < shortest || (ns === shortest && equal-- <= 0)) return;
      this.rows.copyWithin(kept++ * WIDTH, i * WIDTH, (i + 1) * WIDTH);
    });
    this.count = kept;
    this.shortestNs = shortest;
  }
}
