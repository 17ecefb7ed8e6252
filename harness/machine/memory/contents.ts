import { grown } from '../../base/arrays.js';
import { InputError } from '../../base/errors.js';
import { DROPPED } from '../../contract/target.js';
import { CONTENT_LIMIT } from '../../trace/op.js';

/** In place of contents: a read, which puts nothing there. */
export const READ = -2;
/** In place of contents: each written page becomes unlike all others. */
export const UNIQUE = -1;
/** Content id of a page of zeros. */
export const ZERO = 0;
/** A content like no other, not numbered yet: most written pages are never compared. */
const UNNUMBERED = 0xffff_ffff;

/**
 * What each page contains, as 32-bit ids: equal ids mean equal bytes. Ids of the trace are below 2^31; those the
 * machine makes are from 2^31 on and are only spent on contents that are looked at.
 */
export class Contents {
  private ids: Uint32Array;
  private next = CONTENT_LIMIT;

  constructor(capacity: number) {
    this.ids = new Uint32Array(capacity);
  }

  get bytes(): number {
    return this.ids.byteLength;
  }

  grow(capacity: number): void {
    this.ids = grown(this.ids, capacity);
  }

  /** @throws InputError when the machine has run out of content ids */
  get(page: number): number {
    const id = this.ids[page]!;
    return id === UNNUMBERED ? this.number(page) : id;
  }

  /** Whether a page holds zeros. */
  isZero(page: number): boolean {
    return this.ids[page] === ZERO;
  }

  set(page: number, content: number): void {
    this.ids[page] = content;
  }

  /** The page now holds something that no other page holds. */
  setUnique(page: number): void {
    this.ids[page] = UNNUMBERED;
  }

  private number(page: number): number {
    if (this.next >= DROPPED) throw new InputError('the machine ran out of content ids (2^31 of its own)');
    this.ids[page] = this.next;
    return this.next++;
  }
}
