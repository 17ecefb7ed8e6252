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
  /** The same as a share of what its program has in use. */
  readonly keepShare: number;
  /** Of 1000 pages that come, how many may go; 0: all of them. */
  readonly rate: number;
  /** Pages that may go in a second, and at once; 0: all of them. */
  readonly pace: number;
}

const US_PER_S = 1e6;
/** Pages go by `pace` in parts that are worth a call: no less than this share of what may go at once. */
const PACED_PART = 1 / 100;

/** The most pages that may have gone ahead of what `rate` allows. Source: kMaxReleaseDelay in src/page_heap.h of gperftools. */
const MOST_AHEAD = 2 ** 20;

/** Pages that one program has given up and that wait for a call, the oldest first. */
export class Stage {
  private readonly queue = new RangeQueue();
  private readonly decay: Decay | undefined;
  /** Pages that may go by `rate`. */
  private allowed = 0;
  /** Pages that may go by `pace`, as of `pacedUs`. */
  private paced: number;
  private pacedUs: number;

  /** @param inUse pages that its program has in use now */
  constructor(
    private readonly bounds: Bounds,
    nowUs: number,
    private readonly inUse: () => number = () => 0,
  ) {
    this.paced = bounds.pace;
    this.pacedUs = nowUs;
    if (bounds.sigmoid) this.decay = new Decay(bounds.delayUs, nowUs);
  }

  get pages(): number {
    return this.queue.pages;
  }

  add({ space, page, count }: PageRange, shift: number, nowUs: number): void {
    this.queue.add({ space, page, count, regenNs: 0 }, nowUs, shift);
    this.allowed += (count * this.bounds.rate) / 1000;
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
    const agedUs = this.decay ? this.decay.nextUs : oldest.atUs + this.bounds.delayUs;
    return Math.max(agedUs, this.nextPacedUs);
  }

  /** When enough pages may go by `pace` to be worth a call. */
  private get nextPacedUs(): number {
    const { pace } = this.bounds;
    if (pace === 0) return 0;
    const wanted = Math.min(Math.max(1, pace * PACED_PART), this.queue.pages - this.kept);
    if (this.paced >= wanted) return 0;
    return this.pacedUs + Math.ceil(((wanted - this.paced) * US_PER_S) / pace);
  }

  private advancePace(nowUs: number): void {
    const { pace } = this.bounds;
    this.paced = Math.min(pace, this.paced + ((nowUs - this.pacedUs) * pace) / US_PER_S);
    this.pacedUs = nowUs;
  }

  private get kept(): number {
    const { keep, keepShare } = this.bounds;
    return keepShare === 0 ? keep : Math.floor(keepShare * this.inUse());
  }

  /** Whether there are more pages than stay in any case, and more may go. */
  private get isAbove(): boolean {
    const { rate } = this.bounds;
    return this.queue.pages > this.kept && (rate === 0 || this.allowed >= 1);
  }

  /** Takes out what goes now, the oldest first. */
  take(nowUs: number): Queued[] {
    const taken: Queued[] = [];
    const { queue, decay } = this;
    if (decay && !decay.advance(nowUs, queue.pages)) return taken;
    const { rate, pace } = this.bounds;
    if (pace > 0) this.advancePace(nowUs);
    for (let { oldest } = queue; oldest && this.goes(oldest, nowUs); { oldest } = queue) {
      // Of a range that is kept in part, the lower pages: they are used again first.
      const { space, count, regenNs, atUs, shift } = oldest;
      const above = Math.min(count, queue.pages - this.kept);
      const going = pace > 0 ? Math.min(above, Math.floor(this.paced)) : above;
      const part = { space, page: oldest.page + count - going, count: going, regenNs, atUs, shift };
      queue.delete(part);
      taken.push(part);
      this.allowed = Math.max(this.allowed - going, (-MOST_AHEAD * rate) / 1000);
      this.paced -= going;
    }
    return taken;
  }

  private goes(oldest: Queued, nowUs: number): boolean {
    if (!this.isAbove || (this.bounds.pace > 0 && this.paced < 1)) return false;
    if (this.decay) return this.queue.pages > this.decay.limit;
    return oldest.atUs + this.bounds.delayUs <= nowUs;
  }
}
