import type { PageRange, Unpinned } from './contract.js';

/** A range, or what is left of one: a node of the ring in their order. */
class Entry implements Unpinned {
  older: Entry = this;
  newer: Entry = this;

  constructor(
    readonly space: number,
    readonly page: number,
    readonly count: number,
    readonly regenNs: number,
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
    return new Entry(this.space, page, end - page, share(this, end - page));
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
  private readonly ring = new Entry(0, 0, 0, 0);
  private total = 0;

  /** Pages of all ranges. */
  get pages(): number {
    return this.total;
  }

  get oldest(): Unpinned | undefined {
    return this.ring.newer === this.ring ? undefined : this.ring.newer;
  }

  /** Adds a range as the newest; what others have in common with it goes. */
  add(range: Unpinned): void {
    if (range.count <= 0) return;
    this.delete(range);
    const { space, page, count, regenNs } = range;
    const list = this.bySpace.get(space) ?? [];
    const entry = new Entry(space, page, count, regenNs);
    list.splice(firstEndingAfter(list, page), 0, entry);
    this.bySpace.set(space, list);
    entry.link(this.ring.older);
    this.total += count;
  }

  /** Takes pages out; what is left of a range keeps its age. */
  delete(range: PageRange): void {
    const list = this.bySpace.get(range.space);
    if (!list || range.count <= 0) return;
    const end = range.page + range.count;
    const from = firstEndingAfter(list, range.page);
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

  /** The ranges that have a page in common with a range, as they are in the queue, by address. */
  overlapping(range: PageRange): Unpinned[] {
    const list = this.bySpace.get(range.space) ?? [];
    const end = range.page + range.count;
    const from = firstEndingAfter(list, range.page);
    let to = from;
    while (to < list.length && list[to]!.page < end) to++;
    return list.slice(from, to);
  }

  /** Pages of a range go on at another address of their space, as the newest. */
  move(range: PageRange, to: number): void {
    const end = range.page + range.count;
    const moved = this.overlapping(range).map((whole) => {
      const page = Math.max(whole.page, range.page);
      const count = Math.min(whole.page + whole.count, end) - page;
      return { space: range.space, page: page - range.page + to, count, regenNs: share(whole, count) };
    });
    this.delete(range);
    for (const part of moved) this.add(part);
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
