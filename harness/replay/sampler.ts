import type { Moment } from '../metrics/files.js';
import type { MemoryGauges, Target } from '../target/contract.js';

/** Samples a cell in timeline.csv, excluding marks. */
const SAMPLES = 500;

/**
 * Watches the machine's memory over trace time: exact time-weighted means, and rows of timeline.csv at equal steps and
 * at marks. A sample at t shows the state after all events up to t.
 */
export class Sampler {
  readonly rows: Moment[] = [];
  private resident = 0;
  private swap = 0;
  private footprint = 0;
  private overhead = 0;
  private lazyfree = 0;
  private volatile = 0;
  private reported = 0;
  private nowUs: number;
  private nextSample = 0;

  /** @param timeline whether to keep rows */
  constructor(
    private readonly target: Target,
    private readonly firstUs: number,
    private readonly lastUs: number,
    private readonly timeline: boolean,
  ) {
    this.nowUs = firstUs;
  }

  /** Time moves on from the last event's to `timeUs`; the machine is still as that event left it. */
  advance(timeUs: number): void {
    if (this.timeline) this.sampleUpTo(timeUs);
    const passed = timeUs - this.nowUs;
    const now = this.target.gauges();
    this.resident += passed * now.resident;
    this.swap += passed * now.swap;
    this.footprint += passed * now.footprint;
    this.overhead += passed * now.overhead;
    this.lazyfree += passed * now.lazyfree;
    this.volatile += passed * now.volatile;
    this.reported += passed * now.reported;
    this.nowUs = timeUs;
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
    return this.resident;
  }

  /** Means over trace time. */
  means(): MemoryGauges {
    const passed = this.nowUs - this.firstUs;
    if (passed === 0) return this.target.gauges();
    return {
      resident: this.resident / passed,
      swap: this.swap / passed,
      footprint: this.footprint / passed,
      overhead: this.overhead / passed,
      lazyfree: this.lazyfree / passed,
      volatile: this.volatile / passed,
      reported: this.reported / passed,
    };
  }

  private sampleTime(sample: number): number {
    return this.firstUs + Math.round(((this.lastUs - this.firstUs) * sample) / (SAMPLES - 1));
  }

  private sampleUpTo(timeUs: number): void {
    for (; this.nextSample < SAMPLES; this.nextSample++) {
      const at = this.sampleTime(this.nextSample);
      if (at >= timeUs) return;
      // A trace shorter than 500 µs has fewer different moments than samples.
      if (this.nextSample === 0 || at > this.sampleTime(this.nextSample - 1))
        this.rows.push(this.row(at, ''));
    }
  }

  private row(timeUs: number, label: string): Moment {
    return { time_us: timeUs, label, ...this.target.timeline() };
  }
}
