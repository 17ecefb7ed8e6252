import type { FrameAllocator } from './allocator.js';
import { FreeBlocks, mustBeOrder, ORDERS, STATE } from './free-blocks.js';
import { pcpBatch, pcpHigh, type Watermarks, watermarks } from './watermarks.js';

/** Frame numbers and twice as many links must fit into 32 bits. */
const PAGES_LIMIT = 2 ** 29;

export interface BuddyOptions {
  /** Frames that the fast path takes and gives back at once (pcp->batch), at least 1; by default as the kernel. */
  readonly batch?: number;
  /** Frames on the fast path from which a batch goes back (pcp->high); with 1 it keeps none. By default as the kernel. */
  readonly high?: number;
  /** Processors that share the default of `high`; 1 by default. The machine has one fast path whatever it is. */
  readonly cpus?: number;
  /** vm.min_free_kbytes; by default the kernel's choice at boot. */
  readonly minFreeKbytes?: number;
}

/**
 * The kernel's allocator of physical memory (mm/page_alloc.c): free blocks of orders 0 to 10, and before them a stack
 * of single frames like a per-CPU list. Memory has a fixed size, is one zone and has one migrate type.
 *
 * Frames on the fast path are free but in no block: they merge with their buddies only when they are drained. The
 * kernel lets batch and high grow while a list is busy (nr_pcp_alloc, nr_pcp_free) and keeps other small orders too;
 * here they are constants and only single frames are kept.
 *
 * Host memory is 9 bytes a frame and 8 for each that the fast path may hold.
 */
export class BuddyAllocator implements FrameAllocator {
  readonly watermarks: Watermarks;
  readonly pcpBatch: number;
  readonly pcpHigh: number;
  /** Frames that the host has no memory behind: `report` makes them so, handing them out brings them back. */
  absent = 0;
  /** Frames handed out that were absent: the host has found memory for each (an EPT violation). */
  hostFaults = 0;

  protected readonly areas: FreeBlocks;
  protected readonly state: Uint8Array;
  /**
   * The fast path, from `bottom` to `top`: the last is the next to be handed out, the first the next to be drained.
   * Twice as long as it can be full, so that what is left moves down only once as many have been drained.
   */
  protected readonly pcp: Int32Array;
  protected bottom = 0;
  protected top = 0;
  protected next = 0;
  private notifyOrder = ORDERS;
  private onFreeBlock: (order: number) => void = () => {};

  /**
   * @param pages frames there are
   * @throws RangeError when there are none or more than 2^29, or batch or high is not positive
   */
  constructor(
    readonly pages: number,
    options: BuddyOptions = {},
  ) {
    mustBeCount(pages, PAGES_LIMIT, 'pages');
    this.watermarks = watermarks(pages, options.minFreeKbytes);
    this.pcpBatch = options.batch ?? pcpBatch(pages);
    this.pcpHigh = options.high ?? pcpHigh(this.watermarks.low, this.pcpBatch, options.cpus ?? 1);
    mustBeCount(this.pcpBatch, PAGES_LIMIT, 'batch');
    mustBeCount(this.pcpHigh, PAGES_LIMIT, 'high');
    this.pcp = new Int32Array(2 * this.pcpMost);
    this.areas = new FreeBlocks(pages);
    this.state = this.areas.state;
  }

  get inUse(): number {
    return this.pages - this.freePages;
  }

  get high(): number {
    return this.next;
  }

  get bytes(): number {
    return this.areas.bytes + this.pcp.byteLength;
  }

  /** Frames on the fast path. */
  get pcpCount(): number {
    return this.top - this.bottom;
  }

  /** Frames that are free, in blocks or on the fast path. */
  get freePages(): number {
    return this.areas.free + this.pcpCount;
  }

  /** Frames in free blocks: the kernel's NR_FREE_PAGES, which watermarks are compared with. */
  get buddyPages(): number {
    return this.areas.free;
  }

  allocate(): number {
    if (this.top === this.bottom && this.refill() === 0) return -1;
    const frame = this.pcp[--this.top]!;
    if (this.state[frame] !== 0) this.bringBack();
    this.state[frame] = STATE.inUse;
    if (frame >= this.next) this.next = frame + 1;
    return frame;
  }

  /** A block of an order, past the fast path: its first frame, -1 when no block is large enough. Its frames are given back one by one. */
  allocateBlock(order: number): number {
    mustBeOrder(order);
    const block = this.areas.take(order);
    if (block < 0) return -1;
    const end = block + (1 << order);
    for (let frame = block; frame < end; frame++) {
      if (this.state[frame] !== 0) this.bringBack();
      this.state[frame] = STATE.inUse;
    }
    if (end > this.next) this.next = end;
    return block;
  }

  /** A certain frame. Returns whether it was in a free block. */
  allocateFrame(frame: number): boolean {
    if (!this.areas.takeFrame(frame)) return false;
    if (this.state[frame] !== 0) this.bringBack();
    this.state[frame] = STATE.inUse;
    if (frame >= this.next) this.next = frame + 1;
    return true;
  }

  /** @throws RangeError when the frame is not in use */
  free(frame: number): void {
    if (this.state[frame] !== STATE.inUse) this.mustBeInUse(frame);
    this.state[frame] = 0;
    this.pcp[this.top++] = frame;
    if (this.top - this.bottom >= this.pcpHigh) this.drainOldest(this.pcpBatch);
  }

  /** Free blocks of just this order (nr_free in /proc/buddyinfo). */
  blocks(order: number): number {
    mustBeOrder(order);
    return this.areas.nrFree[order]!;
  }

  /**
   * `call` is told the order of each free block of at least `order` that freed frames have become
   * (page_reporting_notify_free). It must not change memory. There is one such call; a later one replaces it.
   */
  notify(order: number, call: (order: number) => void): void {
    this.notifyOrder = order;
    this.onFreeBlock = call;
  }

  /** First free block of an order, the next to be taken; -1 when there is none. */
  firstBlock(order: number): number {
    return this.areas.first(order);
  }

  /** The free block after this one on the list of its order; -1 after the last. */
  nextBlock(block: number): number {
    return this.areas.next(block);
  }

  /** The block becomes the first of its list, those before it go to the end (list_rotate_to_front). */
  rotateToFront(block: number, order: number): void {
    this.areas.rotateToFront(block, order);
  }

  /** Whether a free block is known to the hypervisor as it is. */
  isReported(block: number): boolean {
    return (this.state[block]! & STATE.reported) !== 0;
  }

  /**
   * The hypervisor has been told that a block is free and has taken back the memory behind it. The block becomes the
   * last of its list, where it is left alone longest. Nothing changes between the kernel's isolating a block and its
   * putting it back here, so it finds no buddy to merge with: it had none before.
   */
  report(block: number, order: number): void {
    this.areas.moveToTail(block, order);
    const end = block + (1 << order);
    for (let frame = block; frame < end; frame++) {
      const was = this.state[frame]!;
      if (was & STATE.absent) continue;
      this.state[frame] = was | STATE.absent;
      this.absent++;
    }
    this.state[block] = this.state[block]! | STATE.reported;
  }

  /**
   * Most frames that the fast path ever holds: it is filled with a batch when it is empty, drained when it has `high`
   * frames, and no more exist.
   */
  private get pcpMost(): number {
    return Math.min(this.pages, Math.max(this.pcpBatch, this.pcpHigh));
  }

  /** Fills the empty fast path, so that the block taken first is handed out first (rmqueue_bulk). */
  private refill(): number {
    const count = Math.min(this.pcpBatch, this.areas.free);
    for (let at = count; at > 0; ) this.pcp[--at] = this.areas.take(0);
    this.bottom = 0;
    this.top = count;
    return count;
  }

  /** Gives back those frames that have been on the fast path longest (free_pcppages_bulk). */
  protected drainOldest(atMost: number): void {
    const end = Math.min(this.bottom + atMost, this.top);
    while (this.bottom < end) this.put(this.pcp[this.bottom++]!, 0);
    // Above a bottom of at most half the array there is room for as many frames as there can be.
    if (this.bottom <= this.pcpMost) return;
    this.pcp.copyWithin(0, this.bottom, this.top);
    this.top -= this.bottom;
    this.bottom = 0;
  }

  protected put(frame: number, order: number): void {
    const became = this.areas.put(frame, order);
    if (became >= this.notifyOrder) this.onFreeBlock(became);
  }

  /** A frame is handed out whose state is not 0: in no block and not in use, it can only be absent. */
  protected bringBack(): void {
    this.absent--;
    this.hostFaults++;
  }

  protected mustBeInUse(frame: number): void {
    if (this.state[frame] !== STATE.inUse) throw new RangeError(`frame ${frame} is freed and not in use`);
  }
}

function mustBeCount(value: number, limit: number, name: string): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= limit))
    throw new RangeError(`${name} is ${value}, not a whole number from 1 to ${limit}`);
}
