import { grown, grownCapacity } from '../../base/arrays.js';
import { PAGE_BYTES } from '../../base/page.js';
import { ZERO } from './contents.js';
import type { PageOwners } from './frames.js';

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
  /** Bytes of each slot's page once compressed; only a zram device has them. */
  private compressed: Uint16Array | undefined;
  /** Slots in use. */
  inUse = 0;
  /** Memory that compressed pages take. */
  compressedBytes = 0;
  /** Undefined where there are no memory cgroups. */
  owners: Pick<PageOwners, 'chargeSwap'> | undefined;

  /** @param compresses whether pages are compressed in memory (zram) instead of written to a device */
  constructor(compresses: boolean) {
    if (compresses) this.compressed = new Uint16Array(0);
  }

  /** Reads and writes are done when the call returns: a page is read past the swap cache, and freed once written. */
  get synchronous(): boolean {
    return this.compressed !== undefined;
  }

  get high(): number {
    return this.next;
  }

  get bytes(): number {
    return this.refs.byteLength + this.pages.byteLength + (this.compressed?.byteLength ?? 0);
  }

  /** A slot for a page, without references. */
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
    this.owners?.chargeSwap(page, 1);
    return slot;
  }

  /** The slot's page has been written with these contents. */
  store(slot: number, content: number): void {
    if (!this.compressed) return;
    const bytes = compressedBytes(content);
    this.compressedBytes += bytes - this.compressed[slot]!;
    this.compressed[slot] = bytes;
  }

  free(slot: number): void {
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

  /** Whether slots for a folio of that many pages are to be had next to each other. Swap is never full here. */
  hasRun(_pages: number): boolean {
    return true;
  }

  references(slot: number): number {
    return this.refs[slot]!;
  }

  addReference(slot: number): void {
    this.refs[slot] = this.refs[slot]! + 1;
  }

  /** Drops a reference. Returns how many are left. */
  dropReference(slot: number): number {
    const left = this.refs[slot]! - 1;
    this.refs[slot] = left;
    return left;
  }

  /** Id of the page in a slot, -1 for a free one. */
  page(slot: number): number {
    return this.pages[slot]!;
  }
}

/** What compresses worse is kept as it is. Source: huge_class_size in drivers/block/zram, about 3/4 of a page. */
const LARGEST_COMPRESSED = 3072;
const SMALLEST_COMPRESSED = 256;
/** Of 256 contents, those that do not compress. */
const INCOMPRESSIBLE = 13;

/**
 * What zram needs for a page of these contents: nothing for zeros, a whole page for one content in twenty, otherwise
 * 256 to 3072 bytes, evenly: 2.4 to 1 on average, what lzo-rle is said to reach. A proxy: the id decides, since the
 * bytes are not known.
 */
function compressedBytes(content: number): number {
  if (content === ZERO) return 0;
  const hash = Math.imul(content ^ (content >>> 15), 0x2c1b_3c6d) >>> 0;
  const mixed = Math.imul(hash ^ (hash >>> 12), 0x297a_2d39) >>> 0;
  if (mixed >>> 24 < INCOMPRESSIBLE) return PAGE_BYTES;
  const span = LARGEST_COMPRESSED - SMALLEST_COMPRESSED;
  return SMALLEST_COMPRESSED + Math.floor(((mixed & 0xffff) * span) / 0x1_0000);
}
