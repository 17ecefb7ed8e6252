import { NONE } from './pending.js';

/** A thread of the trace, and its events that have not been carried out. Times are in ns from the start of the trace. */
export class Thread {
  /** Its first event that waits, and its last: rows of `PendingEvents`, or `NONE`. */
  head = NONE;
  tail = NONE;
  /** By how much its next event is later than in the trace. */
  shiftNs = 0;
  /** When all has happened that it waited for. */
  readyNs = 0;
  /** When its first event that waits is to be carried out. */
  startNs = 0;
  /** The number of that event. */
  number = 0;
  /** The event that its first one waits for, and whose delay it begins with, or `NONE`. */
  after = NONE;
}

/** A space of the trace. */
export class SpaceThreads {
  readonly byId = new Map<number, Thread>();
  /** Its threads, in the order of their first events. */
  readonly all: Thread[] = [];
  /** Events that wait and are no mere accesses, in the order of the trace. */
  readonly ordered: number[] = [];
  /** The event that forked it, while it waits, or `NONE`. */
  forkedBy = NONE;
  /** By how much that was later than in the trace. */
  forkedNs = 0;
}

function isBefore(a: Thread, b: Thread): boolean {
  return a.startNs < b.startNs || (a.startNs === b.startNs && a.number < b.number);
}

/** Threads whose next event waits for nothing but its time; of equal times, the first in the trace comes first. A binary heap. */
export class ReadyThreads {
  private readonly heap: Thread[] = [];

  get first(): Thread | undefined {
    return this.heap[0];
  }

  add(thread: Thread): void {
    const { heap } = this;
    let at = heap.push(thread) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(thread, heap[up]!); up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = thread;
  }

  /** Takes the first one out. */
  shift(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (down + 1 < heap.length && isBefore(heap[down + 1]!, heap[down]!)) down++;
      if (!isBefore(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
  }
}

/** Numbers, first in, first out. */
export class Fifo {
  private numbers: number[] = [];
  private from = 0;

  get length(): number {
    return this.numbers.length - this.from;
  }

  /** The first; undefined where there is none. */
  get first(): number | undefined {
    return this.numbers[this.from];
  }

  push(number: number): void {
    this.numbers.push(number);
  }

  shift(): void {
    // What was taken out is moved away from time to time: not for each.
    if (++this.from * 2 < this.numbers.length) return;
    this.numbers = this.numbers.slice(this.from);
    this.from = 0;
  }

  /** Changes the first. */
  replace(number: number): void {
    this.numbers[this.from] = number;
  }
}
