import { grown } from '../../../base/arrays.js';
import type { Pages, ReclaimPolicy } from '../contract.js';
import { PageLists } from './page-list.js';

const DEMOTED = 0;
/** Values of `place` other than positions in the array. */
const ABSENT = -1;
const IS_DEMOTED = -2;

/**
 * What policies have in common that keep resident pages in an array without gaps, in an order of their own. Demoted pages
 * stand aside and go first, in the order in which they were demoted.
 */
export abstract class PlacedPages implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly demoted: PageLists;
  /** By id: position in the array, or ABSENT, or IS_DEMOTED. */
  protected place: Int32Array;
  /** Pages in the array. */
  protected size = 0;

  constructor(pages: Pages) {
    this.demoted = new PageLists(1, pages.count);
    this.place = new Int32Array(pages.count).fill(ABSENT);
  }

  get bytes(): number {
    return this.demoted.bytes + this.place.byteLength;
  }

  /** Chooses a victim among the pages of the array, of which there is at least one. */
  protected abstract choose(): number;

  /** Closes the gap that a page leaves in the array. `size` counts it still. */
  protected abstract close(at: number): void;

  /** Puts a page into the array. */
  abstract insert(id: number): void;

  abstract reject(id: number): void;

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    for (; found < most; found++) {
      let id = this.demoted.tail(DEMOTED);
      if (id < 0) {
        if (this.size === 0) break;
        id = this.choose();
      }
      this.evicted(id);
      this.take(id);
      victims[found] = id;
    }
    this.counters.pgscan += found;
    return found;
  }

  remove(id: number): void {
    this.take(id);
  }

  demote(id: number): void {
    this.take(id);
    this.demoted.addHead(DEMOTED, id);
    this.place[id] = IS_DEMOTED;
  }

  rotate(id: number): void {
    this.take(id);
    this.demoted.addTail(DEMOTED, id);
    this.place[id] = IS_DEMOTED;
  }

  resize(_capacity: number): void {}

  grow(count: number): void {
    this.demoted.grow(count);
    this.place = grown(this.place, count, ABSENT);
  }

  /** A page goes, which `choose` chose or which was demoted. */
  protected evicted(_id: number): void {}

  /** Whether a page stands in the array. */
  protected stands(id: number): boolean {
    return id < this.place.length && this.place[id]! >= 0;
  }

  /** Takes a page that was demoted off their list. Returns whether it was one: it stands nowhere then. */
  protected takeDemoted(id: number): boolean {
    if (this.place[id] !== IS_DEMOTED) return false;
    this.demoted.unlink(id);
    this.place[id] = ABSENT;
    return true;
  }

  /** Takes a page out, wherever it stands; ids that are not known are ignored. */
  private take(id: number): void {
    if (id >= this.place.length || this.takeDemoted(id)) return;
    const at = this.place[id]!;
    if (at === ABSENT) return;
    this.place[id] = ABSENT;
    this.close(at);
  }
}
