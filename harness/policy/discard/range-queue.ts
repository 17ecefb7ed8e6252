import type { PageRange, Unpinned } from './contract.js';

/** A range in a queue, or what is left of one. */
export interface Queued extends Unpinned {
  /** When it was added, in µs of trace time; 0 where that does not matter. */
  readonly atUs: number;
  /** What its user adds to its pages for those of a mapping; 0 where they are those. */
  readonly shift: number;
}

/** A node of the ring of ranges in their order. */
class Entry implements Queued {
  older: Entry = this;
  newer: Entry = this;

  constructor(
    readonly space: number,
    readonly page: number,
    readonly count: number,
    readonly regenNs: number,
    readonly atUs: number,
    readonly shift: number,
  ) {}

  get end(): number {
    return this.page + this.count;
  }

  link(older: Entry): void {
    this.older = older;
    this.newer = older.newer;
    older.newer.older = this;
    older.newer = this;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }

  /** The part between two pages, with its share of what making the range costs. */
  part(page: number, end: number): Entry {
    return new Entry(this.space, page, end - page, share(this, end - page), this.atUs, this.shift);
  }
}

/** What it costs to make some pages of a range again. */
function share({ regenNs, count }: Unpinned, pages: number): number {
  return (regenNs * pages) / count;
}

/**
 * Ranges of spaces without overlaps, each as it was added, by address and by age. Look-ups are O(log n); changes move at
 * most the ranges behind.
 */
export class RangeQueue {
  private readonly bySpace = new Map<number, Entry[]>();
  /** Sentinel of the ring: the range after it is the oldest, the one before it the newest. */
  private readonly ring = new Entry(0, 0, 0, 0, 0, 0);
  private total = 0;

  /** Pages of all ranges. */
  get pages(): number {
    return this.total;
  }

  get oldest(): Queued | undefined {
    return this.ring.newer === this.ring ? undefined : this.ring.newer;
  }

  /** All ranges, the oldest first. */
  *byAge(): Generator<Queued> {
    for (let entry = this.ring.newer; entry !== this.ring; entry = entry.newer) yield entry;
  }

  /**
   * Adds a range as the newest; what others have in common with it goes.
   *
   * @param atUs when, in µs of trace time, where that matters
   * @param shift as in `Queued`
   */
  add(range: Unpinned, atUs = 0, shift = 0): void {
    if (range.count <= 0) return;
    this.delete(range);
    const { space, page, count, regenNs } = range;
    this.insert(new Entry(space, page, count, regenNs, atUs, shift), this.ring.older);
  }

  /** Puts an entry in where nothing is, behind one that is older or as old. */
  private insert(entry: Entry, older: Entry): void {
    const list = this.bySpace.get(entry.space) ?? [];
    list.splice(firstEndingAfter(list, entry.page), 0, entry);
    this.bySpace.set(entry.space, list);
    entry.link(older);
    this.total += entry.count;
  }

  /** Takes pages out; what is left of a range keeps its age. */
  delete(range: PageRange): void {
    const list = this.bySpace.get(range.space);
    if (!list || range.count <= 0) return;
    const end = range.page + range.count;
    const from = firstEndingAfter(list, range.page);
    if (from === list.length || list[from]!.page >= end) return; // most accesses of a program
    const rest: Entry[] = [];
    let to = from;
    for (; to < list.length && list[to]!.page < end; to++) {
      const entry = list[to]!;
      this.total -= Math.min(end, entry.end) - Math.max(range.page, entry.page);
      // Each part is put right behind the range, so the upper one first.
      const upper = entry.end > end ? replacement(entry, end, entry.end) : undefined;
      if (entry.page < range.page) rest.push(replacement(entry, entry.page, range.page));
      if (upper) rest.push(upper);
      entry.unlink();
    }
    list.splice(from, to - from, ...rest);
    if (list.length === 0) this.bySpace.delete(range.space);
  }

  /** Whether a range has a page in common with one in the queue. */
  meets(range: PageRange): boolean {
    const list = this.bySpace.get(range.space);
    if (!list || range.count <= 0) return false;
    const at = firstEndingAfter(list, range.page);
    return at < list.length && list[at]!.page < range.page + range.count;
  }

  /** The ranges that have a page in common with a range, as they are in the queue, by address. */
  overlapping(range: PageRange): Queued[] {
    return this.entries(range);
  }

  private entries(range: PageRange): Entry[] {
    const list = this.bySpace.get(range.space) ?? [];
    const end = range.page + range.count;
    const from = firstEndingAfter(list, range.page);
    let to = from;
    while (to < list.length && list[to]!.page < end) to++;
    return list.slice(from, to);
  }

  /** Pages of a range go on at another address of their space. They keep their age. @param shift the new one; default: the same */
  move(range: PageRange, to: number, shift?: number): void {
    if (range.count <= 0) return;
    const end = range.page + range.count;
    for (const whole of this.entries(range)) {
      const page = Math.max(whole.page, range.page);
      const part = { space: whole.space, page, count: Math.min(whole.end, end) - page };
      const target = page - range.page + to;
      const anchor = new Entry(0, 0, 0, 0, 0, 0);
      anchor.link(whole); // stands for the place of the range, which may go as a whole
      this.delete(part);
      const { space, atUs } = whole;
      this.delete({ space, page: target, count: part.count });
      const regenNs = share(whole, part.count);
      this.insert(new Entry(space, target, part.count, regenNs, atUs, shift ?? whole.shift), anchor);
      anchor.unlink();
    }
  }

  /** A forked space has the ranges of its parent, as the newest. */
  copy(parent: number, child: number): void {
    for (const { page, count, regenNs } of this.bySpace.get(parent) ?? [])
      this.add({ space: child, page, count, regenNs });
  }
}

function replacement(entry: Entry, page: number, end: number): Entry {
  const part = entry.part(page, end);
  part.link(entry);
  return part;
}

function firstEndingAfter(list: readonly Entry[], page: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.end > page) high = middle;
    else low = middle + 1;
  }
  return low;
}
