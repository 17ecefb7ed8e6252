import { grown, grownCapacity } from '../../base/arrays.js';
import { InputError } from '../../base/errors.js';
import { checkRoom } from '../../base/host-memory.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { Contents, ZERO } from './contents.js';

/** Id of the shared zero page: it has no frame, is never reclaimed and never freed. */
export const ZERO_PAGE = 0;

/** Flags of a page besides the traits that policies see (`TRAIT`). */
export const PAGE_FLAG = {
  /**
   * A page of the page cache over a hole of a file: there is no block behind it until it is written. A page of shared memory that
   * fallocate has made and nothing has used: reads and fault-around take it for a hole (it is not PG_uptodate).
   */
  hole: 32,
  /** No policy may choose the page: it is locked, pinned by a device, or anonymous without swap. */
  unevictable: 64,
  /** No page has this id now. */
  unused: 128,
} as const;

/** Ids fit into a page table entry next to its four flags. */
const ID_BITS = 28;
/** Pages that can have contents at once: all but the zero page. They are 4 KiB less than 1 TiB. */
export const MOST_PAGES = 2 ** ID_BITS - 1;
const NOWHERE = -1;
/** From here on it is asked whether the host has room for more. */
const MANY_PAGES = 2 ** 20;
/**
 * Host memory of a page in all arrays of a machine at their widest, its page table entry and the lists of a policy among them. Large
 * arrays grow where they are.
 */
const BYTES_A_PAGE = 48;

/** Host memory of a frame that a machine of a given size has from the start, used or not. */
const BYTES_A_FRAME = 7;

/** Checks that the host has room for the frames of a machine. @throws HostError where it has not */
export function checkFrames(memory: number): void {
  if (memory > MANY_PAGES) checkRoom(`the frames of a memory of ${memory} pages`, memory * BYTES_A_FRAME);
}

/** @param what does so */
export function tooManyPages(what: string): InputError {
  return new InputError(
    `${what} more pages than the simulated machine can name: expected at most ${MOST_PAGES} with contents at once, one less than 1 TiB, or a sample of the pages (reclaim trace sample)`,
  );
}

/**
 * Every page that has contents, by dense id. An id is the identity of (object, index): it stays when the page is
 * swapped out, and is given to another page once the contents are gone.
 */
export class PageStore {
  /** Frame (0 and up), `NOWHERE`, or -2 - slot for a page that is only in swap. For unused ids the next unused one. */
  location: Int32Array;
  /** 1 while the page has a frame. */
  resident: Uint8Array;
  /** Bits of `TRAIT` and `PAGE_FLAG`. */
  traits: Uint8Array;
  readonly contents: Contents;
  /** Pages marked by MADV_FREE and neither dropped nor found rewritten yet. */
  lazyfreeCount = 0;
  /** Pages in memory that are marked volatile. */
  volatileCount = 0;

  private nextFresh = 1;
  private firstUnused = NOWHERE;
  private readonly onGrow: (count: number) => void;

  /** @param onGrow told when ids go beyond the arrays' length */
  constructor(capacity: number, onGrow: (count: number) => void) {
    this.location = new Int32Array(capacity).fill(NOWHERE);
    this.resident = new Uint8Array(capacity);
    this.traits = new Uint8Array(capacity).fill(PAGE_FLAG.unused);
    this.contents = new Contents(capacity);
    this.traits[ZERO_PAGE] = PAGE_FLAG.unevictable;
    this.onGrow = onGrow;
  }

  /** Ids are below this. */
  get count(): number {
    return this.location.length;
  }

  get bytes(): number {
    return this.location.byteLength + this.resident.byteLength + this.traits.byteLength + this.contents.bytes;
  }

  /** A new page of zeros, without a frame. */
  create(): number {
    let id = this.firstUnused;
    if (id >= 0) this.firstUnused = this.location[id]!;
    else {
      id = this.nextFresh++;
      if (id >= this.location.length) this.grow(id + 1);
    }
    this.location[id] = NOWHERE;
    this.traits[id] = 0;
    this.contents.set(id, ZERO);
    return id;
  }

  /** The page's contents are gone, and frame and slot given back: its id may be used again. */
  release(id: number): void {
    this.clearLazyfree(id);
    this.clearVolatile(id);
    this.resident[id] = 0;
    this.traits[id] = PAGE_FLAG.unused;
    this.location[id] = this.firstUnused;
    this.firstUnused = id;
  }

  /** The swap slot of a page that is only in swap; -1 otherwise. */
  slotOf(id: number): number {
    return -2 - Math.min(-1, this.location[id]!);
  }

  setFrame(id: number, frame: number): void {
    this.location[id] = frame;
    this.resident[id] = 1;
    if (this.traits[id]! & TRAIT.volatile) this.volatileCount++;
  }

  /** The page leaves memory for a swap slot. */
  setSlot(id: number, slot: number): void {
    this.location[id] = -2 - slot;
    this.resident[id] = 0;
    if (this.traits[id]! & TRAIT.volatile) this.volatileCount--;
  }

  /** The page leaves memory; what it holds is on its device. */
  setAbsent(id: number): void {
    this.location[id] = NOWHERE;
    this.resident[id] = 0;
  }

  /** Whether a page of the page cache has no block behind it, or one of shared memory has only been allocated. */
  isOverHole(id: number): boolean {
    return (this.traits[id]! & PAGE_FLAG.hole) !== 0;
  }

  markVolatile(id: number): void {
    if (this.traits[id]! & TRAIT.volatile) return;
    this.setTrait(id, TRAIT.volatile);
    this.volatileCount += this.resident[id]!;
  }

  clearVolatile(id: number): void {
    if ((this.traits[id]! & TRAIT.volatile) === 0) return;
    this.clearTrait(id, TRAIT.volatile);
    this.volatileCount -= this.resident[id]!;
  }

  setTrait(id: number, bits: number): void {
    this.traits[id] = this.traits[id]! | bits;
  }

  clearTrait(id: number, bits: number): void {
    this.traits[id] = this.traits[id]! & ~bits;
  }

  markDirty(id: number): void {
    this.traits[id] = this.traits[id]! | TRAIT.dirty;
  }

  clearDirty(id: number): void {
    this.traits[id] = this.traits[id]! & ~TRAIT.dirty;
  }

  anyDirty(ids: Int32Array): boolean {
    return ids.some((id) => (this.traits[id]! & TRAIT.dirty) !== 0);
  }

  markLazyfree(id: number): void {
    if (this.traits[id]! & TRAIT.lazyfree) return;
    this.traits[id] = this.traits[id]! | TRAIT.lazyfree;
    this.lazyfreeCount++;
  }

  clearLazyfree(id: number): void {
    if ((this.traits[id]! & TRAIT.lazyfree) === 0) return;
    this.traits[id] = this.traits[id]! & ~TRAIT.lazyfree;
    this.lazyfreeCount--;
  }

  /** @throws InputError for more than `MOST_PAGES`, HostError where the host has no room for as many */
  private grow(needed: number): void {
    if (needed > 2 ** ID_BITS) throw tooManyPages('this trace fills');
    const length = Math.min(grownCapacity(this.location.length, needed), 2 ** ID_BITS);
    if (length > MANY_PAGES)
      checkRoom(`${length} pages with contents`, (length - this.location.length) * BYTES_A_PAGE);
    this.location = grown(this.location, length, NOWHERE);
    this.resident = grown(this.resident, length);
    this.traits = grown(this.traits, length, PAGE_FLAG.unused);
    this.contents.grow(length);
    this.onGrow(length);
  }
}
