import { PressureAccount } from './account.js';
import { BusyThread, BusyThreads, PHASE } from './busy-threads.js';

const NS_PER_US = 1000;
/** Threads that are remembered before those that are idle are forgotten. */
const MANY_THREADS = 1024;

/**
 * Pressure stall information of memory (PSI): for how long threads stalled since memory was short. It is told what each event of the
 * trace stalled its thread, and how long it ran in the kernel. A stall begins at the time of its event, or when the thread's stalls
 * before it are over; then the thread runs. Trace time never goes back, so that all that lies before it is final, and a thread
 * is kept with two times: whatever is still before it is one stall and one run after it.
 *
 * Runs matter only while a thread stalls: without, they are noted and not followed.
 */
export class MemoryPressure {
  /** That of all threads. */
  readonly machine = new PressureAccount(0);
  private readonly busy = new BusyThreads();
  private readonly threads = new Map<number, BusyThread>();
  private manyThreads = MANY_THREADS;
  private recent: BusyThread | undefined;
  private stalling = 0;
  private settledNs = 0;

  /** @param weight how many times what it is told it stands for */
  constructor(private readonly weight = 1) {}

  /** The account of a group begins. @param parent the account of the group above; default: the machine's */
  begin(nowUs: number, parent = this.machine): PressureAccount {
    return new PressureAccount(nowUs * NS_PER_US, parent);
  }

  /** A thread waits for memory. @param account of its group */
  stalled(account: PressureAccount, id: number, nowUs: number, ns: number): void {
    const nowNs = nowUs * NS_PER_US;
    this.settle(nowNs);
    const thread = this.threadOf(account, id);
    const startNs = Math.max(nowNs, thread.stallsUntilNs);
    const runNs = Math.max(0, thread.runsUntilNs - startNs);
    thread.stallsUntilNs = startNs + ns * this.weight;
    thread.runsUntilNs = thread.stallsUntilNs + runNs;
    const first = this.stalling === 0;
    this.enter(thread, PHASE.stalls, nowNs);
    if (first) this.follow(nowNs);
  }

  /** A thread runs, as far as the kernel knows. */
  ran(account: PressureAccount, id: number, nowUs: number, ns: number): void {
    const nowNs = nowUs * NS_PER_US;
    if (this.stalling > 0) this.settle(nowNs);
    const { recent } = this;
    const same = recent?.id === id && recent.account === account;
    const thread = same ? recent : this.threadOf(account, id);
    const startNs = Math.max(nowNs, thread.runsUntilNs, thread.stallsUntilNs);
    thread.runsUntilNs = startNs + ns * this.weight;
    if (this.stalling > 0 && thread.phase !== PHASE.stalls) this.enter(thread, PHASE.runs, nowNs);
  }

  /** Brings the accounts up to a time that no later event is before. */
  settle(nowNs: number): void {
    if (nowNs > this.settledNs) this.settledNs = nowNs;
    for (let first = this.busy.first; first && first.nextNs <= nowNs; first = this.busy.first) {
      const { nextNs, phase } = first;
      if (phase === PHASE.stalls && first.runsUntilNs > nextNs) this.enter(first, PHASE.runs, nextNs);
      else this.enter(first, PHASE.idle, nextNs);
    }
  }

  /** The time up to which the accounts are known, in ns. */
  get nowNs(): number {
    return this.settledNs;
  }

  /** The trace is over at a time: what threads still wait for goes on to its end. */
  finish(nowNs: number): void {
    this.settle(nowNs);
    for (let first = this.busy.first; first; first = this.busy.first) this.settle(first.nextNs);
  }

  private threadOf(account: PressureAccount, id: number): BusyThread {
    let thread = this.threads.get(id);
    if (thread === undefined) {
      thread = new BusyThread(id, account);
      this.threads.set(id, thread);
      if (this.threads.size > this.manyThreads) this.forgetIdle();
    }
    if (thread.account !== account) this.move(thread, account);
    this.recent = thread;
    return thread;
  }

  private forgetIdle(): void {
    for (const [id, thread] of this.threads)
      if (thread !== this.recent && thread.place < 0 && thread.runsUntilNs <= this.settledNs)
        this.threads.delete(id);
    this.manyThreads = Math.max(MANY_THREADS, 2 * this.threads.size);
  }

  /** A thread is in another group than it was. */
  private move(thread: BusyThread, account: PressureAccount): void {
    const { phase } = thread;
    this.count(thread, this.settledNs, -1);
    thread.account = account;
    thread.phase = phase;
    this.count(thread, this.settledNs, 1);
  }

  /** A thread is the first to stall: those that run are followed from now on. */
  private follow(nowNs: number): void {
    for (const thread of this.threads.values())
      if (thread.stallsUntilNs <= nowNs && thread.runsUntilNs > nowNs) this.enter(thread, PHASE.runs, nowNs);
  }

  /** A thread's phase changes, or what it has before it in the phase that it is in. */
  private enter(thread: BusyThread, phase: number, nowNs: number): void {
    if (thread.phase !== phase) {
      this.count(thread, nowNs, -1);
      thread.phase = phase;
      this.count(thread, nowNs, 1);
    }
    if (phase === PHASE.idle) this.busy.remove(thread);
    else {
      thread.nextNs = phase === PHASE.stalls ? thread.stallsUntilNs : thread.runsUntilNs;
      this.busy.put(thread);
    }
    if (this.stalling === 0 && this.busy.size > 0) this.unfollow(nowNs);
  }

  /** No thread stalls any more. */
  private unfollow(nowNs: number): void {
    for (let first = this.busy.first; first; first = this.busy.first) {
      this.busy.remove(first);
      this.count(first, nowNs, -1);
      first.phase = PHASE.idle;
    }
  }

  private count({ account, phase }: BusyThread, nowNs: number, by: number): void {
    if (phase === PHASE.idle) return;
    const stalls = phase === PHASE.stalls;
    if (stalls) this.stalling += by;
    account.change(nowNs, stalls ? by : 0, stalls ? 0 : by);
  }
}
