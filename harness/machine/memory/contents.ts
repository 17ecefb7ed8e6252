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
/**
 * The largest number of an id's width stands for a content like no other that is not numbered yet: most written pages are never
 * compared.
 */
const UNNUMBERED = { narrow: 0xff, wide: 0xffff_ffff } as const;

/**
 * What each page contains, as 32-bit ids: equal ids mean equal bytes. Ids of the trace are below 2^31; those the
 * machine makes are from 2^31 on and are only spent on contents that are looked at. Until the first one that does not fit, ids have 8
 * bits.
 */
export class Contents {
  private ids: Uint8Array | Uint32Array;
  private unnumbered: number = UNNUMBERED.narrow;
  private next = CONTENT_LIMIT;

  constructor(capacity: number) {
    this.ids = new Uint8Array(capacity);
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
    return id === this.unnumbered ? this.number(page) : id;
  }

  /** Whether a page holds zeros. */
  isZero(page: number): boolean {
    return this.ids[page] === ZERO;
  }

  set(page: number, content: number): void {
    if (content >= this.unnumbered) this.widen();
    this.ids[page] = content;
  }

  /** The page now holds something that no other page holds. */
  setUnique(page: number): void {
    this.ids[page] = this.unnumbered;
  }

  private number(page: number): number {
    if (this.next >= DROPPED) throw new InputError('the machine ran out of content ids (2^31 of its own)');
    this.set(page, this.next);
    return this.next++;
  }

  private widen(): void {
    const { ids } = this;
    this.ids = Uint32Array.from(ids, (id) => (id === UNNUMBERED.narrow ? UNNUMBERED.wide : id));
    this.unnumbered = UNNUMBERED.wide;
  }
}
