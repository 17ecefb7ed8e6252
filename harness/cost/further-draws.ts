import { grown } from '../base/arrays.js';
import { LatencyHistogram } from '../stats/latency.js';
import { LongStalls } from './long-stalls.js';

/** Touches that are kept until they are counted: a draw at a time, which is faster than a touch at a time. */
const TOUCHES = 256;

/**
 * What further draws of device latency have that the first has not. A latency reaches neither a daemon nor a decision, so
 * that all draws take the same events and differ in the time of these alone: each is booked as what it takes beyond the
 * first. All arrays are by draw; the first is in them, with nothing beyond itself.
 */
export class FurtherDraws {
  /** Of the open event: ns beyond the first draw. */
  readonly aheadNs: Float64Array;
  /** Of all events: ns of I/O wait beyond the first draw. */
  readonly ioWaitNs: Float64Array;
  /** Touches that read a device. Empty until there are any: few replays have them, and their counts are large. */
  private touches: LatencyHistogram[] = [];
  /** By draw, `TOUCHES` of each: what touches took that are not counted yet. */
  private tookNs = new Float64Array(0);
  /** How many these are. */
  private taken = 0;
  /** Long stalls with a read of a device in them. */
  private readonly long: readonly LongStalls[];
  /** `aheadNs` as it was at places of the open event, one after the other. */
  private places: Float64Array;
  /** How many device reads there had been at each. */
  private readonly readsAt: number[] = [];
  /** Device reads on accounts. */
  private reads = 0;
  private depth = 0;

  constructor(readonly draws: number) {
    this.aheadNs = new Float64Array(draws);
    this.ioWaitNs = new Float64Array(draws);
    this.long = Array.from({ length: draws }, () => new LongStalls());
    this.places = new Float64Array(draws);
  }

  /** An event begins. */
  begin(): void {
    // Typed arrays of a few elements: a loop is faster than fill and set.
    for (let draw = 1; draw < this.draws; draw++) this.aheadNs[draw] = 0;
  }

  /** No place of the open event is needed any more. */
  forget(): void {
    this.depth = 0;
  }

  /** Books a device read of the open event. `waitNs` is what it waits in the first draw. */
  book(stallNs: Float64Array, part: number, waitNs: number, waitsNs: Float64Array, cpuNs: number): void {
    const { draws, aheadNs, ioWaitNs } = this;
    this.reads++;
    for (let draw = 1, at = part * draws + 1; draw < draws; draw++, at++) {
      const beyond = Math.max(0, waitsNs[draw]! - cpuNs) - waitNs;
      aheadNs[draw] = aheadNs[draw]! + beyond;
      ioWaitNs[draw] = ioWaitNs[draw]! + beyond;
      stallNs[at] = stallNs[at]! + beyond;
    }
  }

  /** Keeps what the open event has come to. Returns the place where it is kept. */
  keep(): number {
    const place = this.depth++;
    const from = place * this.draws;
    if (from === this.places.length) this.places = grown(this.places, 2 * from);
    for (let draw = 0; draw < this.draws; draw++) this.places[from + draw] = this.aheadNs[draw]!;
    this.readsAt[place] = this.reads;
    return place;
  }

  /** The open event goes on from what it had come to. */
  restore(place: number): void {
    const from = place * this.draws;
    for (let draw = 0; draw < this.draws; draw++) this.aheadNs[draw] = this.places[from + draw]!;
    this.depth = place;
  }

  /** Whether a device was read since a place was kept. It and those after it are given up. */
  readSince(place: number): boolean {
    this.depth = place;
    return this.readsAt[place] !== this.reads;
  }

  /** A touch with a device read in it is over. @param place where it began; -1 where it was the first to read */
  touched(ns: number, place: number): void {
    if (this.taken === 0) this.prepare();
    const { draws, aheadNs, tookNs, places } = this;
    const from = place * draws;
    for (let draw = 0, at = this.taken; draw < draws; draw++, at += TOUCHES)
      tookNs[at] = ns + aheadNs[draw]! - (place < 0 ? 0 : places[from + draw]!);
    if (++this.taken === TOUCHES) this.count();
  }

  /** Makes room for touches, where there has been none. */
  private prepare(): void {
    if (this.touches.length > 0) return;
    this.touches = Array.from({ length: this.draws }, () => new LatencyHistogram());
    this.tookNs = new Float64Array(TOUCHES * this.draws);
  }

  /** Counts the touches that are kept. */
  private count(): void {
    for (let draw = 0; draw < this.touches.length; draw++) {
      const from = draw * TOUCHES;
      this.touches[draw]!.recordAll(this.tookNs, from, from + this.taken);
      this.long[draw]!.addAll(this.tookNs, from, from + this.taken);
    }
    this.taken = 0;
  }

  /** A call with a device read in it is over. @param place as in `touched` */
  stalled(ns: number, place: number): void {
    for (let draw = 0; draw < this.draws; draw++) this.long[draw]!.add(this.took(ns, place, draw));
  }

  /** The touches of a draw that read a device; undefined where none did. */
  touchesOf(draw: number): LatencyHistogram | undefined {
    this.count();
    return this.touches[draw];
  }

  /** Long stalls of a draw with a read of a device in them. */
  longOf(draw: number): LongStalls {
    this.count();
    return this.long[draw]!;
  }

  private took(ns: number, place: number, draw: number): number {
    const before = place < 0 ? 0 : this.places[place * this.draws + draw]!;
    return ns + this.aheadNs[draw]! - before;
  }
}
