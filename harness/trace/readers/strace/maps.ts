import type { Segment } from './segments.js';

/** A tracked mapping, in pages; `end` is exclusive. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  /** What it maps; undefined for anonymous memory. */
  readonly segment: Segment | undefined;
  /** Page of the segment at `start`. */
  readonly offset: number;
}

/** The mappings of one address space that the import follows, by address and without overlaps. */
export class Maps {
  private list: Mapping[] = [];

  get empty(): boolean {
    return this.list.length === 0;
  }

  copy(): Maps {
    const copy = new Maps();
    copy.list = [...this.list];
    return copy;
  }

  /** The parts of a range that are mapped. */
  within(start: number, end: number): Mapping[] {
    return this.list.filter((m) => m.start < end && m.end > start).map((m) => cut(m, start, end));
  }

  add(mapping: Mapping): void {
    this.remove(mapping.start, mapping.end);
    this.list.push(mapping);
    this.list.sort((a, b) => a.start - b.start);
  }

  /** Unmaps a range; returns the parts that were mapped. */
  remove(start: number, end: number): Mapping[] {
    const removed = this.within(start, end);
    if (removed.length === 0) return removed;
    this.list = this.list.flatMap((m) => {
      if (m.start >= end || m.end <= start) return [m];
      const kept: Mapping[] = [];
      if (m.start < start) kept.push(cut(m, m.start, start));
      if (m.end > end) kept.push(cut(m, end, m.end));
      return kept;
    });
    return removed;
  }

  clear(): void {
    this.list = [];
  }
}

function cut(mapping: Mapping, start: number, end: number): Mapping {
  const from = Math.max(mapping.start, start);
  return {
    start: from,
    end: Math.min(mapping.end, end),
    segment: mapping.segment,
    offset: mapping.offset + from - mapping.start,
  };
}
