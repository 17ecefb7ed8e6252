import { PAGE_LIMIT } from '../../../trace/op.js';
import type { PageRange } from '../contract.js';
import { RangeSet } from '../range-set.js';

/** What each program has written and not given up: what the heap of an allocator is to it. */
export class InUse {
  private readonly ranges = new RangeSet();
  private readonly counts = new Map<number, number>();

  /** Pages that a space has in use. */
  pages(space: number): number {
    return this.counts.get(space) ?? 0;
  }

  add(range: PageRange): void {
    this.change(range, range.count - this.within(range));
    this.ranges.add(range);
  }

  delete(range: PageRange): void {
    this.change(range, -this.within(range));
    this.ranges.delete(range);
  }

  /** Pages go on at another address of their space. */
  move(range: PageRange, to: number): void {
    this.ranges.move(range, to);
  }

  /** A space was forked. */
  copy(parent: number, child: number): void {
    const all = { space: parent, page: 0, count: PAGE_LIMIT };
    for (const { page, count } of this.ranges.within(all)) this.add({ space: child, page, count });
  }

  private within(range: PageRange): number {
    return this.ranges.within(range).reduce((sum, { count }) => sum + count, 0);
  }

  private change({ space }: PageRange, pages: number): void {
    if (pages !== 0) this.counts.set(space, this.pages(space) + pages);
  }
}
