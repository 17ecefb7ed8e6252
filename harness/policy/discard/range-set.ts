import type { PageRange } from './contract.js';

/** Sorted intervals [start, end) without overlaps and without touching ends, as flat pairs. */
type Intervals = number[];

/** Index of the first pair whose end is above (or, with `touching`, at or above) a page. */
function firstEndingAfter(list: Intervals, page: number, touching: boolean): number {
  let low = 0;
  let high = list.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const end = list[2 * middle + 1]!;
    if (end > page || (touching && end === page)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A set of pages of spaces. Look-ups are O(log n); changes move at most the intervals behind. */
export class RangeSet {
  private readonly bySpace = new Map<number, Intervals>();

  add(range: PageRange): void {
    if (range.count <= 0) return;
    let list = this.bySpace.get(range.space);
    if (!list) {
      list = [];
      this.bySpace.set(range.space, list);
    }
    let start = range.page;
    let end = range.page + range.count;
    const from = firstEndingAfter(list, start, true);
    let to = from;
    for (; 2 * to < list.length && list[2 * to]! <= end; to++) {
      start = Math.min(start, list[2 * to]!);
      end = Math.max(end, list[2 * to + 1]!);
    }
    list.splice(2 * from, 2 * (to - from), start, end);
  }

  delete(range: PageRange): void {
    const list = this.bySpace.get(range.space);
    if (!list || range.count <= 0) return;
    const start = range.page;
    const end = range.page + range.count;
    const from = firstEndingAfter(list, start, false);
    const kept: number[] = [];
    let to = from;
    for (; 2 * to < list.length && list[2 * to]! < end; to++) {
      if (list[2 * to]! < start) kept.push(list[2 * to]!, start);
      if (list[2 * to + 1]! > end) kept.push(end, list[2 * to + 1]!);
    }
    list.splice(2 * from, 2 * (to - from), ...kept);
  }

  /** A forked space has the pages of its parent. */
  copy(parent: number, child: number): void {
    const list = this.bySpace.get(parent);
    if (list) this.bySpace.set(child, [...list]);
  }

  /** The first page of a space from `page` on; undefined where there is none. */
  next(space: number, page: number): number | undefined {
    const list = this.bySpace.get(space) ?? [];
    const start = list[2 * firstEndingAfter(list, page, false)];
    return start === undefined ? undefined : Math.max(start, page);
  }

  /** The last page of a space below `page`; undefined where there is none. */
  previous(space: number, page: number): number | undefined {
    const list = this.bySpace.get(space) ?? [];
    const at = firstEndingAfter(list, page, false);
    if (2 * at < list.length && list[2 * at]! < page) return page - 1;
    return at === 0 ? undefined : list[2 * at - 1]! - 1;
  }

  /** Pages of a range go on at another address of their space. */
  move(range: PageRange, to: number): void {
    const parts = this.within(range);
    this.delete(range);
    for (const { space, page, count } of parts) this.add({ space, page: page - range.page + to, count });
  }

  /** The parts of a range that are in the set, by address. */
  within(range: PageRange): PageRange[] {
    const list = this.bySpace.get(range.space) ?? [];
    const end = range.page + range.count;
    const parts: PageRange[] = [];
    for (let i = firstEndingAfter(list, range.page, false); 2 * i < list.length && list[2 * i]! < end; i++) {
      const page = Math.max(range.page, list[2 * i]!);
      parts.push({ space: range.space, page, count: Math.min(end, list[2 * i + 1]!) - page });
    }
    return parts;
  }
}
