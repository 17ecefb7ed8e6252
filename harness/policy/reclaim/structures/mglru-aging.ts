import type { Pages, UsedPages } from '../contract.js';
import { ANON } from './mglru-control.js';
import { type Generations, listType, MAX_NR_GENS } from './mglru-generations.js';
import { LINUX_7_2, type Placement } from './mglru-placement.js';
import {
  GEN_MASK,
  ON_LIST,
  REFERENCED,
  REFS_FLAGS,
  REFS_MASK,
  refsOf,
  WORKINGSET,
  withAccess,
} from './mglru-state.js';

/**
 * What the multi-gen LRU does about pages that it finds used: when it ages, when eviction meets them, and next to those.
 * Follows mm/vmscan.c.
 */
export class Aging implements UsedPages {
  /** Used pages that it has found, each time. */
  used = 0;
  /** Whether used pages join the youngest generation where they are: in a walk, and after one in the same pass. */
  walking = false;
  /** Whether spaces have been walked in this search. */
  private walked = false;

  constructor(
    private readonly pages: Pages,
    private readonly generations: Generations,
    private readonly placement: Placement,
  ) {}

  /** A search for victims begins. */
  begin(): void {
    this.walked = false;
  }

  /**
   * try_to_inc_max_seq: walks page tables, and begins a new youngest generation. A space is walked again when it was
   * switched to since (lru_gen_use_mm), as is taken to happen between two searches, and not within one.
   *
   * @param anon whether anonymous pages age, too
   */
  run(anon: boolean): void {
    const { generations, pages } = this;
    this.walking = true;
    if (!pages.tables) this.walkLists(anon);
    else if (!this.walked) pages.tables.walk(generations.maxSeq, anon, this);
    this.walked = true;
    this.walking = false;
    generations.incMaxSeq();
  }

  /** Where pages have no addresses: all that could be evicted are looked at. Their order does not matter. */
  private walkLists(anon: boolean): void {
    const { lists } = this.generations;
    for (let list = 0; list < 2 * MAX_NR_GENS; list++) {
      if (!anon && listType(list) === ANON) continue;
      for (let id = lists.tail(list); id >= 0; id = lists.newer(id))
        if (this.pages.referenced(id) > 0) this.wasUsed(id);
    }
  }

  /** walk_update_folio: a page was found used by a walk, or next to one that eviction has met. */
  wasUsed(id: number): boolean {
    const { generations } = this;
    const old = generations.state[id]!;
    if ((old & ON_LIST) === 0) return false;
    this.used++;
    if (this.walking) {
      if (old & (REFERENCED | WORKINGSET)) generations.makeYoungest(id, WORKINGSET);
      else generations.state[id] = (old & ~REFS_MASK) | REFERENCED;
    } else if (this.mark(id) && (old & GEN_MASK) !== (generations.maxSeq & GEN_MASK))
      this.placement.activate(id);
    return true;
  }

  /** lru_gen_set_refs: marks a used page. Returns whether it was marked before, and so is active now. */
  mark(id: number): boolean {
    const { state } = this.generations;
    const old = state[id]!;
    if ((old & (REFERENCED | WORKINGSET)) === 0) {
      state[id] = (old & ~REFS_MASK) | REFERENCED;
      return false;
    }
    if (this.placement.kernel >= LINUX_7_2 && refsOf(old) <= 1) state[id] = withAccess(old);
    else state[id] = (old & ~REFS_FLAGS) | WORKINGSET;
    return true;
  }

  /** folio_referenced: whether a page on no list was used; looks at the pages near it. */
  isUsed(id: number): boolean {
    const { tables } = this.pages;
    if (!tables) return this.pages.referenced(id) > 0;
    return tables.referencedAround(id, this.generations.maxSeq, this) > 0;
  }
}
