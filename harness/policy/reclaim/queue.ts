import type { Pages, ReclaimPolicy } from './contract.js';
import { PageLists } from './page-list.js';

const QUEUE = 0;
/** Pages the program said it will not need soon; they go before all others. */
const DEMOTED = 1;

/** One queue: pages come in at the head and go at the tail. What moves them in between makes the policy. */
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
    const most = Math.min(wanted, victims.length);
    const found = this.take(QUEUE, victims, this.take(DEMOTED, victims, 0, most), most);
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
    this.lists.unlink(id);
    this.lists.addHead(QUEUE, id);
  }

  /** Takes pages off the tail of a list until there are `most` victims; gives how many there are. */
  private take(list: number, victims: Int32Array, found: number, most: number): number {
    let taken = found;
    for (let id = this.lists.tail(list); id >= 0 && taken < most; id = this.lists.tail(list)) {
      this.lists.unlink(id);
      victims[taken++] = id;
    }
    return taken;
  }
}
