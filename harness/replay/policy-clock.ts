import { InputError } from '../base/errors.js';
import type { Clock } from '../policy/discard/contract.js';

/** How many timers may be set for the moment at which they are set: more, and a timer sets itself again without end. */
const MOST_AT_ONCE = 2 ** 20;

/** What the clocks of a replay's policies share. */
export class PolicyTime {
  /** When the first timer is due, in µs: infinity where none is set. */
  dueUs = Number.POSITIVE_INFINITY;

  /** @param nowUs trace time, which the replay moves on */
  constructor(public nowUs: number) {}
}

/** A timer: when it is due, and its number in the order in which they were set. */
interface Timer {
  readonly dueUs: number;
  readonly number: number;
  readonly call: () => void;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueUs < b.dueUs || (a.dueUs === b.dueUs && a.number < b.number);
}

/** The clock of one policy, with the timers that it has set. Setting and calling one take O(log n). */
export class PolicyClock implements Clock {
  /** A binary heap: each timer is before those at twice its index plus 1 and plus 2. */
  private readonly heap: Timer[] = [];
  private set = 0;
  /** Timers that were set for the moment `momentUs`, at that moment. */
  private atOnce = 0;
  private momentUs = 0;

  constructor(private readonly time: PolicyTime) {}

  get nowUs(): number {
    return this.time.nowUs;
  }

  /** When the first timer of this policy is due. */
  get dueUs(): number {
    return this.heap[0]?.dueUs ?? Number.POSITIVE_INFINITY;
  }

  /** @throws InputError where a moment does not end */
  at(timeUs: number, call: () => void): void {
    const { time, heap } = this;
    const dueUs = Math.max(timeUs, time.nowUs);
    if (dueUs === time.nowUs) this.countAtOnce(dueUs);
    const timer = { dueUs, number: this.set++, call };
    let index = heap.push(timer) - 1;
    for (
      let parent = (index - 1) >> 1;
      index > 0 && isBefore(timer, heap[parent]!);
      parent = (index - 1) >> 1
    ) {
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
    time.dueUs = Math.min(time.dueUs, dueUs);
  }

  private countAtOnce(nowUs: number): void {
    if (nowUs !== this.momentUs) this.atOnce = 0;
    this.momentUs = nowUs;
    if (++this.atOnce > MOST_AT_ONCE)
      throw new InputError(
        `more than ${MOST_AT_ONCE} timers were set for ${nowUs} µs at that moment, expected a later time`,
      );
  }

  /** Calls back what is due now, and what these calls set for now. */
  runDue(): void {
    while (this.dueUs <= this.time.nowUs) this.first().call();
  }

  /** Takes the first timer out. */
  private first(): Timer {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    return first;
  }

  /** Puts a timer in at the top, below those that are before it. */
  private sink(timer: Timer): void {
    const { heap } = this;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, timer)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = timer;
  }
}
