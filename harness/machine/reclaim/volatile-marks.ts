import type { PurgeRules } from '../../policy/purge/contract.js';
import type { Holder } from '../state/hooks.js';
import type { Space } from '../state/space.js';
import { type Span, Spans } from './spans.js';
import { PurgeQueue, VolatileRange } from './volatile-range.js';

/** When contents were made. */
interface Birth extends Span {
  readonly at: number;
}

/** What is known of one holder's volatile memory. */
class HolderMarks {
  /** Pages that are volatile now. */
  readonly ranges: Spans<VolatileRange>;
  /** When contents were first marked, for orders by age; outlives the marks. */
  readonly births = new Spans<Birth>(({ at }, start, end) => ({ start, end, at }));
  /** Volatile pages that were purged and found as zeros since: NONVOLATILE still has to report them. */
  readonly lost = new Set<number>();

  constructor(queue: PurgeQueue) {
    this.ranges = new Spans((range, start, end) => {
      const part = range.part(start, end);
      if (queue.has(range)) queue.add(part);
      return part;
    });
  }

  get isEmpty(): boolean {
    return this.ranges.all.length === 0 && this.births.all.length === 0 && this.lost.size === 0;
  }
}

/** Which memory is volatile, and the order in which its ranges go. */
export class VolatileMarks {
  /** Ranges that may have pages to give; none where ordinary reclaim decides what goes. */
  readonly queue = new PurgeQueue();
  private readonly byHolder = new Map<Holder, HolderMarks>();
  /** Counts marks: the time of the orders. */
  private clock = 0;

  constructor(private readonly order: PurgeRules['order']) {}

  /** Pages [start, end) of a holder are volatile from now on. */
  mark(holder: Holder, start: number, end: number): void {
    const marks = this.of(holder);
    const touched = marks.ranges.within(start, end);
    let from = start;
    let to = end;
    if (this.order === 'fifo') {
      // ashmem_unpin: what is unpinned already stays as it is; ranges that overlap become one.
      if (touched.some((range) => range.start <= start && range.end >= end)) return;
      from = Math.min(start, touched[0]?.start ?? start);
      to = Math.max(end, touched.at(-1)?.end ?? end);
    }
    this.cut(marks, from, to);
    const range = new VolatileRange(holder, from, to, this.keyOf(marks, from, to));
    range.purged = touched.some(({ purged }) => purged);
    marks.ranges.add(range);
    this.enqueue(range);
  }

  /** Pages [start, end) of a holder are not volatile any more. */
  unmark(holder: Holder, start: number, end: number): void {
    const marks = this.byHolder.get(holder);
    if (!marks) return;
    this.cut(marks, start, end);
    forget(marks.lost, start, end);
  }

  /** Pages [start, end) of a holder do not exist any more. */
  drop(holder: Holder, start: number, end: number): void {
    const marks = this.byHolder.get(holder);
    if (!marks) return;
    this.unmark(holder, start, end);
    marks.births.take(start, end);
    if (marks.isEmpty) this.byHolder.delete(holder);
  }

  /** The program itself has dropped what pages [start, end) held: there is nothing to tell it of them. */
  discarded(holder: Holder, start: number, end: number): void {
    const marks = this.byHolder.get(holder);
    if (!marks) return;
    forget(marks.lost, start, end);
    marks.births.take(start, end);
  }

  /** Pages [start, end) of a space are elsewhere now, from `to` on. Their marks keep their place in the order. */
  move(space: Space, start: number, end: number, to: number): void {
    this.copy(space, space, start, end, to - start);
    this.drop(space, start, end);
  }

  /** Copies the marks of pages [start, end), `by` pages further on; each goes right after its original. */
  copy(from: Space, to: Space, start: number, end: number, by = 0): void {
    const source = this.byHolder.get(from);
    if (!source) return;
    const target = this.of(to);
    for (const range of source.ranges.within(start, end)) {
      const part = range.part(Math.max(start, range.start), Math.min(end, range.end), to, by);
      target.ranges.add(part);
      if (this.queue.has(range)) this.queue.add(part);
    }
    for (const birth of source.births.within(start, end)) {
      const [first, last] = [Math.max(start, birth.start), Math.min(end, birth.end)];
      target.births.add({ start: first + by, end: last + by, at: birth.at });
    }
    for (const page of pagesIn(source.lost, start, end)) target.lost.add(page + by);
  }

  /** The range that holds a page. */
  at(holder: Holder, page: number): VolatileRange | undefined {
    return this.byHolder.get(holder)?.ranges.at(page);
  }

  /** The ranges that overlap [start, end), by address. */
  within(holder: Holder, start: number, end: number): VolatileRange[] {
    return this.byHolder.get(holder)?.ranges.within(start, end) ?? [];
  }

  /** A range has lost a page. True the first time since it was marked. */
  purged(range: VolatileRange): boolean {
    range.purged = true;
    if (range.counted) return false;
    range.counted = true;
    // What is marked there from now on has new contents.
    this.byHolder.get(range.holder)?.births.take(range.start, range.end);
    return true;
  }

  /** A page of a range holds something again. The range has the place that it had. */
  cameBack(range: VolatileRange, page: number): void {
    if (page < range.from) range.from = page;
    if (!this.queue.has(range)) this.enqueue(range);
  }

  /** A volatile page that was purged is found as zeros. */
  addLost(holder: Holder, page: number): void {
    this.of(holder).lost.add(page);
  }

  /** How many pages of [start, end) were purged and found as zeros since they were marked. */
  countLost(holder: Holder, start: number, end: number): number {
    const lost = this.byHolder.get(holder)?.lost;
    return lost ? pagesIn(lost, start, end).length : 0;
  }

  get isEmpty(): boolean {
    return this.byHolder.size === 0;
  }

  /** All ranges, by holder. */
  *all(): Generator<readonly [Holder, readonly VolatileRange[]]> {
    for (const [holder, { ranges }] of this.byHolder) yield [holder, ranges.all];
  }

  private of(holder: Holder): HolderMarks {
    let marks = this.byHolder.get(holder);
    if (!marks) {
      marks = new HolderMarks(this.queue);
      this.byHolder.set(holder, marks);
    }
    return marks;
  }

  private cut(marks: HolderMarks, start: number, end: number): void {
    for (const range of marks.ranges.take(start, end)) this.queue.remove(range);
  }

  private enqueue(range: VolatileRange): void {
    if (this.order === 'reclaim' || this.order === 'lazyfree') return;
    // ashmem's range_on_lru: a purged range is left alone until it is pinned.
    if (this.order === 'fifo' && range.purged) return;
    this.queue.add(range);
  }

  /** A range's place in the order: by its mark, or by the oldest of its contents. */
  private keyOf(marks: HolderMarks, start: number, end: number): number {
    this.clock++;
    if (this.order !== 'oldest' && this.order !== 'youngest') return this.clock;
    const born = marks.births.within(start, end).reduce((oldest, { at }) => Math.min(oldest, at), this.clock);
    marks.births.take(start, end);
    marks.births.add({ start, end, at: born });
    return this.order === 'oldest' ? born : -born;
  }
}

function forget(pages: Set<number>, start: number, end: number): void {
  for (const page of pagesIn(pages, start, end)) pages.delete(page);
}

/** The pages of a set that lie in [start, end): as much work as the smaller of the two is large. */
function pagesIn(pages: ReadonlySet<number>, start: number, end: number): number[] {
  if (pages.size <= end - start) return [...pages].filter((page) => page >= start && page < end);
  const found: number[] = [];
  for (let page = start; page < end; page++) if (pages.has(page)) found.push(page);
  return found;
}
