import { Device } from '../cost/device.js';
import { Ledger } from '../cost/ledger.js';
import type { CostTable } from '../cost/table.js';
import type { ReclaimPolicyInfo } from '../policy/reclaim/contract.js';
import type { Chosen } from '../policy/registry.js';
import { randomStream } from '../stats/random.js';
import { Counters } from './counters.js';
import { PageTables } from './mapping/page-table.js';
import { ReverseMap } from './mapping/rmap.js';
import type { Space } from './mapping/space.js';
import { Frames } from './memory/frames.js';
import { PageStore } from './memory/pages.js';
import { Shares } from './memory/shares.js';
import { Swap } from './memory/swap.js';
import { Objects } from './object/objects.js';
import { Reclaim } from './reclaim/reclaim.js';

/** Kinds of swap. */
export const SWAP_KINDS = ['none', 'ssd'] as const;
export type SwapKind = (typeof SWAP_KINDS)[number];

export interface MachineOptions {
  readonly costs: CostTable;
  readonly reclaim: Chosen<ReclaimPolicyInfo>;
  readonly swap: SwapKind;
  /** Memory limit in pages; undefined for none. */
  readonly limit: number | undefined;
  readonly seed: number;
}

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
  readonly swap = new Swap();
  /** Where swapped pages go; undefined when there is no swap. */
  readonly swapDevice: Device | undefined;
  readonly reclaim: Reclaim;
  readonly spaces = new Map<number, Space>();
  /** Spaces that are or were, in the order they began. */
  readonly everySpace: Space[] = [];
  /** Page table entries present, the zero page apart, over all spaces. */
  rss = 0;
  rssPeak = 0;
  vmas = 0;
  vmasPeak = 0;

  constructor(options: MachineOptions) {
    const room = Math.min(options.limit ?? Number.POSITIVE_INFINITY, INITIAL_FRAMES);
    this.costs = options.costs;
    this.frames = new Frames(room);
    this.pages = new PageStore(room + 1, (count) => this.reclaim.grow(count));
    this.shares = new Shares(this.frames);
    this.rmap = new ReverseMap(this);
    if (options.swap === 'ssd') {
      this.swapDevice = new Device(options.costs.devices.ssd, randomStream(options.seed, 'device/ssd'));
    }
    this.reclaim = new Reclaim(this, options);
  }

  /** Trace time moves on. */
  advance(timeUs: number): void {
    this.shares.advance(timeUs);
  }

  /** A space's VMAs have changed. */
  countVmas(space: Space): void {
    this.vmas += space.vmas.length - space.countedVmas;
    space.countedVmas = space.vmas.length;
    if (this.vmas > this.vmasPeak) this.vmasPeak = this.vmas;
  }

  /** Gives back all that a page holds: its contents are gone. No entry may refer to it any more. */
  freePage(page: number): void {
    this.reclaim.forget(page);
    const place = this.pages.place[page] as number;
    const slot = this.swapSlotOf(page);
    if (place >= 0) this.frames.free(place);
    if (slot >= 0) this.swap.free(slot);
    this.pages.release(page);
  }

  /** The swap slot of a page, in memory or not; -1 when it has none. */
  swapSlotOf(page: number): number {
    const place = this.pages.place[page] as number;
    return place >= 0 ? (this.frames.slot[place] as number) : this.pages.slotOf(page);
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

  /** Bytes of host memory that the state's arrays take, by part. */
  hostBytes(): Readonly<Record<'frames' | 'pages' | 'tables' | 'swap' | 'shares' | 'policy', number>> {
    return {
      frames: this.frames.bytes,
      pages: this.pages.bytes,
      tables: this.tables.bytes,
      swap: this.swap.bytes,
      shares: this.shares.bytes,
      policy: this.reclaim.policy.bytes ?? 0,
    };
  }
}
