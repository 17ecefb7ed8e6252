import { grownCapacity, grownInt32 } from './arrays.js';

const NONE = -1;

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
  /** Slots in use. */
  inUse = 0;

  get high(): number {
    return this.next;
  }

  get bytes(): number {
    return this.refs.byteLength + this.pages.byteLength;
  }

  /** A slot for a page, without references. */
  allocate(page: number): number {
    let slot = this.firstFree;
    if (slot >= 0) this.firstFree = this.refs[slot] as number;
    else {
      slot = this.next++;
      if (slot >= this.refs.length) {
        const length = grownCapacity(this.refs.length, slot + 1);
        this.refs = grownInt32(this.refs, length, 0);
        this.pages = grownInt32(this.pages, length, NONE);
      }
    }
    this.refs[slot] = 0;
    this.pages[slot] = page;
    this.inUse++;
    return slot;
  }

  free(slot: number): void {
    this.pages[slot] = NONE;
    this.refs[slot] = this.firstFree;
    this.firstFree = slot;
    this.inUse--;
  }

  references(slot: number): number {
    return this.refs[slot] as number;
  }

  addReference(slot: number): void {
    this.refs[slot] = (this.refs[slot] as number) + 1;
  }

  /** Drops a reference; gives those that are left. */
  dropReference(slot: number): number {
    const left = (this.refs[slot] as number) - 1;
    this.refs[slot] = left;
    return left;
  }

  /** Id of the page in a slot, -1 for a free one. */
  page(slot: number): number {
    return this.pages[slot] as number;
  }
}
