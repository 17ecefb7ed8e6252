import { STALL_PARTS, type StallPart } from '../metrics/schema.js';
import { LatencyHistogram } from '../stats/latency.js';
import { FurtherDraws } from './further-draws.js';
import { LongStalls } from './long-stalls.js';
import type { PressureAccount } from './pressure/account.js';
import { MemoryPressure } from './pressure/pressure.js';
import { eventTime, type Tab, Tabs } from './tabs.js';

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
/** The place in an event before its first device read, such as its start: all draws are alike there. */
export const EVENT = -1;
const NO_DRAWS = new Float64Array(0);
/** The first draw of latency takes 0 ns beyond itself. */
const ONE_DRAW = new Float64Array(1);

/** What one space has paid, in ns. */
export class Account {
  /** By `PART`: in the first draw of device latency. */
  readonly stallNs = new Float64Array(STALL_PARTS.length);
  /** By `PART`, then draw: ns beyond the first draw. Empty until it has read a device. */
  furtherNs: Float64Array = NO_DRAWS;
  /** Of the memory cgroup that it is in; undefined: of none but the machine. */
  pressure: PressureAccount | undefined;

  /** What it has paid in a draw, or what it owes on a tab. @param draw 0 is the first */
  drawNs(part: number, draw: number, draws: number, tab?: Tab): number {
    const ns = tab && part === PART.discard ? tab.of(this) : this.stallNs[part]!;
    return this.furtherNs === NO_DRAWS ? ns : ns + this.furtherNs[part * draws + draw]!;
  }

  /** What it has paid, mean over draws. */
  meanNs(part: number, draws: number, tab?: Tab): number {
    let sum = 0;
    for (let draw = 0; draw < draws; draw++) sum += this.drawNs(part, draw, draws, tab);
    return sum / draws;
  }
}

/** What draws of device latency differ in, besides the stalls on accounts. */
export interface DrawTotals {
  readonly ioWaitNs: number;
  /** Percentiles and the longest, over all touches, in ns. */
  readonly touchNs: { readonly p99: number; readonly p999: number; readonly max: number };
  readonly long: Readonly<Pick<LongStalls, 'over100us' | 'over1ms' | 'over10ms'>>;
}

/**
 * Who pays for what. The replay opens an event for a space and thread; the machine charges; every charge goes to a
 * part of that space's stall time, and to CPU or I/O wait. Without an open event, daemons pay.
 * Invariant: the sum over spaces and parts equals `cpuNs + ioWaitNs`.
 *
 * All of this is of the first draw of device latency; `further` has what the others take beyond it.
 */
export class Ledger {
  ioWaitNs = 0;
  daemonNs = 0;
  /** CPU time of the part `discard`, which tabs have of their own, and of all others. */
  private discardCpuNs = 0;
  private otherCpuNs = 0;
  /** What policies pay that follow the replay; undefined where there are none. */
  private tabs: Tabs | undefined;
  /** Long stalls that are the same in all draws and on all tabs: all of them, where there is one draw and no tab. */
  private readonly long = new LongStalls();
  /** Long stalls of the events that tabs have otherwise. */
  private readonly ownLong = new LongStalls();
  /** Touches that faulted and are the same in all draws; `totals` adds those that did not fault. */
  private readonly faults = new LatencyHistogram();
  private readonly further: FurtherDraws | undefined;
  /** Whether the open event has read a device, so that its draws differ. */
  private differs = false;
  private faulted = 0;
  /** Whose threads stall since memory is short: in the first draw. */
  readonly pressure: MemoryPressure;
  private account: Account | undefined;
  private eventNs = 0;
  /** `otherCpuNs` when the open event began, and what it has stalled for memory since: the rest is time that its thread ran. */
  private ranFromNs = 0;
  private memstallFromNs = 0;
  private memstallCpuFromNs = 0;
  private startUs = 0;
  private space = 0;
  private threadOfSpace = 0;
  private readonly largeThreads = new Map<string, number>();

  /** @param draws of device latency that are booked @param sample one in this number of pages is replayed */
  constructor(
    readonly draws = 1,
    sample = 1,
  ) {
    this.pressure = new MemoryPressure(sample);
    if (draws > 1) this.further = new FurtherDraws(draws);
  }

  /** Opens a tab for a policy that follows the replay. */
  addTab(): Tab {
    this.tabs ??= new Tabs();
    return this.tabs.add();
  }

  /** The tabs; undefined where none was opened, or all are closed. */
  get allTabs(): Tabs | undefined {
    return this.tabs;
  }

  /** CPU time of the replay, or with what a tab has in place of its policy's calls. */
  cpuNs(tab?: Tab): number {
    return this.otherCpuNs + (tab ? tab.cpuNs : this.discardCpuNs);
  }

  /** Opens an event: what follows is paid by this account. */
  begin(account: Account, space: number, thread: number, timeUs: number): void {
    if (this.differs) this.alike();
    if (this.tabs !== undefined) this.settleTabs(this.tabs);
    this.open(account, space, thread, timeUs);
  }

  /** Another event begins. Once all tabs are closed there is nothing to distinguish any more. */
  private settleTabs(tabs: Tabs): void {
    tabs.separate = false;
    if (tabs.empty) this.tabs = undefined;
  }

  /** The event at hand is over, or another begins: draws are at the same time. */
  private alike(): void {
    this.differs = false;
    this.further!.begin();
    this.further!.forget();
  }

  private open(account: Account, space: number, thread: number, timeUs: number): void {
    this.account = account;
    this.eventNs = 0;
    this.ranFromNs = this.otherCpuNs;
    this.startUs = timeUs;
    this.space = space;
    this.threadOfSpace = thread;
  }

  /** Closes the event: what follows is paid by daemons. */
  end(): void {
    if (this.differs) this.alike();
    if (this.tabs !== undefined) this.tabs.separate = false;
    if (this.otherCpuNs > this.ranFromNs) this.ran();
    this.account = undefined;
  }

  /**
   * The thread of the open event has run, besides its stalls. What calls of discard policies cost is left out: policies that follow
   * one another pay differently.
   */
  private ran(): void {
    const { pressure, account } = this;
    if (account === undefined) return;
    pressure.ran(
      account.pressure ?? pressure.machine,
      this.thread,
      this.startUs,
      this.otherCpuNs - this.ranFromNs,
    );
  }

  /** What the open event takes from now on is a stall since memory is short (psi_memstall_enter). */
  enterMemstall(): void {
    this.memstallFromNs = this.eventNs;
    this.memstallCpuFromNs = this.otherCpuNs;
  }

  /** It is over (psi_memstall_leave). What daemons do is no stall of a program. */
  leaveMemstall(): void {
    const { account, pressure } = this;
    const ns = this.eventNs - this.memstallFromNs;
    if (account === undefined || ns <= 0) return;
    this.ranFromNs += this.otherCpuNs - this.memstallCpuFromNs;
    pressure.stalled(account.pressure ?? pressure.machine, this.thread, this.startUs, ns);
  }

  /**
   * Makes a call of a policy on the account of a space, whatever event is open: in that event when it is the space's own,
   * else in one of its own, by the space's first thread.
   */
  onBehalf<T>(account: Account, space: number, timeUs: number, work: () => T): T {
    this.tabs?.callBegins(account !== this.account);
    const result = this.onAccount(account, space, timeUs, work);
    this.tabs?.callEnds();
    return result;
  }

  private onAccount<T>(account: Account, space: number, timeUs: number, work: () => T): T {
    if (account === this.account) return work();
    const { account: outer, eventNs, startUs, space: outerSpace, threadOfSpace, differs, further } = this;
    const ranNs = this.otherCpuNs - this.ranFromNs;
    const place = this.place();
    if (differs) further!.begin();
    this.differs = false;
    this.open(account, space, 0, timeUs);
    const result = work();
    this.stalled(this.eventNs, EVENT);
    if (this.otherCpuNs > this.ranFromNs) this.ran();
    if (differs) further!.restore(place);
    else if (this.differs) further!.begin();
    this.differs = differs;
    this.account = outer;
    this.eventNs = eventNs;
    this.ranFromNs = this.otherCpuNs - ranNs;
    this.startUs = startUs;
    this.space = outerSpace;
    this.threadOfSpace = threadOfSpace;
    return result;
  }

  /** The space that pays for the open event; undefined where daemons do. */
  get payer(): number | undefined {
    return this.account && this.space;
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
    if (this.tabs !== undefined) this.charged(part, ns, true);
    if (part === PART.discard) this.discardCpuNs += ns;
    else this.otherCpuNs += ns;
    this.eventNs += ns;
    this.account.stallNs[part] = this.account.stallNs[part]! + ns;
  }

  io(part: StallIndex, ns: number): void {
    if (!this.account) return; // what daemons wait for is on no account
    if (this.tabs !== undefined) this.charged(part, ns, false);
    this.ioWaitNs += ns;
    this.eventNs += ns;
    this.account.stallNs[part] = this.account.stallNs[part]! + ns;
  }

  private charged(part: StallIndex, ns: number, cpu: boolean): void {
    const eventNs = eventTime(this.eventNs, this.differs);
    this.tabs!.charged(this.account!, ns, part === PART.discard, cpu, eventNs);
  }

  /** A call of a policy that follows costs an account something. */
  pay(tab: Tab, account: Account, ns: number): void {
    const aside = account !== this.account;
    this.tabs?.pay(tab, account, ns, aside, eventTime(this.eventNs, this.differs));
  }

  /** A read of a device begins that nothing waits for: how long it takes depends on when. Returns now, as `nowNs`. */
  startRead(nowUs: number): number {
    this.tabs?.timed();
    return this.nowNs(nowUs);
  }

  /** A read of a device is waited for: `waitsNs` by draw, of which `cpuNs` are no wait. */
  read(part: StallIndex, waitsNs: Float64Array, cpuNs: number): void {
    this.tabs?.timed();
    const waitNs = Math.max(0, waitsNs[0]! - cpuNs);
    this.io(part, waitNs);
    const { account, further } = this;
    if (!account || !further) return;
    this.differs = true;
    if (account.furtherNs === NO_DRAWS)
      account.furtherNs = new Float64Array(STALL_PARTS.length * further.draws);
    further.book(account.furtherNs, part, waitNs, waitsNs, cpuNs);
  }

  /** ns that the open event has taken in each draw beyond the first. */
  get aheadNs(): Float64Array {
    return this.further?.aheadNs ?? ONE_DRAW;
  }

  /** Where the event is now, for `touchStalled` or `stalled` of a touch or call that begins here. */
  place(): number {
    return this.differs ? this.further!.keep() : EVENT;
  }

  /** Whether draws differ in what has happened since a place of the open event. */
  private differsSince(place: number): boolean {
    return this.differs && (place === EVENT || this.further!.readSince(place));
  }

  /** A touch that faulted is over; it took `ns` since `place`. */
  touchStalled(ns: number, place: number): void {
    this.faulted++;
    this.tabs?.timed();
    if (this.differsSince(place)) {
      this.further!.touched(ns, place);
      return;
    }
    this.faults.record(ns);
    this.long.add(ns);
  }

  /** A call is over; it took `ns` since `place`. */
  stalled(ns: number, place: number): void {
    const { tabs } = this;
    if (tabs?.separate && !tabs.calling) tabs.stalled();
    if (this.differsSince(place)) this.further!.stalled(ns, place);
    else if (tabs?.separate || tabs?.calling) this.ownLong.add(ns);
    else this.long.add(ns);
  }

  /**
   * What a draw came to. The first is 0.
   *
   * @param touches all of them, of which those that did not fault took `hitNs` each
   * @param tab of a policy that follows, in place of the replay's own
   */
  totals(draw: number, touches: number, hitNs: number, tab?: Tab): DrawTotals {
    this.faults.record(hitNs, touches - this.faulted);
    this.faulted = touches;
    const { further, long } = this;
    const own = further?.longOf(draw);
    const calls = tab?.long ?? this.ownLong;
    return {
      ioWaitNs: this.ioWaitNs + (further?.ioWaitNs[draw] ?? 0),
      touchNs: touchTimes(this.faults, further?.touchesOf(draw)),
      long: {
        over100us: long.over100us + calls.over100us + (own?.over100us ?? 0),
        over1ms: long.over1ms + calls.over1ms + (own?.over1ms ?? 0),
        over10ms: long.over10ms + calls.over10ms + (own?.over10ms ?? 0),
      },
    };
  }
}

/** Percentiles over the touches that are the same in all draws and those of one draw. */
function touchTimes(same: LatencyHistogram, own: LatencyHistogram | undefined): DrawTotals['touchNs'] {
  return {
    p99: same.percentile(99, own),
    p999: same.percentile(99.9, own),
    max: Math.max(same.max, own?.max ?? 0),
  };
}
