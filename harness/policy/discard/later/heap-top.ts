import type { Kernel, PageRange } from '../contract.js';
import type { Queued } from '../range-queue.js';
import { RangeSet } from '../range-set.js';
import type { Bounds, Stage } from './stage.js';

/** What waits below a page in use: it has no time of its own. */
export const BELOW: Bounds = {
  delayUs: Number.POSITIVE_INFINITY,
  sigmoid: false,
  keep: 0,
  keepShare: 0,
  rate: 0,
  pace: 0,
};

/**
 * What each heap has in use, and so where its top begins. A heap is what is mapped without a gap; its top is the free memory
 * above the last page in use, which is all that an allocator can give back that moves the end of its heap (sbrk).
 *
 * Source: systrim and heap_trim in malloc/malloc.c and malloc/arena.c of glibc 2.39.
 */
export class HeapTop {
  private readonly used = new RangeSet();

  constructor(private readonly kernel: Pick<Kernel, 'lookup'>) {}

  /** Pages are in use: what is free below them is no top any more. */
  use(range: PageRange, below: Stage | undefined, top: Stage | undefined): void {
    this.used.add(range);
    if (below && top && top.pages > 0) this.settle(this.freeBelow(range), below, top);
  }

  /** Puts pages where they wait at first: below the top if a heap has them. None of what waits reaches over a gap. */
  wait(range: PageRange, below: Stage, top: Stage, nowUs: number): void {
    const { space } = range;
    let next = range.page;
    for (const run of this.runs(range)) {
      top.add({ space, page: next, count: run.page - next }, 0, nowUs);
      below.add(run, 0, nowUs);
      next = run.page + run.count;
    }
    top.add({ space, page: next, count: range.page + range.count - next }, 0, nowUs);
  }

  /** Pages are not in use any more: they may be the top, with all that is free below them. */
  free(range: PageRange, below: Stage, top: Stage): void {
    this.used.delete(range);
    for (const run of this.runs(range)) {
      if (!this.isTop(run)) continue;
      const { space, page, count } = this.freeBelow(run);
      rise(below, top, below.overlapping({ space, page, count: count + run.count }));
    }
  }

  /** Pages are unmapped, or mapped again, and no part of a heap: what is free below them is a top. */
  unmapped(range: PageRange, below: Stage | undefined, top: Stage | undefined): void {
    this.used.delete(range);
    if (below && top) rise(below, top, below.overlapping(this.freeBelow(range)));
  }

  /** Pages have moved to other addresses of their space, and what waits of them with them. */
  moved(range: PageRange, to: number, below: Stage | undefined, top: Stage | undefined): void {
    this.used.move(range, to);
    if (!below || !top) return;
    this.settle(this.freeBelow(range), below, top);
    const { space, page, count } = this.freeBelow({ ...range, page: to });
    this.settle({ space, page, count: count + range.count }, below, top);
  }

  forked(parent: number, child: number): void {
    this.used.copy(parent, child);
  }

  /** Whether nothing is in use above a range, to the end of what is mapped there without a gap. */
  private isTop({ space, page, count }: PageRange): boolean {
    const end = page + count;
    const next = this.used.next(space, end);
    if (next === undefined) return true;
    const between = { space, page: end - 1, count: next - end + 2 };
    return this.kernel.lookup(between, false).reduce((sum, piece) => sum + piece.count, 0) < between.count;
  }

  /** From the last page in use below a range to its beginning. */
  private freeBelow({ space, page }: PageRange): PageRange {
    const from = (this.used.previous(space, page) ?? -1) + 1;
    return { space, page: from, count: page - from };
  }

  /** The parts of a range that are mapped without a gap. */
  private runs(range: PageRange): PageRange[] {
    const runs = new RangeSet();
    for (const piece of this.kernel.lookup(range, false)) runs.add(piece);
    return runs.within(range);
  }

  /** Sorts what waits in a range into what is the top of its heap and what is not. */
  private settle(range: PageRange, below: Stage, top: Stage): void {
    const sunk = top.overlapping(range).filter((part) => !this.isTop(part));
    rise(
      below,
      top,
      below.overlapping(range).filter((part) => this.isTop(part)),
    );
    for (const part of sunk) pass(part, top, below);
  }
}

/** The highest goes first: it is the oldest of the top. */
function rise(below: Stage, top: Stage, parts: readonly Queued[]): void {
  for (const part of parts.toReversed()) pass(part, below, top);
}

function pass(part: Queued, from: Stage, to: Stage): void {
  from.delete(part);
  to.add(part, part.shift, part.atUs);
}
