import type { PageRange } from '../contract.js';
import { type Queued, RangeQueue } from '../range-queue.js';
import { Decay } from './decay.js';

/** What keeps pages from going, in a stage of their way back to the kernel. */
export interface Bounds {
  /** For how long a page stays. */
  readonly delayUs: number;
  /** Whether pages go along jemalloc's curve during `delayUs`, and not all at its end. */
  readonly sigmoid: boolean;
  /** Pages that stay in any case, the newest. */
  readonly keep: number;
  /** Of 1000 pages that come, how many may go; 0: all of them. */
  readonly rate: number;
}

/** The most pages that may have gone ahead of what `rate` allows. Source: kMaxReleaseDelay in src/page_heap.h of gperftools. */
const MOST_AHEAD = 2 ** 20;

/** Pages that one program has given up and that wait for a call, the oldest first. */
export class Stage {
  private readonly queue = new RangeQueue();
  private readonly decay: Decay | undefined;
  /** Pages that may go by `rate`. */
  private allowed = 0;

  constructor(
    private readonly bounds: Bounds,
    nowUs: number,
  ) {
    if (bounds.sigmoid) this.decay = new Decay(bounds.delayUs, nowUs);
  }

  get pages(): number {
    return this.queue.pages;
  }

  add(range: PageRange, shift: number, nowUs: number): void {
    this.queue.add({ ...range, shift, regenNs: 0, atUs: nowUs });
    this.allowed += (range.count * this.bounds.rate) / 1000;
  }

  /** Takes pages out. Returns how many there were. */
  delete(range: PageRange): number {
    const before = this.queue.pages;
    this.queue.delete(range);
    return before - this.queue.pages;
  }

  overlapping(range: PageRange): Queued[] {
    return this.queue.overlapping(range);
  }

  move(range: PageRange, to: number, shift?: number): void {
    this.queue.move(range, to, shift);
  }

  /** The same ranges, of private memory, in the stage of a forked space: as old as here. */
  copyTo(child: number, stage: Stage): void {
    for (const { space, page, count, shift, atUs } of this.queue.byAge())
      if (space >= 0) stage.add({ space: child, page, count }, shift, atUs);
  }

  /** When pages may go next; infinity when none will unless others come. */
  get dueUs(): number {
    const { oldest } = this.queue;
    if (!oldest || !this.isAbove) return Number.POSITIVE_INFINITY;
    return this.decay ? this.decay.nextUs : oldest.atUs + this.bounds.delayUs;
  }

  /** Whether there are more pages than stay in any case, and more may go. */
  private get isAbove(): boolean {
    const { keep, rate } = this.bounds;
    return this.queue.pages > keep && (rate === 0 || this.allowed >= 1);
  }

  /** Takes out what goes now, the oldest first. */
  take(nowUs: number): Queued[] {
    const taken: Queued[] = [];
    const { queue, decay } = this;
    if (decay && !decay.advance(nowUs, queue.pages)) return taken;
    for (let { oldest } = queue; oldest && this.goes(oldest, nowUs); { oldest } = queue) {
      // Of a range that is kept in part, the lower pages: they are used again first.
      const { space, count, regenNs, atUs, shift } = oldest;
      const going = Math.min(count, queue.pages - this.bounds.keep);
      const part = { space, page: oldest.page + count - going, count: going, regenNs, atUs, shift };
      queue.delete(part);
      taken.push(part);
      this.allowed = Math.max(this.allowed - going, (-MOST_AHEAD * this.bounds.rate) / 1000);
    }
    return taken;
  }

  private goes(oldest: Queued, nowUs: number): boolean {
    if (!this.isAbove) return false;
    if (this.decay) return this.queue.pages > this.decay.limit;
    return oldest.atUs + this.bounds.delayUs <= nowUs;
  }
}
