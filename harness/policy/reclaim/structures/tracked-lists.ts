import { grown } from '../../../base/arrays.js';
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
 *
 * Who knows the list of a page says so (`move`, `refresh`, `take`): to count a list that the page's state names is a store
 * to an address that waits for the state to come from memory, and what reads sizes next waits with it.
 */
export class TrackedLists extends PageLists {
  /** By id: where the page is, and from `OWN_BIT` on what the policy keeps; that is 0 after each move. */
  state: Uint8Array;
  /** By list: its pages, or its bytes where pages have sizes (`SizedLists`). */
  readonly size: Int32Array | Float64Array = new Int32Array(PLACE + 1);

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
    this.state = grown(this.state, count);
  }

  /** The list a page is on, or `NOWHERE`; a ghost that was recalled is on none of these. */
  on(id: number): number {
    return this.state[id]! & PLACE;
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
    this.size[list] = this.size[list]! - 1;
    this.state[id] = NOWHERE;
  }

  /** Takes a page off the list it is on. */
  take(list: number, id: number): void {
    super.unlink(id);
    this.size[list] = this.size[list]! - 1;
    this.state[id] = NOWHERE;
  }

  /** Moves a page from the list it is on to the head of another. */
  move(from: number, to: number, id: number): void {
    super.moveToHead(to, id);
    this.state[id] = to;
    this.size[from] = this.size[from]! - 1;
    this.size[to] = this.size[to]! + 1;
  }

  /** Moves a page to the head of the list it is on. */
  refresh(list: number, id: number): void {
    super.moveToHead(list, id);
    this.state[id] = list;
  }

  /** Takes a page off its list if it is on one; a ghost that was recalled is not returning any more. */
  forget(id: number): void {
    const place = this.on(id);
    if (place === NOWHERE) return;
    if (place === RETURNING) this.state[id] = NOWHERE;
    else this.unlink(id);
  }

  /** Takes a ghost off its list; until it is put on another, `isReturning`. */
  recall(list: number, id: number): void {
    this.take(list, id);
    this.state[id] = RETURNING;
  }

  isReturning(id: number): boolean {
    return this.on(id) === RETURNING;
  }

  /** Takes the oldest page off a list and returns it, -1 when there is none. */
  override popTail(list: number): number {
    const id = super.popTail(list);
    if (id < 0) return id;
    this.size[list] = this.size[list]! - 1;
    this.state[id] = NOWHERE;
    return id;
  }

  /** Drops the oldest pages of a list of ghosts until it has `most` at most. Amortised O(1): each was put there once. */
  trim(list: number, most: number): void {
    while (this.size[list]! > most) this.popTail(list);
  }

  protected place(list: number, id: number): void {
    this.size[list] = this.size[list]! + 1;
    this.state[id] = list;
  }
}
