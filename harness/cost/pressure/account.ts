import { type Averages, PERIOD_NS, PressureAverages } from './averages.js';

/** What `memory.pressure` says: time lost so far, in ns, and shares of the time that is over. */
export interface PressureCount {
  readonly someNs: number;
  readonly fullNs: number;
  readonly some: Averages;
  readonly full: Averages;
}

/**
 * The memory pressure of a group and those below it, or of the machine (psi_group): how many threads stall now, how many run,
 * and the time for which at least one stalled (some), or one stalled and none ran (full). Source: kernel/sched/psi.c.
 */
export class PressureAccount {
  private stalling = 0;
  private running = 0;
  private someNs = 0;
  private fullNs = 0;
  /** Of the averages' period that has begun. */
  private periodSomeNs = 0;
  private periodFullNs = 0;
  private readonly some = new PressureAverages();
  private readonly full = new PressureAverages();
  private nextUpdateNs: number;

  /** @param sinceNs trace time at which it begins, in ns @param parent the account of the group above; undefined: the machine's */
  constructor(
    private sinceNs: number,
    private readonly parent?: PressureAccount,
  ) {
    this.nextUpdateNs = sinceNs + PERIOD_NS;
  }

  /** The numbers of threads that stall and run change, in this group and those above. */
  change(nowNs: number, stalling: number, running: number): void {
    for (let account: PressureAccount | undefined = this; account; account = account.parent) {
      account.advance(nowNs);
      account.stalling += stalling;
      account.running += running;
    }
  }

  /** What it comes to at a time. */
  at(nowNs: number): PressureCount {
    this.advance(nowNs);
    return { someNs: this.someNs, fullNs: this.fullNs, some: this.some.values, full: this.full.values };
  }

  /** Time that goes by. Nothing is lost where it was told of later events before. */
  private advance(nowNs: number): void {
    if (nowNs <= this.sinceNs) return;
    while (nowNs >= this.nextUpdateNs) {
      this.lose(this.nextUpdateNs - this.sinceNs);
      this.sinceNs = this.nextUpdateNs;
      this.some.update(this.periodSomeNs);
      this.full.update(this.periodFullNs);
      this.periodSomeNs = 0;
      this.periodFullNs = 0;
      this.nextUpdateNs += PERIOD_NS;
      if (this.stalling === 0) this.skipTo(nowNs);
    }
    this.lose(nowNs - this.sinceNs);
    this.sinceNs = nowNs;
  }

  /** Whole periods without a stall (missed_periods). */
  private skipTo(nowNs: number): void {
    const periods = Math.floor((nowNs - this.sinceNs) / PERIOD_NS);
    if (periods === 0) return;
    this.some.skip(periods);
    this.full.skip(periods);
    this.sinceNs += periods * PERIOD_NS;
    this.nextUpdateNs += periods * PERIOD_NS;
  }

  private lose(ns: number): void {
    if (this.stalling === 0) return;
    this.someNs += ns;
    this.periodSomeNs += ns;
    if (this.running > 0) return;
    this.fullNs += ns;
    this.periodFullNs += ns;
  }
}
