import { grown } from '../../../base/arrays.js';
import { ANON, FILE, type RefaultControl, tierOf } from './mglru-control.js';
import { PageLists } from './page-list.js';

export const MIN_NR_GENS = 2;
export const MAX_NR_GENS = 4;

/**
 * State of a page on a list: bits 0 and 1 its generation, then flags. The generation may be younger than the list the
 * page is on: aging writes only here, and eviction sorts the page when it meets it.
 */
export const GEN_MASK = 3;
export const FILE_TYPE = 4;
export const ON_LIST = 8;
export const REFERENCED = 16;
const REFS_SHIFT = 5;
/** One access in `REFS_MASK`. */
export const ONE_REF = 1 << REFS_SHIFT;
/** Accesses through descriptors after the first; has meaning only with `REFERENCED`. */
export const REFS_MASK = 3 << REFS_SHIFT;
export const REFS_FLAGS = REFERENCED | REFS_MASK;
export const WORKINGSET = 128;
/** Only without `ON_LIST`: evicted, with its eviction on record; the links hold a token. */
export const SHADOW = 1;

/** Bits of a token: 0 the working set mark, 1 and 2 the accesses after the first, above them min_seq. */
const TOKEN_SEQ_SHIFT = 3;

/** folio_lru_refs: accesses through descriptors, 0 to 4. */
function refsOf(state: number): number {
  return state & REFERENCED ? ((state & REFS_MASK) >> REFS_SHIFT) + 1 : 0;
}

export function stateTier(state: number): number {
  return tierOf(refsOf(state), (state & WORKINGSET) !== 0);
}

export function stateType(state: number): number {
  return state & FILE_TYPE ? FILE : ANON;
}

/** What an eviction leaves behind of a page. */
export function tokenOf(state: number, minSeq: number): number {
  const refs = Math.max(0, refsOf(state) - 1);
  return (minSeq << TOKEN_SEQ_SHIFT) | (refs << 1) | (state & WORKINGSET ? 1 : 0);
}

/** The oldest generation at the eviction. */
export function tokenSeq(token: number): number {
  return token >> TOKEN_SEQ_SHIFT;
}

export function tokenTier(token: number): number {
  return tierOf(((token >> 1) & 3) + 1, (token & 1) !== 0);
}

/** `WORKINGSET` when the page was in the working set, else 0. */
export function tokenWorkingset(token: number): number {
  return token & 1 ? WORKINGSET : 0;
}

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
  /** Pages on lists, by type. */
  readonly size = [0, 0];

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

  /** Puts a page that is on no list at the newest end of a generation. */
  add(id: number, type: number, seq: number, flags: number): void {
    this.lists.addHead(listOf(seq, type), id);
    this.state[id] = (seq & GEN_MASK) | (type === FILE ? FILE_TYPE : 0) | ON_LIST | flags;
    this.size[type] = this.size[type]! + 1;
  }

  /** Takes a page off its list. */
  take(id: number): void {
    const state = this.state[id]!;
    const type = stateType(state);
    this.lists.unlink(id);
    this.state[id] = state & ~ON_LIST;
    this.size[type] = this.size[type]! - 1;
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

  /** Pages that can be evicted. */
  get evictable(): number {
    const file = this.size[FILE]!;
    return this.anon ? this.size[ANON]! + file : file;
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
