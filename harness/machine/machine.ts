import { InputError } from '../base/errors.js';
import { Device } from '../cost/device.js';
import { Ledger } from '../cost/ledger.js';
import type { CostTable } from '../cost/table.js';
import type { MergeRules } from '../policy/merge/contract.js';
import type { PurgeRules } from '../policy/purge/contract.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import { randomStream } from '../stats/random.js';
import type { SwapKind } from '../target/contract.js';
import { Ksm } from './ksm/ksm.js';
import { Frames } from './memory/frames.js';
import { MAX_PAGE_ORDER } from './memory/free-blocks.js';
import { PageStore } from './memory/pages.js';
import { StructPages } from './memory/struct-pages.js';
import { Swap } from './memory/swap.js';
import { Zone } from './memory/zone.js';
import { Kswapd } from './reclaim/kswapd.js';
import { Purge } from './reclaim/purge.js';
import { Reclaim } from './reclaim/reclaim.js';
import { Flusher } from './reclaim/writeback.js';
import { applySetting, Settings, settingNumber } from './settings.js';
import { Counters } from './state/counters.js';
import { Daemons } from './state/daemons.js';
import { Objects } from './state/objects.js';
import { PageTables } from './state/page-table.js';
import { Shares } from './state/pss.js';
import { ReverseMap } from './state/rmap.js';
import type { Space } from './state/space.js';
export interface MachineOptions {
  readonly costs: CostTable;
  readonly reclaim: Chosen<ReclaimPolicyInfo>;
  readonly swap: SwapKind;
  readonly purge: PurgeRules;
  readonly merge: MergeRules;
  /** Memory limit in pages; undefined for none. */
  readonly limit: number | undefined;
  /** The machine's memory in pages; undefined when it is never short. */
  readonly memory?: number | undefined;
  readonly seed: number;
}

/** Source: MAX_SWAPPINESS in include/linux/swap.h. */
const MAX_SWAPPINESS = 200;

/** Room at the start, in frames; arrays grow from there. */
const INITIAL_FRAMES = 4096;

/**
 * The simulated kernel's state: one part a field, each owning its arrays. What the kernel does is in functions over it:
 * mapping/ (faults, mmap, fork), advice/ (madvise, fallocate, truncate), reclaim/.
 */
export class Machine {
  readonly costs: CostTable;
  readonly ledger = new Ledger();
  readonly counters = new Counters();
  readonly frames: Frames;
  readonly pages: PageStore;
  readonly shares: Shares;
  readonly tables = new PageTables();
  readonly objects = new Objects();
  readonly rmap: ReverseMap;
  readonly swap: Swap;
  readonly structPages = new StructPages();
  /** Where swapped pages go; undefined when there is no swap. */
  readonly swapDevice: Device | undefined;
  /** All of the machine's memory, where it has a size; undefined when it is never short. */
  readonly zone: Zone | undefined;
  readonly kswapd: Kswapd | undefined;
  /** Where files are. */
  readonly disk: Device;
  readonly reclaim: Reclaim;
  readonly purge: Purge;
  readonly ksm: Ksm;
  readonly flusher = new Flusher(this);
  readonly daemons: Daemons;
  readonly settings = new Settings();
  readonly spaces = new Map<number, Space>();
  /** Spaces that are or were, in the order they began. */
  readonly everySpace: Space[] = [];
  /** Programs' handler of SIGBUS: true when the access can be made again. Without one it is given up. */
  sigbusHandler: ((space: Space, vpn: number) => boolean) | undefined;
  /** Page table entries present, the zero page apart, over all spaces. */
  rss = 0;
  rssPeak = 0;
  vmas = 0;
  vmasPeak = 0;
  /** Pages of images that have struct pages, once for each mapping. */
  structPagesMapped = 0;
  structPagesPeak = 0;

  constructor(options: MachineOptions) {
    const room = Math.min(options.limit ?? Number.POSITIVE_INFINITY, INITIAL_FRAMES);
    this.costs = options.costs;
    this.swap = new Swap(options.swap === 'zram');
    if (options.memory !== undefined) {
      this.zone = new Zone(options.memory, this.swap);
      this.kswapd = new Kswapd(this, this.zone);
    }
    this.frames = new Frames(room, this.zone?.buddy);
    this.pages = new PageStore(room + 1, (count) => this.reclaim.grow(count));
    this.shares = new Shares(this.frames);
    this.rmap = new ReverseMap(this);
    if (options.swap !== 'none') {
      const stream = randomStream(options.seed, `device/${options.swap}`);
      this.swapDevice = new Device(options.costs.devices[options.swap], stream);
    }
    this.disk = new Device(options.costs.devices.disk, randomStream(options.seed, 'device/disk'));
    this.purge = new Purge(this, options.purge);
    this.reclaim = new Reclaim(this, options);
    this.ksm = new Ksm(this, options.merge);
    const kswapd = this.kswapd ? [this.kswapd] : [];
    this.daemons = new Daemons([this.flusher, ...kswapd, this.ksm.ksmd]);
  }

  /** Trace time, in µs. */
  get nowUs(): number {
    return this.clockUs;
  }

  /** Trace time moves on. Daemons are run by `daemons`. */
  advance(timeUs: number): void {
    this.clockUs = timeUs;
    this.shares.advance(timeUs);
  }

  /** A setting in mid-trace. @throws InputError for an unknown name or a value out of range */
  set(name: string, value: string): void {
    if (name === 'mm.page_reporting_order') this.startReporting(value);
    else if (name === 'vm.swappiness')
      this.reclaim.policy.tune?.('swappiness', settingNumber(name, value, 0, MAX_SWAPPINESS));
    else if (name.startsWith('ksm.')) this.ksm.set(name, value);
    else applySetting(this.settings, name, value);
  }

  /** Free-page reporting begins: it needs memory of a size (include/linux/page_reporting.h). */
  private startReporting(value: string): void {
    if (!this.zone)
      throw new InputError('mm.page_reporting_order needs a machine of some memory, expected --memory');
    const order = settingNumber('mm.page_reporting_order', value, 0, MAX_PAGE_ORDER);
    this.zone.startReporting(order, () => this.nowUs);
    if (this.zone.reporting) this.daemons.add(this.zone.reporting);
  }

  /** A read from a device that the current event waits for: a part of its time is the CPU's. */
  readDevice(device: Device, part: number): void {
    const cpu = this.costs.faults.major_cpu.ns;
    this.ledger.cpu(part, cpu);
    const whole = device.read(this.ledger.nowNs, this.ledger.thread);
    this.ledger.io(part, Math.max(0, whole - cpu));
  }

  /** Takes a page that nobody maps out of the page cache; its contents are on its device. */
  uncache(page: number): void {
    const frame = this.pages.place[page]!;
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

  /** Gives back all that a page holds: its contents are gone. No entry may refer to it any more. */
  freePage(page: number): void {
    this.reclaim.forget(page);
    const place = this.pages.place[page]!;
    const slot = this.swapSlotOf(page);
    if (place >= 0) {
      this.ksm.frameLost(place);
      this.frames.free(place);
    }
    if (slot >= 0) this.swap.free(slot);
    this.pages.release(page);
  }

  /** The swap slot of a page, in memory or not; -1 when it has none. */
  swapSlotOf(page: number): number {
    const place = this.pages.place[page]!;
    return place >= 0 ? this.frames.slot[place]! : this.pages.slotOf(page);
  }

  /** Forgets a space that maps nothing any more. */
  removeSpace(space: Space): void {
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

  private recent: Space | undefined;
  private clockUs = 0;

  /** Bytes of host memory that the state's arrays take, by part. */
  hostBytes(): Readonly<
    Record<'frames' | 'pages' | 'tables' | 'swap' | 'shares' | 'ksm' | 'policy', number>
  > {
    return {
      frames: this.frames.bytes,
      pages: this.pages.bytes,
      tables: this.tables.bytes,
      swap: this.swap.bytes,
      shares: this.shares.bytes,
      ksm: this.ksm.bytes,
      policy: this.reclaim.policy.bytes ?? 0,
    };
  }
}
