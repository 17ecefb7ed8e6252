import type { Frames } from '../memory/frames.js';
import { HUGETLB_PAGES, HugetlbPool } from '../memory/hugetlb-pool.js';
import type { Space } from './space.js';
import type { SharedObject } from './vma.js';

/** A hugetlb page of a private mapping. */
export interface PrivateHuge {
  /** Ids of its 4 KiB parts, in order. */
  readonly pages: Int32Array;
  /** Spaces that map it: more than one after a fork. */
  mappings: number;
}

/**
 * hugetlb pages: the pool, which promises mappings have, and pages of private mappings. Pages of shared mappings are in their
 * object. A page is 512 ids in the object or the page table, without frames: none is on a list of reclaim, in RSS or charged.
 */
export class Hugetlb {
  readonly pool: HugetlbPool;
  /** Pages of private mappings, by the id of their first part. */
  readonly privates = new Map<number, PrivateHuge>();
  /** First pages of the 2 MiB that a private mapping was promised and has not, by space (resv_map). */
  private readonly ofSpaces = new Map<Space, Set<number>>();
  /** The same of shared mappings, by object and index. */
  private readonly ofObjects = new Map<SharedObject, Set<number>>();

  /** @param frames the machine's memory; undefined where it is never short */
  constructor(frames: Frames | undefined) {
    this.pool = new HugetlbPool(frames);
  }

  /** Pages of 4 KiB that hugetlb pages in use are. */
  get pages(): number {
    return this.pool.inUse * HUGETLB_PAGES;
  }

  /** Promises in all sets, for the invariants. */
  get promised(): number {
    let sum = 0;
    for (const set of [...this.ofSpaces.values(), ...this.ofObjects.values()]) sum += set.size;
    return sum;
  }

  /** What a holder was promised. */
  promisesOf(holder: Space | SharedObject): Set<number> {
    const sets = this.ofSpaces as Map<Space | SharedObject, Set<number>>;
    const all = 'directory' in holder ? sets : (this.ofObjects as Map<Space | SharedObject, Set<number>>);
    const known = all.get(holder);
    if (known) return known;
    const made = new Set<number>();
    all.set(holder, made);
    return made;
  }

  /** Promises 2 MiB parts to a holder. False, and nothing has changed, where the pool is short. */
  promise(holder: Space | SharedObject, parts: readonly number[]): boolean {
    if (!this.pool.reserve(parts.length)) return false;
    const set = this.promisesOf(holder);
    for (const part of parts) set.add(part);
    return true;
  }

  /** Takes back what a holder was promised in [from, to). */
  unpromise(holder: Space | SharedObject, from: number, to: number): void {
    const set = this.promisesOf(holder);
    let count = 0;
    for (let part = from; part < to && set.size > 0; part += HUGETLB_PAGES) if (set.delete(part)) count++;
    if (set.size === 0) this.forget(holder);
    if (count > 0) this.pool.unreserve(count);
  }

  private forget(holder: Space | SharedObject): void {
    if ('directory' in holder) this.ofSpaces.delete(holder);
    else this.ofObjects.delete(holder);
  }

  /** Takes a page for a part of a holder, a promised one if it has it. @returns false where the pool is short */
  take(holder: Space | SharedObject, part: number): boolean {
    return this.pool.take(this.promisesOf(holder).delete(part));
  }

  /** What a space was promised in [from, to) moves with its mapping. */
  move(space: Space, from: number, to: number, target: number): void {
    const set = this.promisesOf(space);
    for (let part = from; part < to; part += HUGETLB_PAGES)
      if (set.delete(part)) set.add(part - from + target);
  }
}
