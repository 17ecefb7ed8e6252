import { grown } from '../../../base/arrays.js';
import { PageLists } from './page-list.js';

/** Of a page that is on no list. */
export const ABSENT = 255;

/** Lists of pages, at most 255, that know their sizes, and pages that know their list. A page is on at most one. */
export class Segments {
  private readonly lists: PageLists;
  private listOf: Uint8Array;
  private readonly sizes: Int32Array;

  constructor(lists: number, count: number) {
    this.lists = new PageLists(lists, count);
    this.listOf = new Uint8Array(count).fill(ABSENT);
    this.sizes = new Int32Array(lists);
  }

  get bytes(): number {
    return this.lists.bytes + this.listOf.byteLength;
  }

  grow(count: number): void {
    this.lists.grow(count);
    this.listOf = grown(this.listOf, count, ABSENT);
  }

  /** The list of a page, or ABSENT, also for an id that is not known. */
  of(id: number): number {
    return id < this.listOf.length ? this.listOf[id]! : ABSENT;
  }

  size(list: number): number {
    return this.sizes[list]!;
  }

  /** The newest page of a list, -1 when it is empty. */
  head(list: number): number {
    return this.lists.head(list);
  }

  /** The oldest page of a list, -1 when it is empty. */
  tail(list: number): number {
    return this.lists.tail(list);
  }

  /** Puts a page that is on no list at the head. */
  addHead(list: number, id: number): void {
    this.lists.addHead(list, id);
    this.listOf[id] = list;
    this.sizes[list] = this.sizes[list]! + 1;
  }

  /** Puts a page that is on no list at the tail. */
  addTail(list: number, id: number): void {
    this.lists.addTail(list, id);
    this.listOf[id] = list;
    this.sizes[list] = this.sizes[list]! + 1;
  }

  /** Takes a page off its list. */
  take(id: number): void {
    const list = this.listOf[id]!;
    this.lists.unlink(id);
    this.listOf[id] = ABSENT;
    this.sizes[list] = this.sizes[list]! - 1;
  }

  /** Moves a page to the head of the list it is on. */
  refresh(id: number): void {
    this.lists.unlink(id);
    this.lists.addHead(this.listOf[id]!, id);
  }

  /** Moves a page to the head of another list. */
  move(id: number, list: number): void {
    this.take(id);
    this.addHead(list, id);
  }
}
