import type { Holder } from '../state/hooks.js';
import type { Span } from './spans.js';

/** Pages that were marked volatile by one call, or what is left of them. */
export class VolatileRange implements Span {
  /** Whether a page of it was purged and not reported yet: what a report by ranges goes by. */
  purged = false;
  /** Whether the loss of a page has been counted. */
  counted = false;
  /** Pages below have nothing to give, other than those that stayed. */
  from: number;
  /** Whether pages below `from` stayed, because they were locked. */
  stayed = false;
  /** When its turn was to come, among equals; set by the queue. */
  serial = 0;
  /** Its place in the queue; -1 when it is not in it. */
  queuedAt = -1;

  /** @param key the lowest goes first */
  constructor(
    readonly holder: Holder,
    readonly start: number,
    readonly end: number,
    readonly key: number,
  ) {
    this.from = start;
  }

  /** What is left of it between two pages, or a copy: `by` pages further on, in another holder. */
  part(start: number, end: number, holder: Holder = this.holder, by = 0): VolatileRange {
    const part = new VolatileRange(holder, start + by, end + by, this.key);
    part.purged = this.purged;
    part.counted = this.counted;
    part.stayed = this.stayed;
    part.from = Math.min(Math.max(part.start, this.from + by), part.end);
    return part;
  }
}

/** Ranges that may have pages to give, by key: a binary heap that knows where each range is. */
export class PurgeQueue {
  private readonly heap: VolatileRange[] = [];
  private added = 0;

  /** The range that goes first. */
  get first(): VolatileRange | undefined {
    return this.heap[0];
  }

  get all(): readonly VolatileRange[] {
    return this.heap;
  }

  has(range: VolatileRange): boolean {
    return range.queuedAt >= 0;
  }

  /** Adds a range that is not in it. Of equal keys the one added first goes first. */
  add(range: VolatileRange): void {
    range.serial = ++this.added;
    this.up(this.heap.length, range);
  }

  /** Takes a range out, if it is in. */
  remove(range: VolatileRange): void {
    const at = range.queuedAt;
    if (at < 0) return;
    range.queuedAt = -1;
    const last = this.heap.pop()!;
    if (last === range) return;
    if (at > 0 && before(last, this.heap[(at - 1) >> 1]!)) this.up(at, last);
    else this.down(at, last);
  }

  private up(from: number, range: VolatileRange): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.heap[parent]!;
      if (!before(range, above)) break;
      this.put(at, above);
      at = parent;
    }
    this.put(at, range);
  }

  private down(from: number, range: VolatileRange): void {
    const { heap } = this;
    let at = from;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      const other = child + 1;
      if (other < heap.length && before(heap[other]!, heap[child]!)) child = other;
      const below = heap[child]!;
      if (!before(below, range)) break;
      this.put(at, below);
      at = child;
    }
    this.put(at, range);
  }

  private put(at: number, range: VolatileRange): void {
    this.heap[at] = range;
    range.queuedAt = at;
  }
}

/** Whether a range goes before another. */
export function before(a: VolatileRange, b: VolatileRange): boolean {
  return a.key < b.key || (a.key === b.key && a.serial < b.serial);
}
