import { grown } from '../../../base/arrays.js';
import type { RandomStream } from '../../../stats/random.js';
import type { Pages, ReclaimPolicy } from '../contract.js';
import { PageLists } from './page-list.js';

const DEMOTED = 0;
/** Values of `place` other than positions in the array. */
const ABSENT = -1;
const IS_DEMOTED = -2;

/**
 * What policies that draw their candidates have in common: resident pages stand in an array without gaps, and the last one
 * fills the place of one that goes. Demoted pages stand aside and go first, in the order in which they were demoted. Each
 * policy says only which page goes (`choose`) and what a use does.
 *
 * Draws have 32 bits, so a page's chance differs from another's by less than one in 2^32 / pages.
 */
export abstract class DrawnPages implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly demoted: PageLists;
  private place: Int32Array;
  private ids: Int32Array;
  private size = 0;

  constructor(
    pages: Pages,
    protected readonly random: RandomStream,
  ) {
    this.demoted = new PageLists(1, pages.count);
    this.place = new Int32Array(pages.count).fill(ABSENT);
    this.ids = new Int32Array(pages.count);
  }

  get bytes(): number {
    return this.demoted.bytes + this.place.byteLength + this.ids.byteLength;
  }

  /** Chooses a victim among the pages that stand in the array, of which there is at least one. */
  protected abstract choose(): number;

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

  insert(id: number): void {
    this.stand(id);
  }

  /** The next draw is independent of where it stands. */
  reject(id: number): void {
    this.stand(id);
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
    this.ids = grown(this.ids, count);
  }

  /** A page goes, which `choose` chose or which was demoted. */
  protected evicted(_id: number): void {}

  /** Any page of the array, each with the same probability. */
  protected draw(): number {
    return this.ids[Math.floor(this.random() * this.size)]!;
  }

  /** Whether a page stands in the array. */
  protected stands(id: number): boolean {
    return id < this.place.length && this.place[id]! >= 0;
  }

  /** Brings a demoted page that was used back into the array; one that is not demoted stays where it is. */
  protected restore(id: number): void {
    if (this.place[id] !== IS_DEMOTED) return;
    this.take(id);
    this.stand(id);
  }

  private stand(id: number): void {
    this.ids[this.size] = id;
    this.place[id] = this.size++;
  }

  /** Takes a page out, wherever it stands; ids that are not known are ignored. */
  private take(id: number): void {
    if (id >= this.place.length) return;
    const at = this.place[id]!;
    if (at === ABSENT) return;
    this.place[id] = ABSENT;
    if (at === IS_DEMOTED) {
      this.demoted.unlink(id);
      return;
    }
    const last = this.ids[--this.size]!;
    if (last === id) return;
    this.ids[at] = last;
    this.place[last] = at;
  }
}
