import type { Vma } from '../mapping/vma.js';

const CHUNK = 512;
const CHUNK_SHIFT = 9;

/**
 * An object that several mappings share: shared memory by name (memfd, tmpfs) or a shared anonymous mapping. It holds
 * its pages' ids by index; 0 is a hole.
 */
export class SharedObject {
  readonly kind = 'shared';
  /** Mappings of the object, of all spaces. */
  readonly mappings: Vma[] = [];
  /** Size in pages. */
  size: number;
  /** Pages that are not holes: in memory or in swap. */
  blocks = 0;
  /** The last descriptor or name is gone. */
  closed: boolean;
  private readonly chunks: (Int32Array | undefined)[] = [];

  constructor(
    readonly number: number,
    /** Its name; undefined for a shared anonymous mapping. */
    readonly name: string | undefined,
    size: number,
    /** F_SEAL_WRITE: holes cannot be punched. */
    readonly sealed: boolean,
    /** Whether programs hold a descriptor. */
    readonly descriptor: boolean,
  ) {
    this.size = size;
    this.closed = name === undefined;
  }

  /** Nobody can reach its pages any more. */
  get dead(): boolean {
    return this.closed && this.mappings.length === 0;
  }

  /** Id of the page at an index; 0 for a hole. */
  page(index: number): number {
    const chunk = this.chunks[index >> CHUNK_SHIFT];
    return chunk === undefined ? 0 : (chunk[index & (CHUNK - 1)] as number);
  }

  /** Sets the page at an index; 0 makes a hole. */
  setPage(index: number, page: number): void {
    let chunk = this.chunks[index >> CHUNK_SHIFT];
    if (chunk === undefined) {
      if (page === 0) return;
      chunk = new Int32Array(CHUNK);
      this.chunks[index >> CHUNK_SHIFT] = chunk;
    }
    const at = index & (CHUNK - 1);
    if (chunk[at] === 0 && page !== 0) this.blocks++;
    if (chunk[at] !== 0 && page === 0) this.blocks--;
    chunk[at] = page;
  }

  /** Indexes in [from, to) that are not holes, in order. */
  *present(from: number, to: number): Generator<number> {
    for (let index = from; index < to; index++) {
      const chunk = this.chunks[index >> CHUNK_SHIFT];
      if (chunk === undefined) {
        index |= CHUNK - 1; // the rest of this chunk is a hole
        continue;
      }
      if (chunk[index & (CHUNK - 1)] !== 0) yield index;
    }
  }
}
