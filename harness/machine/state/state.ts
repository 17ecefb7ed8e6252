import { SpaceKilled } from '../../contract/space-killed.js';
import { type SwapText, swapSetup } from '../../contract/swap.js';
import { Device } from '../../cost/device.js';
import { Ledger, PART, type StallIndex } from '../../cost/ledger.js';
import type { CostTable } from '../../cost/table.js';
import { RandomStreams } from '../../stats/random.js';
import { Compression } from '../memory/compression.js';
import { Frames } from '../memory/frames.js';
import { PageStore } from '../memory/pages.js';
import { StructPages } from '../memory/struct-pages.js';
import { Swap } from '../memory/swap.js';
import { Zone } from '../memory/zone.js';
import { Counters } from './counters.js';
import type { Effect } from './effects.js';
import type { HugeHooks, KsmHooks, Merger, PurgeHooks, ReclaimHooks, WritebackHooks } from './hooks.js';
import { Hugetlb } from './hugetlb.js';
import { Objects } from './objects.js';
import { PageTables } from './page-tables.js';
import { Pins } from './pins.js';
import { ProportionalUsage } from './pss.js';
import { ReverseMap } from './rmap.js';
import { Settings } from './settings.js';
import { Shootdowns } from './shootdowns.js';
import { SlotOwners } from './slot-owners.js';
import type { Space } from './space.js';
import { newHistory } from './swap-window.js';

/** How large the machine is, and what its parts cost. */
export interface StateOptions {
  readonly costs: CostTable;
  readonly swap: SwapText;
  /** Memory limit in pages; undefined for none. */
  readonly limit: number | undefined;
  /** The machine's memory in pages; undefined when it is never short. */
  readonly memory?: number | undefined;
  readonly seed: number;
  /** Draws of device latency that are booked. Default: one. */
  readonly draws?: number | undefined;
  /** One in this number of pages is replayed; 1, the default: all. */
  readonly sample?: number | undefined;
  /** CPUs that may run a space at a time. Default: one. */
  readonly cpus?: number | undefined;
}

/** Less the number of a file: the thread of requests that nothing waits for. Those of programs, and of daemons, are other numbers. */
const READ_AHEAD = -0.25;

/** Room at the start, in frames; arrays grow from there. */
const INITIAL_FRAMES = 4096;

/** A device with a stream of latencies for each draw: that of the first has no number. */
function device({ costs, seed, draws = 1 }: StateOptions, name: keyof CostTable['devices']): Device {
  const purposes = Array.from({ length: draws }, (_, i) => `device/${name}${i === 0 ? '' : `/${i + 1}`}`);
  return new Device(costs.devices[name], new RandomStreams(seed, purposes));
}

/**
 * What the simulated kernel keeps, one part a field, each owning its arrays. What the kernel does is in functions over
 * it: entries/, object/, mapping/. Those reach the agents (reclaim, KSM, …) only through the hooks declared here; the
 * agents themselves are put together in machine.ts.
 */
export abstract class State {
  readonly costs: CostTable;
  readonly ledger: Ledger;
  readonly counters = new Counters();
  readonly frames: Frames;
  readonly pages: PageStore;
  readonly pss: ProportionalUsage;
  readonly tables = new PageTables();
  readonly objects = new Objects();
  readonly rmap: ReverseMap;
  readonly swap: Swap;
  readonly structPages = new StructPages();
  /** What devices have pinned. */
  readonly pins = new Pins();
  /** What was read ahead by place on the swap device, and whose the pages there are. */
  readonly swapHistory = newHistory();
  readonly slotOwners = new SlotOwners();
  readonly hugetlb: Hugetlb;
  /** Where swapped pages go; undefined when there is no swap. */
  readonly swapDevice: Device | undefined;
  /** All of the machine's memory, where it has a size; undefined when it is never short. */
  readonly zone: Zone | undefined;
  /** Where files are. */
  readonly disk: Device;
  readonly settings = new Settings();
  /** One in this number of pages is replayed. */
  readonly sample: number;
  /** Undefined where a space runs on one CPU. */
  readonly shootdowns: Shootdowns | undefined;
  readonly spaces = new Map<number, Space>();
  /** Spaces that are or were, in the order they began. */
  readonly allSpacesEver: Space[] = [];
  /** Programs' handler of SIGBUS: true when the access can be made again. Without one it is given up. */
  sigbusHandler: ((space: Space, vpn: number) => boolean) | undefined;
  /** What the discard policy does to memory now, in its order; undefined where nothing follows it. */
  effects: Effect[] | undefined;
  /** The space whose event is at work, once it was killed: until its next page, or the end of the event. */
  dying: Space | undefined;
  /** Whether a policy of the program is at work. */
  inPolicy = false;
  /** Whether a fault is at work through a mapping whose uses count (lru_gen_enter_fault). */
  inFault = false;
  /** Page table entries present over all spaces, excluding those of the zero page. */
  rss = 0;
  rssPeak = 0;
  vmas = 0;
  vmasPeak = 0;
  /** Pages of images that have struct pages, once for each mapping. */
  structPagesMapped = 0;
  structPagesPeak = 0;

  /** Huge pages; undefined until a trace asks for them. */
  huge: HugeHooks | undefined;
  abstract readonly reclaim: ReclaimHooks;
  abstract readonly purge: PurgeHooks;
  abstract readonly ksm: KsmHooks;
  abstract readonly merger: Merger;
  abstract readonly flusher: WritebackHooks;

  private recent: Space | undefined;
  private clockUs = 0;

  constructor(options: StateOptions) {
    const room = Math.min(options.limit ?? Number.POSITIVE_INFINITY, INITIAL_FRAMES);
    this.costs = options.costs;
    this.sample = options.sample ?? 1;
    const { cpus = 1 } = options;
    if (cpus > 1) this.shootdowns = new Shootdowns(cpus, options.costs.tlb_shootdown);
    this.ledger = new Ledger(options.draws, this.sample);
    const { kind, pages, ratio } = swapSetup(options.swap);
    this.swap = new Swap(pages, kind === 'zram' ? new Compression(ratio) : undefined);
    if (options.memory !== undefined) this.zone = new Zone(options.memory, this.swap);
    this.frames = new Frames(room, this.zone?.buddy);
    this.hugetlb = new Hugetlb(this.zone && this.frames);
    this.pages = new PageStore(room + 1, (count) => this.reclaim.grow(count));
    this.pss = new ProportionalUsage(this.frames);
    this.rmap = new ReverseMap(this);
    if (kind !== 'none') this.swapDevice = device(options, kind);
    this.disk = device(options, 'disk');
  }

  /** Trace time, in µs. */
  get nowUs(): number {
    return this.clockUs;
  }

  /** Trace time moves on. Daemons are run by `daemons`. */
  advance(timeUs: number): void {
    this.clockUs = timeUs;
    this.pss.advance(timeUs);
  }

  /**
   * A read from a device that the current event waits for: a part of its time is the CPU's. Its latency ends here: it is
   * charged, and nothing that the machine does or decides depends on it, so that one replay can book several draws.
   *
   * @param returned the page that is read, where it was evicted: the wait may be memory pressure (swap_read_folio, folio_wait_bit_common)
   * @param pages that one request reads
   */
  readDevice(device: Device, part: StallIndex, returned: number | undefined, pages = 1): void {
    const { ledger } = this;
    const cpu = this.costs.faults.major_cpu.ns;
    const further = pages - 1;
    ledger.cpu(part, cpu + further * this.costs.read_ahead.page_cpu.ns);
    const furtherNs = further * this.costs.read_ahead.device_page.ns;
    device.read(ledger.nowNs(this.nowUs), ledger.aheadNs, ledger.thread, furtherNs);
    if (returned === undefined || !this.reclaim.isWorkingset(returned)) {
      ledger.read(part, device.waitsNs, cpu);
      return;
    }
    ledger.enterMemstall();
    ledger.read(part, device.waitsNs, cpu);
    ledger.leaveMemstall();
  }

  /** Other CPUs drop what they have cached of entries that have changed; a part of the stall time pays, also for huge pages that were split. */
  flushTlb(part: StallIndex): void {
    const { shootdowns, ledger } = this;
    this.paySplits(part);
    if (shootdowns) ledger.cpu(part, shootdowns.flush(ledger.payer, this.nowUs));
  }

  /** The same at the end of a call, which is there once however few of its pages are replayed. */
  flushTlbOnce(part: StallIndex): void {
    const { shootdowns, ledger, sample } = this;
    this.paySplits(part);
    if (shootdowns) ledger.cpu(part, shootdowns.flush(ledger.payer, this.nowUs) / sample);
  }

  /** Huge pages that were split since this was called last are paid. */
  paySplits(part: StallIndex): void {
    const ns = this.huge?.owedForSplits() ?? 0;
    if (ns > 0) this.ledger.cpu(part, ns);
  }

  /**
   * A read from a device begins that nothing waits for. The event at hand pays for the pages.
   *
   * @param stream any number, another for each file: a file's requests follow each other
   * @returns when the pages are there, in ns of trace time by draw of latency
   */
  readDeviceAhead(device: Device, stream: number, pages: number): Float64Array {
    const { ledger } = this;
    ledger.cpu(PART.minor, pages * this.costs.read_ahead.page_cpu.ns);
    const nowNs = ledger.startRead(this.nowUs);
    const furtherNs = (pages - 1) * this.costs.read_ahead.device_page.ns;
    device.read(nowNs, ledger.aheadNs, READ_AHEAD - stream, furtherNs);
    return device.waitsNs.map((waitNs, draw) => nowNs + ledger.aheadNs[draw]! + waitNs);
  }

  /** Takes a page that is not mapped out of the page cache; its contents are on its device. */
  uncache(page: number): void {
    const frame = this.pages.location[page]!;
    if (frame < 0) return;
    this.reclaim.forget(page);
    this.frames.free(frame);
    this.pages.setAbsent(page);
  }

  /** A space's VMAs have changed. */
  countVmas(space: Space): void {
    this.vmas += space.vmas.length - space.countedVmas;
    space.countedVmas = space.vmas.length;
    if (this.vmas > this.vmasPeak) this.vmasPeak = this.vmas;
    if (this.objects.anyStructPages) this.countStructPages();
  }

  /** Pages of images with struct pages that spaces map: each space has a memory map of its own for the image. */
  private countStructPages(): void {
    let mapped = 0;
    for (const space of this.spaces.values()) {
      space.structPages = 0;
      for (const vma of space.vmas)
        if (vma.object?.options.structPages) space.structPages += vma.end - vma.start;
      mapped += space.structPages;
      space.structPagesPeak = Math.max(space.structPagesPeak, space.structPages);
    }
    this.structPagesMapped = mapped;
    this.structPagesPeak = Math.max(this.structPagesPeak, mapped);
  }

  /**
   * Frees all that a page holds: its contents are gone. No entry may refer to it any more. A page that a device has pinned
   * keeps its frame.
   */
  freePage(page: number): void {
    if (this.pins.has(page)) {
      this.pins.orphan(this, page);
      return;
    }
    this.reclaim.forget(page);
    const place = this.pages.location[page]!;
    const slot = this.swapSlotOf(page);
    if (place >= 0) {
      this.ksm.frameLost(place);
      this.frames.free(place);
    }
    if (slot >= 0) this.swap.release(slot);
    this.pages.release(page);
  }

  /** The swap slot of a page, in memory or not; -1 when it has none. */
  swapSlotOf(page: number): number {
    const place = this.pages.location[page]!;
    return place >= 0 ? this.frames.slotOf(place) : this.pages.slotOf(page);
  }

  /** A page id for a frame that is about to be allocated. @throws SpaceKilled for a space that was killed */
  newPage(): number {
    this.mustLive();
    return this.pages.create();
  }

  /** @throws SpaceKilled where the space whose event is at work was killed, and no call of a policy has to end first */
  mustLive(): void {
    if (this.dying !== undefined && !this.inPolicy) throw new SpaceKilled();
  }

  /** Forgets a space that maps nothing any more. */
  removeSpace(space: Space): void {
    space.endedUs = this.clockUs;
    this.spaces.delete(space.id);
    if (this.recent === space) this.recent = undefined;
  }

  /** The space with this id; undefined when there is none. */
  space(id: number): Space | undefined {
    const { recent } = this;
    if (recent?.id === id) return recent;
    const space = this.spaces.get(id);
    if (space) this.recent = space;
    return space;
  }
}
