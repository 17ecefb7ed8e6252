import { type Pages, TRAIT } from '../contract.js';
import { ANON, FILE } from './mglru-control.js';
import { type Generations, MAX_NR_GENS, MIN_NR_GENS } from './mglru-generations.js';
import {
  ADDING,
  ADDING_ACTIVE,
  FILE_TYPE,
  GEN_MASK,
  KEPT_FLAGS,
  ON_LIST,
  REFERENCED,
  REFS_FLAGS,
  stateType,
  WORKINGSET,
} from './mglru-state.js';

/** Pages that a processor gathers before it puts them on lists. Source: PAGEVEC_SIZE in include/linux/pagevec.h. */
const FOLIO_BATCH = 31;
/**
 * From Linux 7.2 on, faults mark pages instead of activating them, eviction goes on after aging, and dirty pages of files are
 * met and not passed over. A number of setting `kernel.version`.
 */
export const LINUX_7_2 = 702;

/** What placing pages counts. */
interface PlacementCounters {
  pgactivate: number;
  pgdeactivate: number;
}

/**
 * Where pages of the multi-gen LRU go: to which generation by their flags, and when, since a processor gathers pages that come
 * in or are activated. Follows lru_gen_folio_seq in include/linux/mm_inline.h, and mm/swap.c.
 */
export class Placement {
  /** Setting `kernel.version`. */
  kernel = 618;
  /** Pages that have come in and are not on a list yet. */
  private readonly adding = new Int32Array(FOLIO_BATCH);
  private addingCount = 0;
  /** Pages that were used near an isolated one and are about to be activated. */
  private readonly activating = new Int32Array(FOLIO_BATCH);
  private activatingCount = 0;

  constructor(
    private readonly pages: Pages,
    private readonly generations: Generations,
    private readonly counters: PlacementCounters,
  ) {}

  /** Pages that have come in and are not on a list yet. */
  get waiting(): number {
    return this.addingCount;
  }

  /** Lazily freed pages are of the file type (folio_is_file_lru). */
  typeOf(id: number): number {
    return (this.pages.traits[id]! & (TRAIT.file | TRAIT.lazyfree)) !== 0 ? FILE : ANON;
  }

  /** The state of a page on no list, of the type that it is of now. */
  unlisted(id: number, flags: number): number {
    return (flags & KEPT_FLAGS) | (this.typeOf(id) === FILE ? FILE_TYPE : 0);
  }

  /**
   * folio_add_lru.
   *
   * @param flags `WORKINGSET` or none: a page that faults is active, from Linux 7.2 on only with it, and else referenced
   */
  add(id: number, flags: number, faulted: boolean): void {
    const marked = faulted && flags === 0 && this.kernel >= LINUX_7_2;
    const state = this.unlisted(id, marked ? REFERENCED : flags);
    this.generations.state[id] = state | (faulted && !marked ? ADDING_ACTIVE : ADDING);
    this.adding[this.addingCount++] = id;
    // folio_batch_add_and_move: a large folio does not wait.
    if (this.addingCount === FOLIO_BATCH || this.generations.pagesOf(id) > 1) this.drainAdded();
  }

  /** folio_activate: a page on a list, whose flags say that it was used before. */
  activate(id: number): void {
    this.activating[this.activatingCount++] = id;
    if (this.activatingCount === FOLIO_BATCH) this.drainActivated();
  }

  /** lru_add_drain: what is on its way to a list gets there. */
  drain(): void {
    if (this.addingCount > 0) this.drainAdded();
    if (this.activatingCount > 0) this.drainActivated();
  }

  private drainAdded(): void {
    const { generations } = this;
    for (let i = 0; i < this.addingCount; i++) {
      const id = this.adding[i]!;
      const state = generations.state[id]!;
      this.place(id, state, (state & GEN_MASK) === ADDING_ACTIVE);
    }
    this.addingCount = 0;
  }

  private drainActivated(): void {
    const { generations } = this;
    for (let i = 0; i < this.activatingCount; i++) {
      const id = this.activating[i]!;
      if ((generations.state[id]! & ON_LIST) === 0) continue;
      generations.take(id);
      this.place(id, generations.state[id]!, true);
      this.counters.pgactivate += generations.pagesOf(id);
    }
    this.activatingCount = 0;
  }

  /** Puts a page that is on no list where its flags say. */
  place(id: number, state: number, active: boolean): void {
    this.generations.add(id, stateType(state), this.seqOf(id, state, active), state);
  }

  /** As `place` for pages that eviction has met: never to the oldest generation (evict_folios). */
  putBack(id: number, active: boolean): void {
    const { generations } = this;
    const state = generations.state[id]!;
    if (active) this.counters.pgactivate += generations.pagesOf(id);
    if (this.seqOf(id, state, active) === generations.minSeq[stateType(state)])
      this.place(id, state & ~REFS_FLAGS, true);
    else this.place(id, state, active);
  }

  /** lru_gen_folio_seq: the generation that a page belongs to by its flags. */
  private seqOf(id: number, state: number, active: boolean): number {
    const { maxSeq, minSeq } = this.generations;
    const type = stateType(state);
    let distance: number;
    if (active) distance = state & WORKINGSET ? MIN_NR_GENS - 1 : MIN_NR_GENS;
    else if (type === ANON && !this.pages.tables?.inSwapCache(id)) distance = MIN_NR_GENS;
    else {
      const used = this.kernel >= LINUX_7_2 ? WORKINGSET | REFERENCED : WORKINGSET;
      distance = state & used ? MAX_NR_GENS - 1 : MAX_NR_GENS;
    }
    return Math.max(maxSeq - distance + 1, minSeq[type]!);
  }

  /** Takes a page off its list, or out of those that wait for one. */
  take(id: number): void {
    const state = this.generations.state[id]!;
    if (state & ON_LIST) this.generations.take(id);
    else if (state & ADDING) {
      const at = this.adding.lastIndexOf(id, this.addingCount - 1);
      this.adding.copyWithin(at, at + 1, this.addingCount--);
    }
  }

  /** folio_mark_lazyfree: flags stay, since lru_gen_clear_refs finds the page on no list. The call has drained. */
  free(id: number): void {
    this.drain();
    const { generations } = this;
    if ((generations.state[id]! & ON_LIST) === 0) return;
    generations.take(id);
    this.place(id, this.unlisted(id, generations.state[id]!), false);
  }

  /** folio_deactivate: one in the oldest generation keeps its place. The call has drained. */
  deactivate(id: number): void {
    this.drain();
    const { generations } = this;
    const state = generations.state[id]!;
    if ((state & ON_LIST) === 0) return;
    generations.state[id] = state & ~KEPT_FLAGS;
    if ((state & GEN_MASK) === (generations.minSeq[stateType(state)]! & GEN_MASK)) return;
    generations.take(id);
    this.place(id, generations.state[id]!, false);
    this.counters.pgdeactivate += generations.pagesOf(id);
  }

  /** folio_rotate_reclaimable: next to go. */
  rotate(id: number): void {
    this.drain();
    const { generations } = this;
    const state = generations.state[id]!;
    if ((state & ON_LIST) === 0) return;
    generations.take(id);
    generations.addOldest(id, stateType(state), state);
  }
}
