import type { DiscardContext, DiscardPolicy, DiscardPolicyInfo, PageRange, Unpinned } from './contract.js';
import { RangeSet } from './range-set.js';
import { REGEN, regenerateLost } from './regenerate.js';
import { type Filed, VolatileMarks } from './volatile-marks.js';

/**
 * Volatile memory. The program asks for nothing but what its calls report: MADV_NONVOLATILE says whether any page of its
 * range was purged and forgets which, so with `regen=page` it is called page by page (its answer is exact for any part of
 * a range), and with `regen=range` once for the range.
 *
 * A refused call changes nothing: the program goes on as if it had not been made, and does not hear of writes.
 */
class Volatile implements DiscardPolicy {
  private readonly marks: VolatileMarks;
  private readonly byPage: boolean;

  constructor(private readonly context: DiscardContext) {
    this.marks = new VolatileMarks(context.kernel);
    this.byPage = context.values.regen === 'page';
  }

  get watchesWrites(): boolean {
    return this.marks.discarded.pages > 0;
  }

  discard(range: PageRange): void {
    const { space, page, count } = range;
    if (this.setVolatile(range)) this.marks.mark({ space, page, count, regenNs: 0 }, this.marks.discarded);
  }

  unpin(range: Unpinned): void {
    if (this.setVolatile(range)) this.marks.mark(range, this.marks.unpinned);
  }

  /** What was there is not needed: that it was purged is no loss. */
  beforeWrite(range: PageRange): void {
    if (!this.marks.mayBeDiscarded(range)) return; // most writes
    for (const part of this.marks.parts(range))
      for (const mark of this.marks.discarded.overlapping(part.file))
        for (const mapped of this.marks.mapped(mark, part)) this.setNonvolatile(mapped);
  }

  pin(range: PageRange, unpinned: Unpinned | undefined): void {
    const lost = new RangeSet();
    let regenNs = 0;
    for (const part of this.marks.parts(range)) {
      for (const mark of this.marks.within(part.file)) {
        const pinned = common(mark, part);
        regenNs += (mark.regenNs * pinned.range.count) / mark.count;
        this.setNonvolatile(pinned, lost);
      }
    }
    // Pinned by another space than that which unpinned it, the price is that of the marks.
    regenerateLost(this.context, range, unpinned?.regenNs ?? regenNs, lost);
  }

  /** The handler makes ordinary memory of the range that the page belongs to, or with `regen=page` of the page. */
  sigbus(page: PageRange): boolean {
    const [part] = this.marks.parts(page);
    const [mark] = part ? this.marks.within(part.file) : [];
    if (!part || !mark) return false;
    const needed = this.marks.unpinned.overlapping(part.file).length > 0;
    for (const one of this.byPage ? [part] : this.marks.mapped(mark, part)) {
      const lost = new RangeSet();
      if (!this.setNonvolatile(one, lost)) return false;
      if (needed)
        regenerateLost(this.context, one.range, (mark.regenNs * one.range.count) / mark.count, lost);
    }
    return true;
  }

  private setVolatile(range: PageRange): boolean {
    return this.context.kernel.setVolatile(range, true).errno === 0;
  }

  /** Makes a part ordinary memory, by pages where it matters which are lost; false when that was refused. */
  private setNonvolatile({ range, file }: Filed, lost?: RangeSet): boolean {
    const step = lost && this.byPage ? 1 : range.count;
    for (let done = 0; done < range.count; done += step) {
      const piece = { space: range.space, page: range.page + done, count: step };
      const { errno, purged } = this.context.kernel.setVolatile(piece, false);
      if (errno !== 0) return false;
      this.marks.clear({ space: file.space, page: file.page + done, count: step });
      if (purged) lost?.add(piece);
    }
    return true;
  }

  unmapped(range: PageRange): void {
    this.marks.clear(range);
  }

  /** Those of shared memory are filed by the object, and stay. */
  moved(range: PageRange, to: number): void {
    this.marks.discarded.move(range, to);
    this.marks.unpinned.move(range, to);
  }

  forked(parent: number, child: number): void {
    this.marks.discarded.copy(parent, child);
    this.marks.unpinned.copy(parent, child);
  }
}

/** The pages of a mark that a part has. */
function common(mark: PageRange, { range, file }: Filed): Filed {
  const page = Math.max(mark.page, file.page);
  const count = Math.min(mark.page + mark.count, file.page + file.count) - page;
  return {
    range: { space: range.space, page: page + range.page - file.page, count },
    file: { space: file.space, page, count },
  };
}

export const volatile: DiscardPolicyInfo = {
  name: 'volatile',
  summary:
    'madvise(MADV_VOLATILE) at discard and unpin: pages stay until memory is short; MADV_NONVOLATILE at pin, and before the first write to discarded memory',
  source:
    'Stultz 2014, "Volatile Ranges" v14 (madvise); which memory may be volatile is up to the purge policy',
  parameters: { regen: REGEN },
  needsReport: true,
  create: (context) => new Volatile(context),
};
