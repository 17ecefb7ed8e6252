import { grown, grownCapacity } from '../../base/arrays.js';
import type { Compression } from './compression.js';
import type { PageOwners } from './frames.js';

const NONE = -1;
/** Slots of a cluster. Source: mm/swap.h, with THP_SWAP. */
export const SWAPFILE_CLUSTER = 512;

/**
 * A swap device: slots, and how many page table entries (or objects) refer to each. A slot whose page is in memory
 * too is in the swap cache; the frame knows it.
 */
export class Swap {
  /** References a slot; while a slot is free, the next free one. */
  private refs = new Int32Array(0);
  /** Id of the page a slot holds; -1 while it is free. */
  private pages = new Int32Array(0);
  private firstFree = NONE;
  private next = 0;
  /** Bytes of each slot's page once compressed; only a zram device has them. */
  private compressed: Uint16Array | undefined;
  /** Slots in use that only the swap cache has. */
  private cachedOnly = 0;
  /** Where the search for one of them goes on. */
  private cursor = 0;
  /** Slots in use. */
  inUse = 0;
  /** Memory that compressed pages take. */
  compressedBytes = 0;
  /** Undefined where there are no memory cgroups. */
  owners: Pick<PageOwners, 'chargeSwap'> | undefined;

  /**
   * @param capacity slots that there are; infinity where it is never full
   * @param compression how pages are compressed in memory (zram), instead of written to a device
   */
  constructor(
    readonly capacity: number,
    private readonly compression?: Compression,
  ) {
    if (compression) this.compressed = new Uint16Array(0);
  }

  /** Reads and writes are done when the call returns: a page is read past the swap cache, and freed once written. */
  get synchronous(): boolean {
    return this.compressed !== undefined;
  }

  /** Slots that are free (get_nr_swap_pages). */
  get free(): number {
    return this.capacity - this.inUse;
  }

  /** Whether more than half is in use: what the swap cache alone has is given up then (vm_swap_full). */
  get scarce(): boolean {
    return this.free * 2 < this.capacity;
  }

  get high(): number {
    return this.next;
  }

  get bytes(): number {
    return this.refs.byteLength + this.pages.byteLength + (this.compressed?.byteLength ?? 0);
  }

  /** A slot for a page, without references. At least one is free. */
  allocate(page: number): number {
    let slot = this.firstFree;
    if (slot >= 0) this.firstFree = this.refs[slot]!;
    else {
      slot = this.next++;
      if (slot >= this.refs.length) {
        const length = grownCapacity(this.refs.length, slot + 1);
        this.refs = grown(this.refs, length, 0);
        this.pages = grown(this.pages, length, NONE);
        if (this.compressed) this.compressed = grown(this.compressed, length);
      }
    }
    this.refs[slot] = 0;
    this.pages[slot] = page;
    this.inUse++;
    this.cachedOnly++;
    this.owners?.chargeSwap(page, 1);
    return slot;
  }

  /** The slot's page has been written with these contents. */
  store(slot: number, content: number): void {
    if (!this.compressed) return;
    const bytes = this.compression!.bytes(content);
    this.compressedBytes += bytes - this.compressed[slot]!;
    this.compressed[slot] = bytes;
  }

  release(slot: number): void {
    if (this.refs[slot] === 0) this.cachedOnly--;
    this.owners?.chargeSwap(this.pages[slot]!, -1);
    if (this.compressed) {
      this.compressedBytes -= this.compressed[slot]!;
      this.compressed[slot] = 0;
    }
    this.pages[slot] = NONE;
    this.refs[slot] = this.firstFree;
    this.firstFree = slot;
    this.inUse--;
  }

  references(slot: number): number {
    return this.refs[slot]!;
  }

  addReference(slot: number): void {
    if (this.refs[slot] === 0) this.cachedOnly--;
    this.refs[slot] = this.refs[slot]! + 1;
  }

  /** Drops a reference. Returns how many are left. */
  dropReference(slot: number): number {
    const left = this.refs[slot]! - 1;
    this.refs[slot] = left;
    if (left === 0) this.cachedOnly++;
    return left;
  }

  /** Id of the page in a slot, -1 for a free one. */
  page(slot: number): number {
    return this.pages[slot]!;
  }
  /**
   * Visits the pages of a cluster of slots that only the swap cache has, one cluster with such pages after the other. The
   * visitor may release their slots.
   */
  visitCachedOnly(visit: (page: number) => void): void {
    for (let before = this.cachedOnly; before > 0 && this.cachedOnly === before; ) {
      if (this.cursor >= this.next) this.cursor = 0;
      const end = Math.min(this.cursor + SWAPFILE_CLUSTER, this.next);
      for (let slot = this.cursor; slot < end; slot++) {
        if (this.pages[slot] !== NONE && this.refs[slot] === 0) visit(this.pages[slot]!);
      }
      this.cursor = end;
    }
  }
}
