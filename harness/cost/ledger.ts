import { STALL_PARTS, type StallPart } from '../metrics/schema.js';
import { LatencyHistogram } from '../stats/latency.js';

declare const isStallIndex: unique symbol;
/** Index of a stall part in an account: a number of its own type, so that no other number is taken for one. */
export type StallIndex = number & { readonly [isStallIndex]: true };

/** The indexes of the stall parts, by name. */
export const PART: Readonly<Record<StallPart, StallIndex>> = Object.fromEntries(
  STALL_PARTS.map((part, i) => [part, i]),
) as Record<StallPart, StallIndex>;

/** Source: PID_MAX_LIMIT in include/linux/threads.h. */
const THREADS = 2 ** 22;
/** The thread of what no space's event reads: daemons, and events without a space. No other has this number. */
const NOBODY = -0.5;
const OVER_100US = 100_000;
const OVER_1MS = 1_000_000;
const OVER_10MS = 10_000_000;

/** What one space has paid, in ns. */
export class Account {
  /** By `PART`. */
  readonly stallNs = new Float64Array(STALL_PARTS.length);
}

/**
 * Who pays for what. The replay opens an event for a space and thread; the machine charges; every charge goes to a
 * part of that space's stall time, and to CPU or I/O wait. Without an open event, daemons pay.
 * Invariant: the sum over spaces and parts equals `cpuNs + ioWaitNs`.
 */
export class Ledger {
  cpuNs = 0;
  ioWaitNs = 0;
  daemonNs = 0;
  over100us = 0;
  over1ms = 0;
  over10ms = 0;
  /** Stalls of touches that faulted; `touchTimes` adds the others. */
  private readonly faults = new LatencyHistogram();
  private faulted = 0;
  private account: Account | undefined;
  private eventNs = 0;
  private startUs = 0;
  private space = 0;
  private threadOfSpace = 0;
  private readonly largeThreads = new Map<string, number>();

  /** @param sample one in this number of pages is replayed: a touch stands for that number, a call's time is a part of it */
  constructor(private readonly sample = 1) {}

  /** Opens an event: what follows is paid by this account. */
  begin(account: Account, space: number, thread: number, timeUs: number): void {
    this.account = account;
    this.eventNs = 0;
    this.startUs = timeUs;
    this.space = space;
    this.threadOfSpace = thread;
  }

  /** Closes the event: what follows is paid by daemons. */
  end(): void {
    this.account = undefined;
  }

  /**
   * Does some work on the account of a space, whatever event is open: in that event when it is the space's own, else in
   * one of its own, by the space's first thread.
   */
  onBehalf<T>(account: Account, space: number, timeUs: number, work: () => T): T {
    if (account === this.account) return work();
    const { account: outer, eventNs, startUs, space: outerSpace, threadOfSpace } = this;
    this.begin(account, space, 0, timeUs);
    const result = work();
    this.stalled(this.eventNs);
    this.account = outer;
    this.eventNs = eventNs;
    this.startUs = startUs;
    this.space = outerSpace;
    this.threadOfSpace = threadOfSpace;
    return result;
  }

  /** ns charged since the event was opened. */
  get spentNs(): number {
    return this.eventNs;
  }

  /** Now, in ns of trace time, as the thread of the event sees it; without an open event, the start of trace time's µs. */
  nowNs(nowUs: number): number {
    return this.account ? this.startUs * 1000 + this.eventNs : nowUs * 1000;
  }

  /**
   * A number of its own for the thread of the event. Ids of spaces are below 2^31, and those of threads of Linux below
   * 2^22 (PID_MAX_LIMIT), so that both fit one number; larger ones, which a trace may have, are numbered from -1 down.
   */
  get thread(): number {
    if (!this.account) return NOBODY;
    if (this.threadOfSpace < THREADS) return this.space * THREADS + this.threadOfSpace;
    const ids = `${this.space}:${this.threadOfSpace}`;
    const known = this.largeThreads.get(ids);
    if (known !== undefined) return known;
    const number = -1 - this.largeThreads.size;
    this.largeThreads.set(ids, number);
    return number;
  }

  cpu(part: StallIndex, ns: number): void {
    if (!this.account) {
      this.daemonNs += ns;
      return;
    }
    this.cpuNs += ns;
    this.eventNs += ns;
    this.account.stallNs[part] = this.account.stallNs[part]! + ns;
  }

  io(part: StallIndex, ns: number): void {
    if (!this.account) return; // what daemons wait for is on no account
    this.ioWaitNs += ns;
    this.eventNs += ns;
    this.account.stallNs[part] = this.account.stallNs[part]! + ns;
  }

  /** A touch that faulted is over; it took `ns`. */
  touchStalled(ns: number): void {
    this.faults.record(ns);
    this.faulted++;
    this.long(ns, this.sample);
  }

  /** A call is over; it took `ns`. */
  stalled(ns: number): void {
    this.long(ns * this.sample, 1);
  }

  private long(ns: number, times: number): void {
    if (ns <= OVER_100US) return;
    this.over100us += times;
    if (ns > OVER_1MS) this.over1ms += times;
    if (ns > OVER_10MS) this.over10ms += times;
  }

  /** Touch times over all touches, of which those that did not fault took `hitNs` each. */
  touchTimes(touches: number, hitNs: number): { p99: number; p999: number; max: number } {
    this.faults.record(hitNs, touches - this.faulted);
    this.faulted = touches;
    return { p99: this.faults.percentile(99), p999: this.faults.percentile(99.9), max: this.faults.max };
  }
}
