import type { Pages, ReclaimPolicy } from '../contract.js';
import { PageLists } from './page-list.js';

const QUEUE = 0;
/** Pages the program said it will not need soon; they go before all others. */
const DEMOTED = 1;

/** One queue: pages come in at the head and go at the tail. The policy is what moves them in between. */
export abstract class Queue implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly lists: PageLists;

  constructor(pages: Pages) {
    this.lists = new PageLists(2, pages.count);
  }

  get bytes(): number {
    return this.lists.bytes;
  }

  evict(victims: Int32Array, wanted: number): number {
    const { lists } = this;
    let found = 0;
    while (found < wanted && found < victims.length) {
      let id = lists.popTail(DEMOTED);
      if (id < 0) id = lists.popTail(QUEUE);
      if (id < 0) break;
      victims[found++] = id;
    }
    this.counters.pgscan += found;
    return found;
  }

  insert(id: number): void {
    this.lists.addHead(QUEUE, id);
  }

  /** A page that could not go starts again at the head, so that the next search meets another one. */
  reject(id: number): void {
    this.lists.addHead(QUEUE, id);
  }

  remove(id: number): void {
    if (this.lists.has(id)) this.lists.unlink(id);
  }

  demote(id: number): void {
    this.remove(id);
    this.lists.addHead(DEMOTED, id);
  }

  rotate(id: number): void {
    this.remove(id);
    this.lists.addTail(DEMOTED, id);
  }

  resize(): void {}

  grow(count: number): void {
    this.lists.grow(count);
  }

  /** Moves a page to the head of the queue, wherever it is. */
  protected toHead(id: number): void {
    this.lists.moveToHead(QUEUE, id);
  }

  /** Moves a page to the tail of the queue, or puts one there that has come in: it goes next. */
  protected toTail(id: number): void {
    this.remove(id);
    this.lists.addTail(QUEUE, id);
  }
}
