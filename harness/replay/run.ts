import { InputError } from '../base/errors.js';
import { Refusal } from '../contract/refusal.js';
import { SpaceKilled } from '../contract/space-killed.js';
import { SUCCESS, type SyscallResult, type Target } from '../contract/target.js';
import { PolicyOffence } from '../policy/border/border.js';
import { type TimeLimit, within } from '../policy/border/time-limit.js';
import { ArgCache } from '../trace/arg-cache.js';
import type { EventBlock } from '../trace/block.js';
import { HAS, OP } from '../trace/op.js';
import type { Trace } from '../trace/trace.js';
import { hasThread } from './closed/order.js';
import { NONE } from './closed/pending.js';
import { ClosedSchedule } from './closed/schedule.js';
import { Discarding } from './discarding.js';
import { Events } from './events.js';
import type { KindChange } from './memory-kind.js';
import type { ReplayOptions } from './options.js';
import type { PolicyTime } from './policy-clock.js';
import { sampledPages } from './sampled.js';
import { Sampler } from './sampler.js';
import { Skipped } from './skipped.js';

/** A setting that needs memory of a size, and changes nothing that is used. */
const REPORTING = 'mm.page_reporting_order';

/** How often the kernel and timers of policies may do something between two events: ksmd, once in 20 ms, 5.8 hours. */
const MOST_TURNS = 2 ** 20;

/** Replays one trace on one machine. */
export class Run<T extends Target> {
  readonly sampler: Sampler;
  events = 0;
  /** Pages the trace's own reads and writes touched. */
  touches = 0;
  /** Whether there was a limit at any time. */
  limited: boolean;
  /** Whether a memory cgroup had a bound at any time. */
  bounded = false;
  /** What is not replayed of killed spaces. */
  readonly skipped: Skipped;
  /** The order of events where stalls delay; undefined with an open clock. */
  readonly closed: ClosedSchedule | undefined;
  private readonly args: ArgCache;
  readonly discarding: Discarding;
  private readonly others: Events;
  private nowUs: number;
  /** Trace time as the clocks of policies have it. */
  private readonly policyTime: PolicyTime;
  /** By row of the block at hand: what system calls returned. */
  private readonly results = new Map<number, SyscallResult>();
  private wrong: { readonly row: number; readonly error: InputError } | undefined;

  /**
   * @param timeLimit of a cell with a policy from outside
   * @param foresees whether its only purpose is to foresee: memory has no size, and free blocks are not reported
   */
  constructor(
    readonly target: T,
    private readonly trace: Trace,
    private readonly options: ReplayOptions<T>,
    kindChange: KindChange | undefined,
    private readonly timeLimit?: TimeLimit,
    private readonly foresees = false,
  ) {
    const { firstTimeUs, lastTimeUs } = trace.totals;
    this.args = new ArgCache(trace.strings);
    this.skipped = new Skipped(this.args);
    this.discarding = new Discarding(target, options.discard, firstTimeUs, options.followers);
    this.policyTime = this.discarding.time;
    this.others = new Events(target, this.args, this.discarding, kindChange, trace.meta.sample > 1);
    this.closed = options.clock === 'closed' ? new ClosedSchedule(firstTimeUs, this.args) : undefined;
    // Events are at other times under a policy of other prices, and its calls wait for other CPUs.
    if (this.closed || (options.cpus ?? 1) > 1) this.discarding.stopFollowing();
    this.sampler = new Sampler(
      target,
      firstTimeUs,
      lastTimeUs,
      options.timeline === true,
      this.closed !== undefined,
    );
    this.nowUs = firstTimeUs;
    this.limited = typeof options.limit === 'number';
    target.answered = (row, answer) => this.answered(row, answer);
  }

  /**
   * Replays a block, and waits until the machine has answered all of it; with a closed clock, what can be replayed while the rest
   * of the trace is not known. Returns false when memory ran out.
   *
   * @throws InputError with the place of an event that makes no sense
   */
  async block(block: EventBlock): Promise<boolean> {
    const { closed } = this;
    if (!closed) return this.ran(block, () => this.carryOut(block));
    closed.load(block);
    return this.ran(closed.block, () => this.carryOutClosed(closed));
  }

  /** Replays what waits for its time after the last block. Returns false when memory ran out. @throws as `block` */
  async rest(): Promise<boolean> {
    const { closed } = this;
    if (!closed) return true;
    closed.complete();
    return this.ran(closed.block, () => {
      this.carryOutClosed(closed);
      this.advance(closed.overUs);
    });
  }

  private async ran(block: EventBlock, work: () => void): Promise<boolean> {
    this.results.clear();
    const ran = within(
      this.timeLimit,
      () => this.target.run(work),
      () => `; at ${this.nowUs} \u00b5s of ${this.trace.name}`,
    );
    const alive = (await this.target.barrier()) && ran;
    if (this.wrong) throw this.wrong.error.at(this.trace.place(block, this.wrong.row));
    if (this.target.answersLate) for (let row = 0; row < block.length; row++) this.complete(block, row);
    return alive;
  }

  private carryOut(block: EventBlock): void {
    const { length, time } = block;
    const { policyTime } = this;
    let row = 0;
    try {
      for (; row < length; row++) {
        const timeUs = time[row]!;
        if (timeUs !== this.nowUs || policyTime.dueUs <= timeUs) this.advance(timeUs);
        this.one(block, row);
      }
    } catch (error) {
      throw this.placed(error, block, row);
    } finally {
      this.events += row;
    }
  }

  /** Spaces were killed: the discard policy hears of it, and nothing of them is replayed any more. */
  private bury(): void {
    for (const space of this.target.takeKilled!()) {
      this.discarding.exited(space);
      this.skipped.killed(space);
    }
  }

  private carryOutClosed(closed: ClosedSchedule): void {
    const { policyTime, target } = this;
    for (let row = closed.next(); row !== NONE; row = closed.next()) {
      const { block, timeUs } = closed;
      let carriedOut: boolean;
      try {
        if (timeUs !== this.nowUs || policyTime.dueUs <= timeUs) this.advance(timeUs);
        carriedOut = this.one(block, row);
      } catch (error) {
        throw this.placed(error, block, row);
      }
      this.results.delete(row);
      this.events++;
      closed.done(carriedOut && hasThread(block, row) ? target.eventNs! : 0);
    }
  }

  /** Returns false for an event that is skipped. */
  private one(block: EventBlock, row: number): boolean {
    const { target } = this;
    if (this.skipped.skips(block, row)) return false;
    const { check, observe, completed } = this.options;
    const code = block.op[row]!;
    if (observe) observe(target, block, row);
    if (code === OP.read || code === OP.write) {
      target.touch(block, row);
      this.touches += Math.abs(block.count[row]!);
    } else this.event(block, row, code);
    if (target.anyKilled) this.bury();
    if (completed && !target.answersLate) this.complete(block, row);
    if (check) target.check?.();
    return true;
  }

  private placed(error: unknown, block: EventBlock, row: number): unknown {
    if (error instanceof PolicyOffence) return error.during(this.trace.place(block, row));
    return error instanceof InputError ? error.at(this.trace.place(block, row)) : error;
  }

  private complete(block: EventBlock, row: number): void {
    this.options.completed?.(this.target, this.results.get(row) ?? SUCCESS, block, row);
  }

  private answered(row: number, answer: SyscallResult | InputError): void {
    if (answer instanceof InputError) this.wrong ??= { row, error: answer };
    else if (this.options.completed) this.results.set(row, answer);
  }

  /** The trace is over: timers that are due by then are called back. */
  finish(): void {
    if (this.policyTime.dueUs > this.nowUs) return;
    within(this.timeLimit, () => this.target.run(() => this.advance(this.nowUs)));
  }

  /** Trace time moves on; what the machine does of its own before, and timers of policies, have their turn at their time. */
  private advance(timeUs: number): void {
    // Most of the time nothing is due.
    if (this.target.dueUs <= timeUs || this.policyTime.dueUs <= timeUs) this.runDue(timeUs);
    if (this.target.anyKilled) this.bury();
    this.moveTo(timeUs);
  }

  private runDue(timeUs: number): void {
    const { target, discarding, policyTime } = this;
    const { aroundTimers } = this.options;
    let turns = 0;
    for (;;) {
      const due = Math.min(target.dueUs, policyTime.dueUs);
      if (due > timeUs) return;
      if (turns++ === MOST_TURNS)
        throw new InputError(
          `until this event, the kernel would do something of its own (merge, write back), or a policy's timers would, more than ${MOST_TURNS} times; expected an event at ${due} µs or before, or ksmd to be stopped`,
        );
      this.moveTo(Math.max(due, this.nowUs));
      if (target.dueUs <= this.nowUs) target.runDue();
      else if (aroundTimers) aroundTimers(target, this.nowUs, () => discarding.runTimers());
      else discarding.runTimers();
    }
  }

  private moveTo(timeUs: number): void {
    this.sampler.advance(timeUs);
    this.target.advance(timeUs);
    this.nowUs = timeUs;
    this.policyTime.nowUs = timeUs;
  }

  private event(block: EventBlock, row: number, op: number): void {
    const { target } = this;
    // A spawn is on no account: its space begins with it.
    const ofSpace = (block.fields[row]! & HAS.space) !== 0 && op !== OP.spawn;
    target.begin(row, ofSpace ? block.space[row]! : undefined, block.thread[row]!);
    try {
      this.act(block, row, op);
    } catch (error) {
      if (!(error instanceof SpaceKilled)) throw error;
    }
    target.end();
  }

  private act(block: EventBlock, row: number, op: number): void {
    const { args, target } = this;
    switch (op) {
      case OP.set: {
        const { name, value } = args.required('set', block, row);
        if (!this.foresees || name !== REPORTING) target.set(name, value);
        break;
      }
      case OP.limit:
        if (this.options.limit === 'trace')
          this.setLimit(block.fields[row]! & HAS.count ? block.count[row]! : undefined);
        break;
      case OP.cgroup:
        this.cgroup(block, row);
        break;
      case OP.mark:
        this.sampler.mark(args.required('mark', block, row).label);
        break;
      case OP.pressure:
        this.discarding.pressure(args.required('pressure', block, row).level);
        break;
      default:
        this.others.run(block, row, op);
    }
  }

  private cgroup(block: EventBlock, row: number): void {
    const refused = this.target.refusals.ops.cgroup;
    if (refused !== undefined) throw new Refusal(refused);
    const { name, needsFuture } = this.options.reclaim.info;
    if (needsFuture)
      throw new Refusal(
        `reclaim policy ${name} needs the future, and which pages a cgroup has follows from what is evicted: expected another policy`,
      );
    const { path, writes } = this.args.required('cgroup', block, row);
    const { sample } = this.trace.meta;
    const space = block.fields[row]! & HAS.space ? block.space[row]! : undefined;
    this.bounded ||= writes.length > 0;
    this.discarding.stopFollowing(); // what a cgroup stalls is counted for one policy
    const kept = this.options.unlimitedCgroups ? writes.filter(({ file }) => file !== 'memory.max') : writes;
    const sampled = kept.map(({ file, pages }) => ({
      file,
      pages: Number.isFinite(pages) && pages > 0 ? sampledPages(pages, sample) : pages,
    }));
    this.target.cgroup(space, { path, writes: sampled });
  }

  private setLimit(pages: number | undefined): void {
    this.limited = true;
    this.target.limit(pages === undefined ? undefined : sampledPages(pages, this.trace.meta.sample));
  }
}
