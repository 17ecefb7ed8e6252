import type { Machine } from '../machine/machine.js';
import type { Row } from '../metrics/csv.js';

/** Samples a cell in timeline.csv, marks apart. */
const SAMPLES = 500;

/** Memory at one moment. */
interface Gauges {
  readonly resident: number;
  readonly swap: number;
  readonly swapcache: number;
  readonly tables: number;
}

/** Means over trace time, in pages. */
export interface MemoryMeans {
  readonly resident: number;
  readonly swap: number;
  readonly footprint: number;
  /** What the kernel needs to keep track: page tables. */
  readonly overhead: number;
}

/**
 * Watches the machine's memory over trace time: exact time-weighted means, and rows of timeline.csv at equal steps and
 * at marks. A sample at t shows the state after all events up to t.
 */
export class Sampler {
  readonly rows: Row[] = [];
  private resident = 0;
  private swap = 0;
  private footprint = 0;
  private overhead = 0;
  private nowUs: number;
  private nextSample = 0;

  /** @param timeline whether to keep rows */
  constructor(
    private readonly machine: Machine,
    private readonly firstUs: number,
    private readonly lastUs: number,
    private readonly timeline: boolean,
  ) {
    this.nowUs = firstUs;
  }

  /** Time moves on from the last event's to `timeUs`; the machine is still as that event left it. */
  advance(timeUs: number): void {
    if (this.timeline) this.sampleUpTo(timeUs);
    const { frames, swap, tables } = this.machine;
    const passed = timeUs - this.nowUs;
    const resident = frames.inUse;
    this.resident += passed * resident;
    this.swap += passed * swap.inUse;
    this.footprint += passed * (resident + swap.inUse - frames.inSwapCache);
    this.overhead += passed * tables.pages;
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

  means(): MemoryMeans {
    const passed = this.nowUs - this.firstUs;
    if (passed === 0) {
      const { resident, swap, swapcache, tables } = this.gauges();
      return { resident, swap, footprint: resident + swap - swapcache, overhead: tables };
    }
    return {
      resident: this.resident / passed,
      swap: this.swap / passed,
      footprint: this.footprint / passed,
      overhead: this.overhead / passed,
    };
  }

  private gauges(): Gauges {
    const { frames, swap, tables } = this.machine;
    return { resident: frames.inUse, swap: swap.inUse, swapcache: frames.inSwapCache, tables: tables.pages };
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

  private row(timeUs: number, label: string): Row {
    const { machine } = this;
    const { resident, swap, swapcache, tables } = this.gauges();
    return {
      time_us: timeUs,
      label,
      limit_pages: machine.reclaim.limited ? machine.reclaim.limit : null,
      resident_pages: resident,
      rss_pages: machine.rss,
      swap_pages: swap,
      swapcache_pages: swapcache,
      footprint_pages: resident + swap - swapcache,
      lazyfree_pages: machine.pages.lazyfree,
      volatile_pages: 0,
      page_table_pages: tables,
      vmas: machine.vmas,
    };
  }
}
