import { grown } from '../../base/arrays.js';
import type { RandomStream } from '../../stats/random.js';
import type { Pages, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { PageLists } from './structures/page-list.js';

const DEMOTED = 0;
/** Values of `place` other than positions in the array. */
const ABSENT = -1;
const IS_DEMOTED = -2;

/**
 * Any page, with equal chances. The pages stand in an array without gaps; the last one fills the place of one that goes.
 * Draws have 32 bits, so a page's chance differs from another's by less than one in 2^32 / pages.
 */
class Random implements ReclaimPolicy {
  readonly counters = { pgscan: 0 };
  private readonly demoted: PageLists;
  private place: Int32Array;
  private ids: Int32Array;
  private size = 0;

  constructor(
    pages: Pages,
    private readonly random: RandomStream,
  ) {
    this.demoted = new PageLists(1, pages.count);
    this.place = new Int32Array(pages.count).fill(ABSENT);
    this.ids = new Int32Array(pages.count);
  }

  get bytes(): number {
    return this.demoted.bytes + this.place.byteLength + this.ids.byteLength;
  }

  evict(victims: Int32Array, wanted: number): number {
    const most = Math.min(wanted, victims.length);
    let found = 0;
    for (; found < most; found++) {
      let id = this.demoted.tail(DEMOTED);
      if (id < 0) {
        if (this.size === 0) break;
        id = this.ids[Math.floor(this.random() * this.size)]!;
      }
      this.remove(id);
      victims[found] = id;
    }
    this.counters.pgscan += found;
    return found;
  }

  insert(id: number): void {
    this.ids[this.size] = id;
    this.place[id] = this.size++;
  }

  /** The next draw is independent of where it stands. */
  reject(id: number): void {
    this.insert(id);
  }

  remove(id: number): void {
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

  demote(id: number): void {
    this.remove(id);
    this.demoted.addHead(DEMOTED, id);
    this.place[id] = IS_DEMOTED;
  }

  rotate(id: number): void {
    this.remove(id);
    this.demoted.addTail(DEMOTED, id);
    this.place[id] = IS_DEMOTED;
  }

  resize(): void {}

  grow(count: number): void {
    this.demoted.grow(count);
    this.place = grown(this.place, count, ABSENT);
    this.ids = grown(this.ids, count);
  }
}

export const random: ReclaimPolicyInfo = {
  name: 'random',
  summary: 'every page with the same probability: a baseline that a policy has to beat',
  source: 'Belady 1966, "A study of replacement algorithms for a virtual-storage computer"',
  complexity: 'O(1) an operation',
  parameters: {},
  create: (pages, context) => new Random(pages, context.random),
};
