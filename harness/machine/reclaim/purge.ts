import { PART } from '../../cost/ledger.js';
import type { PurgeRules } from '../../policy/purge/contract.js';
import type { Machine } from '../machine.js';
import { clearEntry, frameOf } from '../mapping/entry.js';
import { PURGED } from '../mapping/page-table.js';
import { eachUsedEntry } from '../mapping/page-walk.js';
import type { Space } from '../mapping/space.js';
import { VM } from '../mapping/vma.js';

/** A range of a space that was marked volatile by one call, or what is left of it. A node of the ring in their order. */
class VolatileRange {
  /** Whether a page of it has been purged. */
  purged = false;
  older: VolatileRange = this;
  newer: VolatileRange = this;

  constructor(
    readonly space: Space | undefined,
    readonly start: number,
    readonly end: number,
  ) {}

  /** What is left of it between two pages; right after it in the order. */
  part(start: number, end: number): VolatileRange {
    const part = new VolatileRange(this.space, start, end);
    part.purged = this.purged;
    part.link(this);
    return part;
  }

  link(older: VolatileRange): void {
    this.older = older;
    this.newer = older.newer;
    older.newer.older = this;
    older.newer = this;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }
}

/** The volatile ranges of all spaces, and what happens to them when memory is short. */
export class Purge {
  private readonly bySpace = new Map<Space, VolatileRange[]>();
  /** Sentinel of the ring: the range after it was marked longest ago, the one before it last. */
  private readonly order = new VolatileRange(undefined, 0, 0);

  constructor(
    private readonly machine: Machine,
    private readonly rules: PurgeRules,
  ) {}

  /** Whether an access to purged memory finds zeros, and no signal. */
  get zeroFills(): boolean {
    return this.rules.access === 'zero';
  }

  /** Whether ordinary reclaim purges the volatile pages that it meets. */
  get byPage(): boolean {
    return this.rules.unit === 'page';
  }

  /** Pages [start, end) of a space have been marked volatile: they count as the newest range. */
  marked(space: Space, start: number, end: number): void {
    this.unmarked(space, start, end);
    const range = new VolatileRange(space, start, end);
    const ranges = this.bySpace.get(space) ?? [];
    ranges.splice(firstEndingAfter(ranges, start), 0, range);
    this.bySpace.set(space, ranges);
    range.link(this.order.older);
  }

  /** Pages [start, end) of a space are not volatile, or not mapped, any more. */
  unmarked(space: Space, start: number, end: number): void {
    const ranges = this.bySpace.get(space);
    if (!ranges) return;
    let at = firstEndingAfter(ranges, start);
    while (at < ranges.length && (ranges[at] as VolatileRange).start < end) {
      const range = ranges[at] as VolatileRange;
      const rest: VolatileRange[] = [];
      if (range.start < start) rest.push(range.part(range.start, start));
      if (range.end > end) rest.push(range.part(end, range.end));
      range.unlink();
      ranges.splice(at, 1, ...rest);
      at += rest.length;
    }
    if (ranges.length === 0) this.bySpace.delete(space);
  }

  /** A page was purged: its range counts as purged from then on. */
  pagePurged(space: Space, vpn: number): void {
    const ranges = this.bySpace.get(space);
    const range = ranges?.[firstEndingAfter(ranges, vpn)];
    if (!range || range.start > vpn || range.purged) return;
    range.purged = true;
    this.machine.counters.purged_ranges++;
  }

  /** Purges the oldest range that has a page to give; false when there is none. */
  makeRoom(): boolean {
    if (this.byPage) return false;
    for (let range = this.order.newer; range !== this.order; range = range.newer) {
      // A purged range has nothing more to give, other than pages that were brought back since.
      if (this.purgeRange(range) > 0) return true;
    }
    return false;
  }

  private purgeRange(range: VolatileRange): number {
    const m = this.machine;
    const space = range.space as Space;
    let freed = 0;
    for (const vma of space.overlapping(range.start, range.end)) {
      if (!vma.has(VM.volatile)) continue;
      const start = Math.max(range.start, vma.start);
      eachUsedEntry(m, vma, start, Math.min(range.end, vma.end), (at, vpn) => {
        if (frameOf(m, m.tables.entries[at] as number) < 0) return;
        const inUse = m.frames.inUse;
        clearEntry(m, vma, at);
        m.tables.set(at, PURGED);
        this.pagePurged(space, vpn);
        freed += inUse - m.frames.inUse;
      });
    }
    m.counters.purged_pages += freed;
    m.ledger.cpu(PART.reclaim, freed * m.costs.reclaim.purge.ns);
    return freed;
  }
}

function firstEndingAfter(ranges: readonly VolatileRange[], page: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as VolatileRange).end > page) high = middle;
    else low = middle + 1;
  }
  return low;
}
