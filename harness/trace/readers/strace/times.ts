import type { Clock } from '../calls/call.js';
import type { LineForm } from './leader.js';

const DAY_US = 86_400_000_000;
/** Groups before those of the time in a leader's pattern. */
const FIRST = 3;

/** The times of a log's lines, in whole µs. */
export class Times {
  private readonly clock: Clock;
  /** 10 to the power of the digits that are after a second's point and before a nanosecond's end. */
  private readonly decimalNs: number;
  /** Sum of the deltas of -r, in ns. */
  private sinceNs = 0;
  private lastUs = 0;
  private days = 0;

  constructor({ clock, digits }: LineForm) {
    this.clock = clock;
    this.decimalNs = 10 ** (9 - digits);
  }

  /** Whether times of day have gone past midnight. */
  get pastMidnight(): boolean {
    return this.days > 0;
  }

  /** The time of a line, of its leader; to be called for each line in turn, as -r counts from the one before. */
  of(leader: RegExpExecArray): number {
    if (this.clock === 'epoch')
      return Number(leader[FIRST]) * 1e6 + Math.floor(this.nanoseconds(leader[FIRST + 1]!) / 1000);
    if (this.clock === 'relative') {
      this.sinceNs += Number(leader[FIRST]) * 1e9 + this.nanoseconds(leader[FIRST + 1]!);
      return Math.floor(this.sinceNs / 1000);
    }
    if (this.clock === 'day') return this.ofDay(leader);
    return 0;
  }

  private nanoseconds(decimals: string): number {
    return Number(decimals) * this.decimalNs;
  }

  private ofDay(leader: RegExpExecArray): number {
    const minutes = Number(leader[FIRST]) * 60 + Number(leader[FIRST + 1]);
    const decimalsUs = Math.floor(this.nanoseconds(leader[FIRST + 3]!) / 1000);
    const ofDay = (minutes * 60 + Number(leader[FIRST + 2])) * 1e6 + decimalsUs;
    // The time of day only: half a day backwards is midnight.
    if (ofDay + this.days * DAY_US < this.lastUs - DAY_US / 2) this.days++;
    this.lastUs = Math.max(this.lastUs, ofDay + this.days * DAY_US);
    return ofDay + this.days * DAY_US;
  }
}
