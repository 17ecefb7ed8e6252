import { labelText } from '../base/printable.js';
import { addGauges, MemoryGauges, type Target } from '../contract/target.js';
import type { Moment } from '../metrics/files.js';

const GAUGES = Object.keys(new MemoryGauges()) as (keyof MemoryGauges)[];

/** Samples a cell in timeline.csv, excluding marks. */
const SAMPLES = 500;

/**
 * Watches the machine's memory over trace time: exact time-weighted means, and rows of timeline.csv at equal steps and
 * at marks. A sample at t shows the state after all events up to t.
 */
export class Sampler {
  readonly rows: Moment[] = [];
  /** Memory times the µs for which it was so, without that of `held`. */
  private readonly sums = new MemoryGauges();
  /** Memory that has been the same for a while, and for how long. */
  private held = new MemoryGauges();
  private heldUs = 0;
  private heldVersion: number | undefined;
  private nowUs: number;
  private nextSample = 0;
  /** When the next sample is due. */
  private nextSampleUs: number;

  /** @param timeline whether to keep rows */
  constructor(
    private readonly target: Target,
    private readonly firstUs: number,
    private readonly lastUs: number,
    private readonly timeline: boolean,
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
    this.held = new MemoryGauges();
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
    if (this.timeline) this.sampleUpTo(Number.POSITIVE_INFINITY);
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
    for (; this.nextSample < SAMPLES; this.nextSampleUs = this.sampleTime(++this.nextSample)) {
      const at = this.nextSampleUs;
      if (at >= timeUs) return;
      // A trace shorter than 500 µs has fewer different moments than samples.
      if (this.nextSample === 0 || at > this.sampleTime(this.nextSample - 1))
        this.rows.push(this.row(at, ''));
    }
  }

  private row(timeUs: number, label: string): Moment {
    return { time_us: timeUs, label: labelText(label), ...this.target.timeline() };
  }
}
