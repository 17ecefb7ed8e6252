import { Daemon } from '../memory/daemons.js';
import type { Zone } from '../memory/zone.js';
import type { State } from '../state/state.js';

/** How long kswapd sleeps when it could not free anything (HZ/10). */
const RETRY_US = 100_000;
const NS_PER_US = 1000;
/** The thread that it is: no space's has this number (see `Ledger.thread`). */
const KSWAPD = 0.5;

/**
 * kswapd: is woken when free memory falls to the low watermark, and reclaims a batch at a time until it is above the high
 * one. What it costs is on its own account; programs that are faster reclaim themselves.
 * Source: kswapd and balance_pgdat in mm/vmscan.c.
 */
export class Kswapd extends Daemon {
  constructor(
    private readonly state: State,
    private readonly zone: Zone,
  ) {
    super();
  }

  /** Free memory is at the low watermark: runs as soon as time moves on. */
  wake(): void {
    if (this.dueUs === Number.POSITIVE_INFINITY) this.dueUs = this.state.nowUs;
  }

  run(nowUs: number): void {
    const { ledger } = this.state;
    if (this.zone.free > this.zone.watermarks.high) {
      this.dueUs = Number.POSITIVE_INFINITY;
      return;
    }
    const before = ledger.daemonNs;
    const freed = this.state.reclaim.balance();
    const ns = ledger.daemonNs - before;
    // balance_pgdat enters a memory stall.
    if (ns > 0) ledger.pressure.stalled(ledger.pressure.machine, KSWAPD, nowUs, ns);
    const took = Math.ceil(ns / NS_PER_US);
    this.dueUs = nowUs + (freed ? Math.max(1, took) : RETRY_US);
  }
}
