import type { Range } from './call.js';
import type { Segment } from './segments.js';

/** What a mapping maps. */
export type Backing =
  | {
      readonly kind: 'anon' | 'anon-shared';
      readonly droppable?: boolean;
      /** Of hugetlb pages: the pages of 4 KiB of the mapping as it was made. */
      readonly hugetlb?: { readonly pages: number };
      readonly noReserve?: boolean;
    }
  | { readonly kind: 'shared' | 'private'; readonly segment: Segment; readonly noReserve?: boolean };

/** A tracked mapping, in pages; `end` is exclusive. */
export interface Mapping extends Range {
  readonly backing: Backing;
  /** Page of the segment at `start`; of anonymous memory it says nothing. */
  readonly offset: number;
}

/** The segment that a mapping maps, if any. */
export function segmentOf({ backing }: Mapping): Segment | undefined {
  return 'segment' in backing ? backing.segment : undefined;
}

/** The mappings of one address space that the import follows, by address and without overlaps. */
export class Maps {
  private list: Mapping[] = [];

  get empty(): boolean {
    return this.list.length === 0;
  }

  /** All mappings, by address. */
  get all(): readonly Mapping[] {
    return this.list;
  }

  copy(): Maps {
    const copy = new Maps();
    copy.list = [...this.list];
    return copy;
  }

  /** The parts of a range that are mapped. */
  within(start: number, end: number): Mapping[] {
    const parts: Mapping[] = [];
    if (start >= end) return parts;
    for (let i = this.firstEndingAfter(start); i < this.list.length && this.list[i]!.start < end; i++)
      parts.push(cut(this.list[i]!, start, end));
    return parts;
  }

  add(mapping: Mapping): void {
    if (mapping.start >= mapping.end) return;
    this.remove(mapping.start, mapping.end);
    this.list.splice(this.firstEndingAfter(mapping.start), 0, mapping);
  }

  /** Unmaps a range; returns the parts that were mapped. */
  remove(start: number, end: number): Mapping[] {
    const removed = this.within(start, end);
    if (removed.length === 0) return removed;
    const at = this.firstEndingAfter(start);
    const first = this.list[at]!;
    const last = this.list[at + removed.length - 1]!;
    const kept: Mapping[] = [];
    if (first.start < start) kept.push(cut(first, first.start, start));
    if (last.end > end) kept.push(cut(last, end, last.end));
    this.list.splice(at, removed.length, ...kept);
    return removed;
  }

  /** Makes one of the mappings that end and begin at a page, which map the same. */
  joinAt(page: number): void {
    const at = this.firstEndingAfter(page - 1);
    const [before, after] = [this.list[at]!, this.list[at + 1]!];
    this.list.splice(at, 2, { ...before, end: after.end });
  }

  /** Index of the first mapping that ends after a page. */
  private firstEndingAfter(page: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle]!.end > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Ranges that parts cover: neighbors become one. @param parts by address */
export function runsOf(parts: readonly Range[]): Range[] {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of parts) {
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

function cut(mapping: Mapping, start: number, end: number): Mapping {
  const from = Math.max(mapping.start, start);
  return {
    start: from,
    end: Math.min(mapping.end, end),
    backing: mapping.backing,
    offset: mapping.offset + from - mapping.start,
  };
}
