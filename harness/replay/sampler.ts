import { labelText } from '../base/printable.js';
import { addGauges, clearGauges, MemoryGauges, type Target } from '../contract/target.js';
import type { Moment } from '../metrics/files.js';

const GAUGES = Object.keys(new MemoryGauges()) as (keyof MemoryGauges)[];

/** Samples a cell in timeline.csv, excluding marks: where the end is not known, at least as many and fewer than twice as many. */
const SAMPLES = 500;

/**
 * Watches the machine's memory over trace time: exact time-weighted means, and rows of timeline.csv at equal steps and
 * at marks. A sample at t shows the state after all events up to t. Where stalls delay, time goes on beyond the trace: steps are
 * as long as without delays, and twice as long whenever there are too many rows.
 */
export class Sampler {
  readonly rows: Moment[] = [];
  /** Memory times the µs for which it was so, without that of `held`. */
  private readonly sums = new MemoryGauges();
  /** Memory that has been the same for a while, and for how long. */
  private readonly held = new MemoryGauges();
  private heldUs = 0;
  private heldVersion: number | undefined;
  private nowUs: number;
  private nextSample = 0;
  /** Steps from one sample to the next. */
  private every = 1;
  /** When the next sample is due. */
  private nextSampleUs: number;

  /**
   * @param timeline whether to keep rows
   * @param delays whether time may go on beyond `lastUs`
   */
  constructor(
    private readonly target: Target,
    private readonly firstUs: number,
    private readonly lastUs: number,
    private readonly timeline: boolean,
    private readonly delays = false,
  ) {
    this.nowUs = firstUs;
    this.nextSampleUs = this.sampleTime(0);
  }

  /** Time moves on from the last event's to `timeUs`; the machine is still as that event left it. */
  advance(timeUs: number): void {
    if (this.timeline && this.nextSampleUs < timeUs) this.sampleUpTo(timeUs);
    const version = this.target.memoryVersion;
    if (version === undefined || version !== this.heldVersion) this.hold(version);
    this.heldUs += timeUs - this.nowUs;
    this.nowUs = timeUs;
  }

  /** Memory may be other than it was. */
  private hold(version: number | undefined): void {
    this.addHeld();
    clearGauges(this.held);
    this.target.addMemory(this.held, 1);
    this.heldVersion = version;
  }

  private addHeld(): void {
    addGauges(this.sums, this.held, this.heldUs);
    this.heldUs = 0;
  }

  /** A mark of the trace, at the time of the last event. */
  mark(label: string): void {
    if (this.timeline) this.rows.push(this.row(this.nowUs, label));
  }

  /** The trace is over. */
  finish(): void {
    if (!this.timeline) return;
    const { nowUs, lastUs } = this;
    this.sampleUpTo(this.delays ? Math.max(nowUs, lastUs) + 1 : Number.POSITIVE_INFINITY);
    if (nowUs > lastUs && this.rows.at(-1)?.time_us !== nowUs) this.rows.push(this.row(nowUs, ''));
  }

  /** Page-microseconds of resident pages so far. */
  get residentPageUs(): number {
    this.addHeld();
    return this.sums.resident;
  }

  /** Means over trace time. */
  means(): MemoryGauges {
    this.addHeld();
    const means = new MemoryGauges();
    const passed = this.nowUs - this.firstUs;
    if (passed === 0) this.target.addMemory(means, 1);
    else for (const name of GAUGES) means[name] = this.sums[name] / passed;
    return means;
  }

  private sampleTime(sample: number): number {
    return this.firstUs + Math.round(((this.lastUs - this.firstUs) * sample) / (SAMPLES - 1));
  }

  private sampleUpTo(timeUs: number): void {
    const endless = this.delays && this.lastUs > this.firstUs;
    for (; endless || this.nextSample < SAMPLES; this.nextSampleUs = this.sampleTime(this.nextSample)) {
      const at = this.nextSampleUs;
      if (at >= timeUs) return;
      // A trace shorter than 500 µs has fewer different moments than samples.
      if (this.nextSample === 0 || at > this.sampleTime(this.nextSample - this.every))
        this.rows.push(this.row(at, ''));
      this.nextSample += this.every;
      if (this.nextSample === 2 * SAMPLES * this.every) this.thin();
    }
  }

  /** Drops every other sample. */
  private thin(): void {
    let samples = 0;
    const kept = this.rows.filter(({ label }) => label !== '' || samples++ % 2 === 0);
    this.rows.splice(0, this.rows.length, ...kept);
    this.every *= 2;
  }

  private row(timeUs: number, label: string): Moment {
    return { time_us: timeUs, label: labelText(label), ...this.target.timeline() };
  }
}
