import type { Kernel, MappedPiece, PageRange, Unpinned } from './contract.js';
import { joined } from './pieces.js';
import { RangeQueue } from './range-queue.js';

/** Pages of a space, and where their marks are filed. */
export interface Filed {
  readonly range: PageRange;
  readonly file: PageRange;
}

/**
 * Volatility of shared memory is a state of its object: its marks are filed by pages of the object, for all spaces that
 * map it, under numbers below 0. Those of private memory are filed by space and address.
 */
export function filed({ space, page, count, objectPage, inode }: MappedPiece): Filed {
  const range = { space, page, count };
  return { range, file: inode === undefined ? range : { space: -1 - inode, page: objectPage, count } };
}

/**
 * What programs know to be volatile: for each range, the last call that marked it. Marks of shared memory outlive its
 * mappings, as the state does; those of an object that is gone are never asked for again.
 */
export class VolatileMarks {
  /** Contents that are not needed. */
  readonly discarded = new RangeQueue();
  /** Regenerable contents. */
  readonly unpinned = new RangeQueue();

  /** Whether there ever was a mark of shared memory. */
  private anyShared = false;

  constructor(private readonly kernel: Kernel) {}

  /** Whether contents of a range may be among those that are not needed. Without shared memory, that is known without a look-up. */
  mayBeDiscarded(range: PageRange): boolean {
    return this.anyShared || this.discarded.meets(range);
  }

  /** The mapped parts of a range; where VMAs are split and go on with the same memory they are one. */
  parts(range: PageRange): Filed[] {
    return joined(this.kernel.lookup(range, false)).map(filed);
  }

  /** A call has marked a range. */
  mark(range: Unpinned, marks: RangeQueue): void {
    for (const { file } of this.parts(range)) {
      this.clear(file);
      if (file.space < 0) this.anyShared = true;
      const { space, page, count } = file;
      marks.add({ space, page, count, regenNs: (range.regenNs * count) / range.count });
    }
  }

  clear(file: PageRange): void {
    this.discarded.delete(file);
    this.unpinned.delete(file);
  }

  /** The marks that have a page in common with a part. */
  within(file: PageRange): Unpinned[] {
    return [...this.discarded.overlapping(file), ...this.unpinned.overlapping(file)];
  }

  /** The pages of a mark as a space maps them that maps `part` of it; what it does not map there is left out. */
  mapped(mark: PageRange, { range, file }: Filed): Filed[] {
    const shift = range.page - file.page;
    const whole = { space: range.space, page: mark.page + shift, count: mark.count };
    return this.parts(whole).filter(
      (part) => part.file.space === file.space && part.range.page - part.file.page === shift,
    );
  }
}
