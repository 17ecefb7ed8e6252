import type { ArgCache } from '../../trace/arg-cache.js';
import { BLOCK_EVENTS, type EventBlock } from '../../trace/block.js';
import { HAS, OP } from '../../trace/op.js';
import { conflict, KEEPS, keeps } from './order.js';
import { NONE, PendingEvents } from './pending.js';
import { Fifo, ReadyThreads, SpaceThreads, Thread } from './threads.js';

/** Events that may wait, at most: some 70 MB. A thread that is this far ahead of another waits for it. */
const MOST_PENDING = 2 ** 20;

/**
 * The order of events where stalls delay: a thread's next event comes as long after its last one as in the trace, but no earlier
 * than that one is over. Threads are in the order of their times; what depends on an event of another thread (`order.ts`) waits
 * until that is over. Without stalls it is the order of the trace, at its times.
 *
 * A thread begins with the delay of the first thread of its space, a forked space with that of the thread that forked it, and a
 * spawned one with none. Events are read ahead as far as the threads differ in their delays.
 *
 * Invariant: the first event in the order of the trace, of those that wait, waits for nothing but its time.
 */
export class ClosedSchedule {
  /** Trace time in µs of the event that `next` returned: as late as its thread is. */
  timeUs: number;
  /** Events that came later than at their time: too many others waited for them to be read. */
  late = 0;
  private readonly pending = new PendingEvents();
  private readonly spaces = new Map<number, SpaceThreads>();
  /** What happens to files and is of no space: as the trace says, whatever it takes. */
  private readonly noThread = new Thread();
  private readonly ready = new ReadyThreads();
  /** By event: the threads that wait for it. */
  private readonly waiting = new Map<number, Thread[]>();
  /** Events that keep their order with all others, and how many wait between each and the one before it. */
  private readonly barriers = new Fifo();
  private readonly beforeBarrier = new Fifo();
  /** Events that wait after the last of them. */
  private sinceBarrier = 0;
  private readonly marks = new Fifo();
  private numbers = 0;
  /** Events before this are known. In ns from the start of the trace, as are the next three. */
  private knownNs = 0;
  private nowNs = 0;
  /** When the last barrier was. */
  private floorNs = 0;
  /** When all that has been carried out is over. */
  private overNs = 0;
  /** When the last event that a thread has carried out is over. */
  private doneNs = 0;
  private row = NONE;
  /** Of the event at this row: its time in the trace. */
  private traceNs = 0;
  /** Of the event that `next` returned; undefined for one that has none. */
  private running: Thread | undefined;

  /**
   * @param firstUs trace time of the first event
   * @param most events that may wait, beyond a block
   */
  constructor(
    private readonly firstUs: number,
    private readonly args: ArgCache,
    private readonly most = MOST_PENDING - BLOCK_EVENTS,
  ) {
    this.timeUs = firstUs;
  }

  /** The events that wait: `next` returns a row of it. */
  get block(): EventBlock {
    return this.pending.block;
  }

  /** From the first event of the trace until the last thread is done, in ns: labels and limits after that are no work. */
  get runNs(): number {
    return this.doneNs;
  }

  /** When all that has been carried out is over, in µs of trace time. */
  get overUs(): number {
    return this.firstUs + Math.floor(this.overNs / 1000);
  }

  /** Takes the next block of the trace over. */
  load(block: EventBlock): void {
    for (let at = 0; at < block.length; at++) this.read(block, at);
    if (block.length > 0) this.knownNs = this.ofTrace(block.time[block.length - 1]!);
  }

  /** All of the trace has been taken over. */
  complete(): void {
    this.knownNs = Number.POSITIVE_INFINITY;
  }

  /** The row of the event to carry out now, or `NONE` where more of the trace has to be known first. `done` comes before the next call. */
  next(): number {
    const row = this.choose();
    this.row = row;
    if (row === NONE) return row;
    this.timeUs = this.firstUs + Math.floor(this.nowNs / 1000);
    this.traceNs = this.ofRow(row);
    this.pending.show(row);
    this.block.time[row] = this.timeUs;
    return row;
  }

  /** The event has been carried out. @param stallNs what it took its thread */
  done(stallNs: number): void {
    const { row, running, pending } = this;
    if (running) this.ended(running, row, stallNs);
    else if (this.barriers.first === row) this.passed(row);
    else this.marked();
    pending.release(row);
  }

  private choose(): number {
    const { barriers, beforeBarrier, ready, pending } = this;
    this.running = undefined;
    const thread = ready.first;
    const barrier = beforeBarrier.first === 0 ? barriers.first! : NONE;
    if (barrier === NONE && thread === undefined)
      return this.known ? this.mark(Number.POSITIVE_INFINITY) : NONE;
    if (barrier === NONE && thread!.startNs > this.knownNs && pending.count <= this.most) return NONE;
    const mark = this.mark(barrier === NONE ? thread!.number : pending.number[barrier]!);
    if (mark !== NONE) return mark;
    if (barrier !== NONE) {
      this.nowNs = Math.max(this.overNs, this.nowNs, this.ofRow(barrier));
      return barrier;
    }
    ready.shift();
    if (thread!.startNs < this.nowNs) this.late++;
    this.nowNs = Math.max(thread!.startNs, this.nowNs);
    this.running = thread;
    return thread!.head;
  }

  private get known(): boolean {
    return this.knownNs === Number.POSITIVE_INFINITY;
  }

  /** The first mark before an event with this number. */
  private mark(number: number): number {
    const { first } = this.marks;
    if (first === undefined || this.pending.number[first]! > number) return NONE;
    this.nowNs = Math.max(this.nowNs, this.ofRow(first));
    return first;
  }

  private ended(thread: Thread, row: number, stallNs: number): void {
    const { pending, nowNs } = this;
    const planned = this.traceNs + thread.shiftNs;
    thread.shiftNs += nowNs - planned + stallNs;
    const overNs = nowNs + stallNs;
    this.doneNs = Math.max(this.doneNs, overNs);
    this.overNs = Math.max(this.overNs, overNs);
    thread.head = pending.next[row]!;
    if (thread.head === NONE) thread.tail = NONE;
    if (keeps(this.block, row) !== KEEPS.loose) this.leave(row, thread.shiftNs);
    const barred = this.beforeBarrier.first;
    if (barred === undefined) this.sinceBarrier--;
    else this.beforeBarrier.replace(barred - 1);
    this.wake(row, overNs, thread);
    if (thread.head !== NONE) this.enrol(thread);
  }

  private marked(): void {
    this.overNs = Math.max(this.overNs, this.nowNs);
    this.marks.shift();
  }

  private passed(row: number): void {
    this.overNs = Math.max(this.overNs, this.nowNs);
    this.floorNs = this.nowNs;
    this.barriers.shift();
    this.beforeBarrier.shift();
    this.wake(row, this.nowNs);
  }

  /** Those that waited for an event may go on. @param thread that carried it out */
  private wake(row: number, overNs: number, thread?: Thread): void {
    const waiting = this.waiting.get(row);
    if (!waiting) return;
    this.waiting.delete(row);
    for (const waiter of waiting) {
      if (waiter.after === row) {
        waiter.after = NONE;
        waiter.shiftNs = thread!.shiftNs;
      } else waiter.readyNs = Math.max(waiter.readyNs, overNs);
      this.enrol(waiter);
    }
  }

  /** An event is no longer in the way of others of its space. */
  private leave(row: number, shiftNs: number): void {
    const { block } = this;
    const { ordered } = this.spaces.get(block.space[row]!)!;
    ordered.splice(ordered.indexOf(row), 1);
    if (block.op[row] !== OP.fork) return;
    const child = this.childOf(row);
    child.ordered.splice(child.ordered.indexOf(row), 1);
    child.forkedBy = NONE;
    child.forkedNs = shiftNs;
  }

  private read(from: EventBlock, at: number): void {
    const row = this.pending.add(from, at, this.numbers++);
    const kept = keeps(from, at);
    if (kept === KEEPS.mark) {
      this.marks.push(row);
      return;
    }
    if (kept === KEEPS.all) {
      this.barriers.push(row);
      this.beforeBarrier.push(this.sinceBarrier);
      this.sinceBarrier = 0;
      return;
    }
    this.sinceBarrier++;
    if ((from.fields[at]! & HAS.space) === 0) this.append(this.noThread, row);
    else this.readOfSpace(row, from.space[at]!, from.thread[at]!, kept);
  }

  private readOfSpace(row: number, id: number, threadId: number, kept: number): void {
    const space = this.spaceOf(id);
    const thread = space.byId.get(threadId) ?? this.newThread(space, threadId);
    if (kept !== KEEPS.loose) space.ordered.push(row);
    this.append(thread, row);
    if (this.block.op[row] !== OP.fork) return;
    const child = this.childOf(row);
    child.ordered.push(row);
    child.forkedBy = row;
  }

  private childOf(row: number): SpaceThreads {
    return this.spaceOf(this.args.required('fork', this.block, row).child);
  }

  private spaceOf(id: number): SpaceThreads {
    let space = this.spaces.get(id);
    if (!space) {
      space = new SpaceThreads();
      this.spaces.set(id, space);
    }
    return space;
  }

  /** A thread that acts for the first time begins where the first of its space is by then, that of a forked space at the fork. */
  private newThread(space: SpaceThreads, id: number): Thread {
    const [first] = space.all;
    const thread = new Thread();
    thread.after = first ? first.tail : space.forkedBy;
    thread.shiftNs = first ? first.shiftNs : space.forkedNs;
    space.byId.set(id, thread);
    space.all.push(thread);
    return thread;
  }

  private append(thread: Thread, row: number): void {
    const { tail } = thread;
    thread.tail = row;
    if (tail !== NONE) this.pending.next[tail] = row;
    else {
      thread.head = row;
      this.enrol(thread);
    }
  }

  /** The next event of a thread waits for its time, or for an event of another thread. */
  private enrol(thread: Thread): void {
    const blocker = this.blocker(thread);
    if (blocker !== NONE) {
      const others = this.waiting.get(blocker);
      if (others) others.push(thread);
      else this.waiting.set(blocker, [thread]);
      return;
    }
    const row = thread.head;
    thread.number = this.pending.number[row]!;
    thread.startNs = Math.max(this.ofRow(row) + thread.shiftNs, thread.readyNs, this.floorNs);
    this.ready.add(thread);
  }

  /** An event that the next one of a thread has to wait for, or `NONE`. */
  private blocker(thread: Thread): number {
    if (thread.after !== NONE) return thread.after;
    const { pending, barriers, block } = this;
    const row = thread.head;
    const number = pending.number[row]!;
    const barrier = barriers.first;
    if (barrier !== undefined && pending.number[barrier]! < number) return barrier;
    if (thread === this.noThread) return NONE;
    const space = this.spaces.get(block.space[row]!)!;
    for (const other of space.ordered) {
      if (pending.number[other]! >= number) break;
      if (conflict(block, other, row)) return other;
    }
    if (keeps(block, row) === KEEPS.loose) return NONE;
    const access = this.access(space, row, number);
    return access === NONE && block.op[row] === OP.fork ? this.ofChild(row, number) : access;
  }

  /** What a space of the same id does that ends before the fork, or `NONE`. */
  private ofChild(row: number, number: number): number {
    const before = this.childOf(row).all.find(
      ({ head }) => head !== NONE && this.pending.number[head]! < number,
    );
    return before ? before.head : NONE;
  }

  /** An access of another thread of the space that an event has to wait for, or `NONE`. */
  private access({ all }: SpaceThreads, row: number, number: number): number {
    const { pending, block } = this;
    for (const { head } of all)
      for (let other = head; other !== NONE && pending.number[other]! < number; other = pending.next[other]!)
        if (keeps(block, other) === KEEPS.loose && conflict(block, other, row)) return other;
    return NONE;
  }

  private ofRow(row: number): number {
    return this.ofTrace(this.block.time[row]!);
  }

  private ofTrace(timeUs: number): number {
    return (timeUs - this.firstUs) * 1000;
  }
}
