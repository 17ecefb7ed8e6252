import { LongStalls } from './long-stalls.js';

/** Stands for the time of an open event whose draws of latency differ. */
const DRAWS_DIFFER = -1;

/**
 * What a policy pays that follows the replay of another: one that does the same to memory, with calls at other prices. It
 * differs in the calls alone, which are all that is booked here; the rest is in the ledger.
 */
export class Tab {
  /** Long stalls of the events in which policies made calls. */
  readonly long = new LongStalls();
  /** CPU time of the part `discard`. */
  cpuNs = 0;
  /** Of the open event, where it differs from that of the ledger. */
  eventNs = 0;
  /** The part `discard` of accounts. */
  private readonly discardNs = new Map<object, number>();

  /** What an account has paid for the part `discard`. */
  of(account: object): number {
    return this.discardNs.get(account) ?? 0;
  }

  add(account: object, ns: number): void {
    this.discardNs.set(account, this.of(account) + ns);
  }
}

/**
 * The tabs of a replay. Each comes to what a ledger of its own would, to the last digit: every charge is added in the
 * order in which it would be there. Where that cannot be said, tabs are closed: a device is read, or a touch is timed, in an
 * event after policies have paid for themselves, so that it depends on what.
 */
export class Tabs {
  private open: readonly Tab[] = [];
  /** Whether the ledger's own policy makes a call now. */
  calling = false;
  /** Whether it does so in an event of its own. */
  private aside = false;
  /** Charges of that call. */
  private charges = 0;
  /** Whether followers have not made the calls yet that stand for those of the ledger's own policy. */
  private due = false;
  /** Whether policies have paid for themselves in the open event. */
  separate = false;

  add(): Tab {
    const tab = new Tab();
    this.open = [...this.open, tab];
    return tab;
  }

  /** Whether all are closed. */
  get empty(): boolean {
    return this.open.length === 0;
  }

  has(tab: Tab): boolean {
    return this.open.includes(tab);
  }

  close(tab: Tab): void {
    this.open = this.open.filter((other) => other !== tab);
  }

  closeAll(): void {
    this.open = [];
  }

  /** The ledger's own policy makes a call. @param aside whether in an event of its own */
  callBegins(aside: boolean): void {
    this.calling = true;
    this.aside = aside;
    this.charges = 0;
  }

  callEnds(): void {
    this.calling = false;
  }

  /** Followers make their calls now. */
  settle(): void {
    this.due = false;
  }

  /**
   * Something is charged to an account.
   *
   * @param discards whether to the part `discard`
   * @param cpu whether as CPU time
   * @param eventNs what the open event has taken before; `DRAWS_DIFFER` where its draws differ
   */
  charged(account: object, ns: number, discards: boolean, cpu: boolean, eventNs: number): void {
    if (this.calling) {
      this.due = true;
      // A call has one price, and nothing else in it takes time.
      if (!discards || ++this.charges > 1) this.closeAll();
      else if (!this.aside) this.part(eventNs);
      return;
    }
    if (this.due) this.closeAll();
    for (const tab of this.open) {
      if (this.separate) tab.eventNs += ns;
      if (!discards) continue;
      tab.add(account, ns);
      if (cpu) tab.cpuNs += ns;
    }
  }

  /** A follower's call costs an account something. @param aside as in `callBegins` @param eventNs as in `charged` */
  pay(tab: Tab, account: object, ns: number, aside: boolean, eventNs: number): void {
    tab.add(account, ns);
    tab.cpuNs += ns;
    if (aside) {
      tab.long.add(ns);
      return;
    }
    this.part(eventNs);
    tab.eventNs += ns;
  }

  /** Policies pay for themselves in the open event, from now on. */
  private part(eventNs: number): void {
    if (eventNs === DRAWS_DIFFER) this.closeAll();
    if (this.separate) return;
    this.separate = true;
    for (const tab of this.open) tab.eventNs = eventNs;
  }

  /** A device is read, or a touch has taken its time. */
  timed(): void {
    if (this.separate || this.calling) this.closeAll();
  }

  /** The open event, in which policies have paid for themselves, has taken its time. */
  stalled(): void {
    for (const tab of this.open) tab.long.add(tab.eventNs);
  }
}

/** What the open event has taken, as `Tabs` are told. */
export function eventTime(ns: number, drawsDiffer: boolean): number {
  return drawsDiffer ? DRAWS_DIFFER : ns;
}
