import { PageLists } from './page-list.js';

/** On no list. */
export const NOWHERE = 0;
/** Was on a ghost list; its page is about to come in. On no list. */
const RETURNING = 15;
/** The part of a state that says where the page is. */
const PLACE = 15;

/** The lowest of the bits of a state that a policy may use for itself. */
export const OWN_BIT = 16;

/**
 * Lists of pages, resident ones and ghosts, that know where each page is and how long each list is. A page is on one
 * list at most. Lists are numbered from 1 to 14.
 */
export class PlacedLists extends PageLists {
  /** By id: where the page is, and from `OWN_BIT` on what the policy keeps; that is 0 after each move. */
  state: Uint8Array;
  /** By list: its pages. */
  readonly size = new Int32Array(PLACE + 1);

  /** @param last the highest number of a list */
  constructor(last: number, count: number) {
    super(last + 1, count);
    this.state = new Uint8Array(count);
  }

  override get bytes(): number {
    return super.bytes + this.state.byteLength;
  }

  override grow(count: number): void {
    super.grow(count);
    if (count <= this.state.length) return;
    const grown = new Uint8Array(count);
    grown.set(this.state);
    this.state = grown;
  }

  /** The list a page is on, or `NOWHERE`; a ghost that was recalled is on none of these. */
  on(id: number): number {
    return (this.state[id] as number) & PLACE;
  }

  /** Puts a page that is on no list at the head (the newest end). */
  override addHead(list: number, id: number): void {
    super.addHead(list, id);
    this.place(list, id);
  }

  /** Puts a page that is on no list at the tail (the oldest end). */
  override addTail(list: number, id: number): void {
    super.addTail(list, id);
    this.place(list, id);
  }

  /** Puts a page that is on no list next to another one, on its newer side. */
  override addNewer(than: number, id: number): void {
    super.addNewer(than, id);
    this.place(this.on(than), id);
  }

  /** Takes a page off its list. */
  override unlink(id: number): void {
    const list = this.on(id);
    super.unlink(id);
    this.size[list] = (this.size[list] as number) - 1;
    this.state[id] = NOWHERE;
  }

  /** Moves a page that is on a list to the head of a list. */
  toHead(list: number, id: number): void {
    const from = this.on(id);
    super.moveToHead(list, id);
    this.state[id] = list;
    if (from === list) return;
    this.size[from] = (this.size[from] as number) - 1;
    this.size[list] = (this.size[list] as number) + 1;
  }

  /** Takes a page off its list if it is on one; a ghost that was recalled is not returning any more. */
  forget(id: number): void {
    const place = this.on(id);
    if (place === NOWHERE) return;
    if (place === RETURNING) this.state[id] = NOWHERE;
    else this.unlink(id);
  }

  /** Takes a ghost off its list; until it is put on another, `isReturning`. */
  recall(id: number): void {
    this.unlink(id);
    this.state[id] = RETURNING;
  }

  isReturning(id: number): boolean {
    return this.on(id) === RETURNING;
  }

  /** Takes the oldest page off a list and gives it, -1 when there is none. */
  override popTail(list: number): number {
    const id = super.popTail(list);
    if (id < 0) return id;
    this.size[list] = (this.size[list] as number) - 1;
    this.state[id] = NOWHERE;
    return id;
  }

  /** Drops the oldest pages of a list of ghosts until it has `most` at most. Amortised O(1): each was put there once. */
  trim(list: number, most: number): void {
    while ((this.size[list] as number) > most) this.unlink(this.tail(list));
  }

  private place(list: number, id: number): void {
    this.size[list] = (this.size[list] as number) + 1;
    this.state[id] = list;
  }
}
