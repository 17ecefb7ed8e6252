import { PAGE_BYTES } from '../base/page.js';
import type { Machine } from '../machine/machine.js';
import type { Moment } from '../metrics/files.js';

/** Samples a cell in timeline.csv, marks apart. */
const SAMPLES = 500;

/** Memory at one moment, or its mean over trace time, in pages. */
export interface MemoryMeans {
  readonly resident: number;
  readonly swap: number;
  /** What the kernel needs to keep track: page tables, struct pages of images, what KSM tracks. */
  readonly overhead: number;
  /** Memory the pages take, wherever they are: frames, slots that are not also in the swap cache, compressed pages. */
  readonly footprint: number;
  readonly volatile: number;
  /** Free pages that the host has taken back. */
  readonly reported: number;
}

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
  private volatile = 0;
  private reported = 0;
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
    const passed = timeUs - this.nowUs;
    const now = this.gauges();
    this.resident += passed * now.resident;
    this.swap += passed * now.swap;
    this.footprint += passed * now.footprint;
    this.overhead += passed * now.overhead;
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

  means(): MemoryMeans {
    const passed = this.nowUs - this.firstUs;
    if (passed === 0) return this.gauges();
    return {
      resident: this.resident / passed,
      swap: this.swap / passed,
      footprint: this.footprint / passed,
      volatile: this.volatile / passed,
      reported: this.reported / passed,
      overhead: this.overhead / passed,
    };
  }

  private gauges(): MemoryMeans {
    const { frames, swap, tables, pages, zone, structPagesMapped, settings, ksm } = this.machine;
    const slots = swap.synchronous ? swap.compressedBytes / PAGE_BYTES : swap.inUse - frames.inSwapCache;
    return {
      resident: frames.inUse,
      swap: swap.inUse,
      overhead:
        tables.pages +
        (structPagesMapped * settings.structPageBytes + ksm.strategy.metadataBytes) / PAGE_BYTES,
      footprint: frames.inUse + slots,
      volatile: pages.volatile,
      reported: zone?.reporting?.reportedPages ?? 0,
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
    const { machine } = this;
    const { resident, swap, footprint, volatile } = this.gauges();
    return {
      time_us: timeUs,
      label,
      limit_pages: machine.reclaim.limited ? machine.reclaim.limit : null,
      resident_pages: resident,
      rss_pages: machine.rss,
      swap_pages: swap,
      swapcache_pages: machine.frames.inSwapCache,
      footprint_pages: footprint,
      lazyfree_pages: machine.pages.lazyfree,
      volatile_pages: volatile,
      page_table_pages: machine.tables.pages,
      pages_shared: machine.ksm.strategy.pagesShared,
      pages_sharing: machine.ksm.strategy.pagesSharing,
      ksm_zero_pages: machine.ksm.zeroPages,
      vmas: machine.vmas,
    };
  }
}
