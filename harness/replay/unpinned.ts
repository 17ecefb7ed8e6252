import type { PageRange, Unpinned } from '../policy/discard/contract.js';

/** The ranges that are unpinned now, by space and address; they never overlap. */
export class UnpinnedRanges {
  private readonly bySpace = new Map<number, Unpinned[]>();

  /** Adds a range; it replaces those it overlaps. */
  add(range: Unpinned): void {
    this.take(range);
    const list = this.bySpace.get(range.space) ?? [];
    list.splice(firstEndingAfter(list, range.page), 0, range);
    this.bySpace.set(range.space, list);
  }

  /** Removes and returns the ranges that overlap a range, by address. */
  take(range: PageRange): Unpinned[] {
    const list = this.bySpace.get(range.space);
    if (!list) return [];
    const from = firstEndingAfter(list, range.page);
    let to = from;
    while (to < list.length && list[to]!.page < range.page + range.count) to++;
    return list.splice(from, to - from);
  }

  /** The space is gone. */
  dropSpace(space: number): void {
    this.bySpace.delete(space);
  }
}

function firstEndingAfter(list: readonly Unpinned[], page: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = list[middle]!;
    if (range.page + range.count > page) high = middle;
    else low = middle + 1;
  }
  return low;
}
