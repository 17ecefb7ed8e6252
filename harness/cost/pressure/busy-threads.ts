import type { PressureAccount } from './account.js';

/** What a thread does at a moment. */
export const PHASE = { idle: 0, stalls: 1, runs: 2 } as const;

/** A thread, and what it has still before it: it stalls until one time, and then runs until another. Times are in ns. */
export class BusyThread {
  phase: number = PHASE.idle;
  stallsUntilNs = Number.NEGATIVE_INFINITY;
  runsUntilNs = Number.NEGATIVE_INFINITY;
  /** When its phase is over. */
  nextNs = 0;
  /** Its place in the heap; -1 when it is not there. */
  place = -1;

  constructor(
    readonly id: number,
    /** The account of the group that it was in when it was last heard of. */
    public account: PressureAccount,
  ) {}
}

/** The threads that stall or run, by when that is over: a binary heap in which each thread is once. */
export class BusyThreads {
  private readonly heap: BusyThread[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** The thread whose phase is over first; undefined when there is none. */
  get first(): BusyThread | undefined {
    return this.heap[0];
  }

  /** Puts a thread, which may be there, where its `nextNs` belongs. */
  put(thread: BusyThread): void {
    if (thread.place < 0) {
      thread.place = this.heap.length;
      this.heap.push(thread);
    }
    this.up(thread);
    this.down(thread);
  }

  remove(thread: BusyThread): void {
    const { place } = thread;
    const last = this.heap.pop()!;
    thread.place = -1;
    if (last === thread) return;
    last.place = place;
    this.heap[place] = last;
    this.put(last);
  }

  private up(thread: BusyThread): void {
    while (thread.place > 0) {
      const above = this.heap[(thread.place - 1) >> 1]!;
      if (above.nextNs <= thread.nextNs) return;
      this.swap(above, thread);
    }
  }

  private down(thread: BusyThread): void {
    for (;;) {
      const left = 2 * thread.place + 1;
      const right = left + 1;
      let least = this.heap[left];
      if (least === undefined) return;
      if (right < this.heap.length && this.heap[right]!.nextNs < least.nextNs) least = this.heap[right]!;
      if (least.nextNs >= thread.nextNs) return;
      this.swap(thread, least);
    }
  }

  /** @param above it is the parent of `below` */
  private swap(above: BusyThread, below: BusyThread): void {
    const { place } = above;
    this.heap[below.place] = above;
    this.heap[place] = below;
    above.place = below.place;
    below.place = place;
  }
}
