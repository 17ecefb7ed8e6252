import { grown } from '../../../base/arrays.js';
import { ANON, FILE, type RefaultControl } from './mglru-control.js';
import { FILE_TYPE, GEN_MASK, KEPT_FLAGS, ON_LIST, stateType } from './mglru-state.js';
import { PageLists } from './page-list.js';

export const MIN_NR_GENS = 2;
export const MAX_NR_GENS = 4;

/**
 * The pages of the multi-gen LRU by generation and type, and the window of generations that slides over them. Sequence
 * numbers only grow; modulo `MAX_NR_GENS` they name the generation of a page. Between calls of the policy
 * MIN_NR_GENS <= maxSeq - minSeq[type] + 1 <= MAX_NR_GENS.
 */
export class Generations {
  readonly lists: PageLists;
  /** By id; 0 for pages that are not known. */
  state: Uint8Array;
  /** Number of the youngest generation; both types age together. */
  maxSeq = MIN_NR_GENS + 1;
  /** Numbers of the oldest generations, by type. */
  readonly minSeq = [0, 0];
  /** Pages by generation and type, as `listOf`: of the generation they belong to, whatever list they are on. */
  readonly size = new Int32Array(2 * MAX_NR_GENS);

  /** Pages that an id stands for; undefined while each is one. */
  sizeOf: ((id: number) => number) | undefined;

  constructor(
    count: number,
    /** Whether anonymous pages can be evicted. */
    public anon: boolean,
    private readonly control: RefaultControl,
  ) {
    this.lists = new PageLists(2 * MAX_NR_GENS, count);
    this.state = new Uint8Array(count);
  }

  get bytes(): number {
    return this.lists.bytes + this.state.byteLength;
  }

  grow(count: number): void {
    this.lists.grow(count);
    this.state = grown(this.state, count);
  }

  /** folio_nr_pages. */
  pagesOf(id: number): number {
    return this.sizeOf === undefined ? 1 : this.sizeOf(id);
  }

  /** lru_add_split_folio: next to the head, in its generation, with its flags. The head was `size` pages. */
  split(head: number, tails: readonly number[], size: number): void {
    const state = this.state[head]!;
    if ((state & ON_LIST) === 0) return;
    const list = listOf(state, stateType(state));
    this.size[list] = this.size[list]! + 1 + tails.length - size;
    for (const tail of tails) {
      this.lists.addNewer(head, tail);
      this.state[tail] = state;
    }
  }

  /** Puts a page that is on no list at the newest end of a generation. */
  add(id: number, type: number, seq: number, flags: number): void {
    this.lists.addHead(listOf(seq, type), id);
    this.placed(id, type, seq, flags);
  }

  /** Puts a page that is on no list at the oldest end of the oldest generation. */
  addOldest(id: number, type: number, flags: number): void {
    const seq = this.minSeq[type]!;
    this.lists.addTail(listOf(seq, type), id);
    this.placed(id, type, seq, flags);
  }

  private placed(id: number, type: number, seq: number, flags: number): void {
    const list = listOf(seq, type);
    this.state[id] = (seq & GEN_MASK) | (type === FILE ? FILE_TYPE : 0) | ON_LIST | (flags & KEPT_FLAGS);
    this.size[list] = this.size[list]! + this.pagesOf(id);
  }

  /** Takes a page off its list; its flags stay. */
  take(id: number): void {
    const state = this.state[id]!;
    const list = listOf(state, stateType(state));
    this.lists.unlink(id);
    this.state[id] = state & (KEPT_FLAGS | FILE_TYPE);
    this.size[list] = this.size[list]! - this.pagesOf(id);
  }

  /** folio_update_gen: a page joins the youngest generation; it stays on its list until eviction meets it there. */
  makeYoungest(id: number, flags: number): void {
    const old = this.state[id]!;
    const type = old & FILE_TYPE;
    const from = listOf(old, stateType(old));
    const to = listOf(this.maxSeq, stateType(old));
    const pages = this.pagesOf(id);
    this.size[from] = this.size[from]! - pages;
    this.size[to] = this.size[to]! + pages;
    this.state[id] = (this.maxSeq & GEN_MASK) | type | ON_LIST | flags;
  }

  /** The page that has been longest in a type's oldest generation, -1 when that is empty. */
  oldestPage(type: number): number {
    return this.lists.tail(listOf(this.minSeq[type]!, type));
  }

  /** The oldest generation of the types that can be evicted. */
  get oldestSeq(): number {
    const file = this.minSeq[FILE]!;
    return this.anon ? Math.min(this.minSeq[ANON]!, file) : file;
  }

  /** Generations that eviction may use up before aging has to run: it needs the two youngest. */
  get spare(): number {
    return this.maxSeq - MIN_NR_GENS - this.oldestSeq;
  }

  /** Pages by type and age, for timelines: of the youngest generation, of that before it, and so on. */
  get sizes(): Record<string, number> {
    const sizes: Record<string, number> = {};
    for (const [type, name] of [
      [ANON, 'anon'],
      [FILE, 'file'],
    ] as const)
      for (let age = 0; age < MAX_NR_GENS; age++)
        sizes[`${name}_${age}`] = this.size[listOf(this.maxSeq - age, type)]!;
    return sizes;
  }

  /** Pages that can be evicted. */
  get evictable(): number {
    let pages = 0;
    for (let gen = 0; gen < MAX_NR_GENS; gen++)
      pages += this.size[2 * gen + FILE]! + (this.anon ? this.size[2 * gen + ANON]! : 0);
    return pages;
  }

  /**
   * inc_max_seq: a new youngest generation, empty. Evictable types have at most three generations then: aging runs only
   * when the older of them has. Anonymous pages that cannot go may have four; their two oldest become one, and nothing
   * looks at them.
   */
  incMaxSeq(): void {
    const anon = this.minSeq[ANON]!;
    if (this.maxSeq - anon + 1 === MAX_NR_GENS) this.setMinSeq(ANON, anon + 1);
    this.maxSeq++;
  }

  /** try_to_inc_min_seq: leaves empty oldest generations behind. Whether it did. */
  tryToIncMinSeq(): boolean {
    let anon = this.anon ? this.oldestPopulated(ANON) : this.minSeq[ANON]!;
    let file = this.oldestPopulated(FILE);
    if (anon === this.minSeq[ANON] && file === this.minSeq[FILE]) return false;
    if (this.anon) {
      // A type that runs empty keeps one generation to evict from while the other type has older ones.
      const seq = this.maxSeq - MIN_NR_GENS;
      if (anon > seq && file < seq) anon = seq;
      else if (file > seq && anon < seq) file = seq;
    }
    const anonMoved = this.setMinSeq(ANON, anon);
    return this.setMinSeq(FILE, file) || anonMoved;
  }

  private oldestPopulated(type: number): number {
    let seq = this.minSeq[type]!;
    while (seq + MIN_NR_GENS <= this.maxSeq && this.lists.tail(listOf(seq, type)) < 0) seq++;
    return seq;
  }

  private setMinSeq(type: number, seq: number): boolean {
    if (seq <= this.minSeq[type]!) return false;
    this.control.carryOver(type);
    this.minSeq[type] = seq;
    return true;
  }
}

/** Lists are numbered by generation and type. */
function listOf(seq: number, type: number): number {
  return 2 * (seq & GEN_MASK) + type;
}

export function listType(list: number): number {
  return list & 1;
}
