import { grown, grownCapacity } from '../../base/arrays.js';
import { type FrameAllocator, FrameStack } from './allocator.js';

/** What keeps account of which memory cgroup pages are charged to. */
export interface PageOwners {
  /** A page has lost its frame. */
  uncharge(page: number): void;
  /** A page has got a swap slot, or lost it (-1). */
  chargeSwap(page: number, slots: 1 | -1): void;
}

/** Numbers of 16 bits are enough for objects and mappings of most traces; arrays get 32 with the first larger one. */
const NARROW = 0xffff;

/** Physical memory: what each frame holds. Only frames in use have meaning. */
export class Frames {
  /** Id of the page a frame holds; -1 while it is free. */
  page: Int32Array;
  /** Number of the object the page belongs to. Written by `setOwner`. */
  object: Uint16Array | Int32Array;
  /** The page's place in its object; for anonymous memory relative to the object's base, and signed. */
  index: Int32Array;
  /** Page table entries that map the frame. Written by `setMapcount`. */
  mapcount: Uint16Array | Int32Array;
  /** Swap slot with the same contents (the frame is in the swap cache), or -1. Empty until a frame has one. */
  private slots = new Int32Array(0);
  /** PG_readahead, by frame. Empty until a frame has it. */
  private readahead = new Uint8Array(0);
  /** Frames that will ever be in use at once, as far as is known: no room is made for more. */
  ceiling = Number.POSITIVE_INFINITY;
  /** Most frames ever in use. */
  peak = 0;
  /** Frames that also hold a swap slot. */
  inSwapCache = 0;
  /** Frames that are mapped at least once. */
  mapped = 0;
  /** Frames that are taken out of memory and hold no page (the pool of hugetlb pages). */
  private aside = 0;
  /** Undefined where there are no memory cgroups. */
  owners: Pick<PageOwners, 'uncharge'> | undefined;

  /**
   * @param capacity frames to make room for at the start
   * @param allocator decides which frame is next
   */
  constructor(
    capacity: number,
    private readonly allocator: FrameAllocator = new FrameStack(),
  ) {
    this.page = new Int32Array(capacity).fill(-1);
    this.object = new Uint16Array(capacity);
    this.index = new Int32Array(capacity);
    this.mapcount = new Uint16Array(capacity);
  }

  /** Frames that hold a page. */
  get inUse(): number {
    return this.allocator.inUse - this.aside;
  }

  get high(): number {
    return this.allocator.high;
  }

  get bytes(): number {
    const always =
      this.page.byteLength + this.object.byteLength + this.index.byteLength + this.mapcount.byteLength;
    return always + this.slots.byteLength + this.readahead.byteLength + this.allocator.bytes;
  }

  /** A frame for a page, not mapped yet. */
  allocate(page: number, object: number, index: number): number {
    const frame = this.allocator.allocate();
    this.hold(frame, page, object, index);
    return frame;
  }

  /**
   * As many frames as there are pages, next to each other where memory has a size. Returns them, undefined where there is no
   * such block.
   */
  allocateBlock(pages: Int32Array, order: number, object: number, index: number): Int32Array | undefined {
    const first = this.allocator.allocateBlock?.(order);
    if (first === -1) return undefined;
    return pages.map((page, i) => {
      const frame = first === undefined ? this.allocator.allocate() : first + i;
      this.hold(frame, page, object, index + i);
      return frame;
    });
  }

  private hold(frame: number, page: number, object: number, index: number): void {
    if (frame >= this.page.length) this.grow(frame + 1);
    this.page[frame] = page;
    this.setOwner(frame, object, index);
    this.mapcount[frame] = 0;
    if (this.readahead.length > 0) this.readahead[frame] = 0;
    if (this.inUse > this.peak) this.peak = this.inUse;
  }

  /** Takes back a frame that is not mapped. */
  free(frame: number): void {
    this.setSlot(frame, -1);
    if (this.owners !== undefined) this.owners.uncharge(this.page[frame]!);
    this.page[frame] = -1;
    this.allocator.free(frame);
  }

  /** Takes a block out of memory, for no page. Returns its first frame; -1 where there is none. */
  setAside(order: number): number {
    const first = this.allocator.allocateBlock?.(order) ?? -1;
    if (first < 0) return -1;
    this.aside += 1 << order;
    if (this.allocator.high > this.page.length) this.grow(this.allocator.high);
    return first;
  }

  /** Takes a certain frame out of memory, for no page. Returns whether it was free. */
  setFrameAside(frame: number): boolean {
    if (!this.allocator.allocateFrame?.(frame)) return false;
    this.aside++;
    if (this.allocator.high > this.page.length) this.grow(this.allocator.high);
    return true;
  }

  /** Frees such a block. */
  giveBack(first: number, order: number): void {
    this.aside -= 1 << order;
    for (let frame = first; frame < first + (1 << order); frame++) this.allocator.free(frame);
  }

  /** Says what a frame's page belongs to, and where it lies there. */
  setOwner(frame: number, object: number, index: number): void {
    if (object > NARROW) this.object = widened(this.object);
    this.object[frame] = object;
    this.index[frame] = index;
  }

  setMapcount(frame: number, mappings: number): void {
    if (mappings > NARROW) this.mapcount = widened(this.mapcount);
    this.mapcount[frame] = mappings;
  }

  /** The swap slot with the same contents; -1 for a frame that is not in the swap cache. */
  slotOf(frame: number): number {
    return frame < this.slots.length ? this.slots[frame]! : -1;
  }

  /** Puts a frame into the swap cache (`slot` ≥ 0) or takes it out (-1). */
  setSlot(frame: number, slot: number): void {
    const was = this.slotOf(frame);
    if (was === slot) return;
    if (was >= 0 && slot < 0) this.inSwapCache--;
    if (was < 0 && slot >= 0) this.inSwapCache++;
    if (this.slots.length === 0) this.slots = new Int32Array(this.page.length).fill(-1);
    this.slots[frame] = slot;
  }

  /** PG_readahead: read ahead, and not used since (of swap), or its use starts the next window (of files). */
  isReadahead(frame: number): boolean {
    return frame < this.readahead.length && this.readahead[frame] === 1;
  }

  setReadahead(frame: number, on: boolean): void {
    if (this.readahead.length === 0) {
      if (!on) return;
      this.readahead = new Uint8Array(this.page.length);
    }
    this.readahead[frame] = on ? 1 : 0;
  }

  private grow(needed: number): void {
    const length = Math.max(needed, Math.min(this.ceiling, grownCapacity(this.page.length, needed)));
    this.page = grown(this.page, length, -1);
    this.object = grown(this.object, length, 0);
    this.index = grown(this.index, length, 0);
    this.mapcount = grown(this.mapcount, length, 0);
    if (this.slots.length > 0) this.slots = grown(this.slots, length, -1);
    if (this.readahead.length > 0) this.readahead = grown(this.readahead, length, 0);
  }
}

/** The same numbers with room for larger ones. */
function widened(numbers: Uint16Array | Int32Array): Int32Array {
  return numbers instanceof Int32Array ? numbers : Int32Array.from(numbers);
}
