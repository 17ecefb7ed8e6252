import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { TRAIT } from './contract.js';
import { ANON, FILE, MAX_SWAPPINESS, MIN_LRU_BATCH, RefaultControl } from './structures/mglru-control.js';
import {
  FILE_TYPE,
  GEN_MASK,
  Generations,
  listType,
  MAX_NR_GENS,
  MIN_NR_GENS,
  ON_LIST,
  ONE_REF,
  REFERENCED,
  REFS_FLAGS,
  REFS_MASK,
  SHADOW,
  stateTier,
  stateType,
  tokenOf,
  tokenSeq,
  tokenTier,
  tokenWorkingset,
  WORKINGSET,
} from './structures/mglru-generations.js';

const MAX_LRU_BATCH = 64 * MIN_LRU_BATCH;
const DEF_PRIORITY = 12;
const SWAP_CLUSTER_MAX = 32;
/** Source: mm/memcontrol.c. */
const MAX_RECLAIM_RETRIES = 16;

/**
 * Linux's multi-gen LRU: up to four generations of anonymous and of file pages. Aging makes a new one and moves up what
 * was used through page tables; eviction empties the oldest, where a feedback loop protects pages that were used
 * through descriptors and refault more than others. Follows mm/vmscan.c, mm/workingset.c and mm/swap.c of Linux 6.18
 * for one memory cgroup on one node. Not validated: README.md has where Linux 7.2 differs.
 *
 * What differs from the kernel:
 * - Aging walks every page of the policy, by reverse map, and not the page tables. The kernel's Bloom filters let it
 *   pass over tables without enough used pages: what it passes over, eviction finds used, and keeps; in loops that is what
 *   protects a part of them. The time of aging is not charged.
 * - Eviction that finds a used page does not look at its neighbours (lru_gen_look_around): ids have no neighbours. That
 *   moves up to 64 pages at a time, and changes which page goes.
 * - `insert` does not say why a page comes. Anonymous pages count as faulted, file pages as read through a descriptor
 *   or ahead: they start in the oldest generation, and the accessed bit of those that were mapped takes them to the
 *   second youngest when eviction meets them. So `workingset_activate_file` cannot be known and is not counted.
 * - Demoted anonymous pages go to the oldest generation. The kernel puts those without swap slot into the second
 *   youngest, unused, after MADV_COLD.
 */
export class Mglru implements ReclaimPolicy {
  readonly counters = {
    pgscan: 0,
    pgrefill: 0,
    pgactivate: 0,
    pgdeactivate: 0,
    workingset_refault_anon: 0,
    workingset_refault_file: 0,
    workingset_activate_anon: 0,
  };
  /** Pages that aging has looked at so far. */
  aged = 0;
  private readonly control = new RefaultControl();
  private readonly generations: Generations;
  /** 0 where anonymous pages have nowhere to go. */
  private swappiness: number;
  /** The batch that eviction has taken off its list and not decided about yet. */
  private readonly isolated = new Int32Array(MIN_LRU_BATCH);
  private isolatedCount = 0;
  private found = 0;
  /** Whether dirty file pages may still wait for write-back in this search: until it has to run aging. */
  private patient = true;

  constructor(
    private readonly pages: Pages,
    private readonly context: ReclaimContext,
  ) {
    this.swappiness = context.swap ? (context.values.swappiness as number) : 0;
    this.generations = new Generations(pages.count, this.swappiness > 0, this.control);
  }

  get bytes(): number {
    return this.generations.bytes;
  }

  /** get_swappiness: read at every reclaim. */
  tune(parameter: string, value: number): void {
    if (parameter !== 'swappiness' || !this.context.swap) return;
    this.swappiness = value;
    this.generations.anon = value > 0;
  }

  /** lru_gen_folio_seq: a faulted page is second youngest, any other oldest, each one younger if workingset. */
  insert(id: number): void {
    const { generations } = this;
    const type = this.typeOf(id);
    const workingset = generations.state[id]! & SHADOW ? this.refault(id, type) : 0;
    const younger = workingset === 0 ? 0 : 1;
    const { maxSeq, minSeq } = generations;
    const distance = type === ANON ? MIN_NR_GENS : MAX_NR_GENS;
    generations.add(id, type, Math.max(maxSeq - distance + 1 + younger, minSeq[type]!), workingset);
  }

  /** lru_gen_inc_refs: one access through a descriptor more; moves the page to another tier, not on its list. */
  accessed(id: number): void {
    const { state } = this.generations;
    const old = state[id]!;
    if ((old & ON_LIST) === 0) return;
    if ((old & REFERENCED) === 0) state[id] = (old & ~REFS_MASK) | REFERENCED;
    else if ((old & REFS_MASK) === REFS_MASK) state[id] = old | WORKINGSET;
    else state[id] = old + ONE_REF;
  }

  evict(victims: Int32Array, _wanted: number): number {
    const enough = Math.min(SWAP_CLUSTER_MAX, victims.length);
    this.found = 0;
    this.patient = true;
    // A pass that only took accessed bits away, or moved pages up, finds nothing: the next one does.
    for (let pass = 0; pass < MAX_RECLAIM_RETRIES && this.found === 0; pass++) {
      for (let priority = DEF_PRIORITY; priority >= 0 && this.found < enough; priority--) {
        this.shrink(victims, priority);
      }
    }
    return this.found;
  }

  /** Rejected pages do not go back to the oldest generation (evict_folios), and their eviction does not count. */
  reject(id: number): void {
    const { generations } = this;
    const state = generations.state[id]!;
    let workingset = 0;
    if (state & SHADOW) {
      const token = generations.lists.note(id);
      this.control.undoEviction(stateType(state), tokenTier(token));
      workingset = tokenWorkingset(token);
    }
    const seq = workingset ? generations.maxSeq : generations.maxSeq - 1;
    generations.add(id, this.typeOf(id), seq, workingset);
    this.counters.pgactivate++;
  }

  remove(id: number): void {
    const { generations } = this;
    if (id >= generations.state.length) return;
    if (generations.state[id]! & ON_LIST) generations.take(id);
    generations.state[id] = 0;
  }

  /** To the oldest generation, unused; lazily freed pages to that of the file type. One that is there keeps its place. */
  demote(id: number): void {
    const { generations } = this;
    const state = generations.state[id]!;
    if ((state & ON_LIST) === 0) return;
    const type = this.typeOf(id);
    const oldest = generations.minSeq[type]!;
    if (type === stateType(state) && (state & GEN_MASK) === (oldest & GEN_MASK)) {
      generations.state[id] = state & ~(REFS_FLAGS | WORKINGSET);
      return;
    }
    generations.take(id);
    generations.add(id, type, oldest, 0);
    if ((this.pages.traits[id]! & TRAIT.lazyfree) === 0) this.counters.pgdeactivate++;
  }

  resize(): void {}

  grow(count: number): void {
    this.generations.grow(count);
  }

  /** Lazily freed pages are of the file type (folio_is_file_lru). */
  private typeOf(id: number): number {
    return (this.pages.traits[id]! & (TRAIT.file | TRAIT.lazyfree)) !== 0 ? FILE : ANON;
  }

  /**
   * lru_gen_refault: counts the refault for its tier when the eviction is at most three generations back, and returns
   * the working set mark the page had. The kernel also restores the accesses, which the next one clears (they count
   * only with PG_referenced), so they are left out.
   */
  private refault(id: number, type: number): number {
    const { counters, generations } = this;
    if (type === FILE) counters.workingset_refault_file++;
    else counters.workingset_refault_anon++;
    const token = generations.lists.note(id);
    if (generations.maxSeq - tokenSeq(token) >= MAX_NR_GENS) return 0;
    this.control.noteRefault(type, tokenTier(token));
    if (type === ANON) counters.workingset_activate_anon++;
    return tokenWorkingset(token);
  }

  /** try_to_shrink_lruvec: one pass at one priority. */
  private shrink(victims: Int32Array, priority: number): void {
    let scanned = 0;
    while (this.found < victims.length) {
      const target = this.pagesToScan(priority);
      if (scanned >= target) return;
      const looked = this.evictPages(victims, target);
      if (looked === 0) return;
      scanned += looked;
    }
  }

  /**
   * get_nr_to_scan: how many pages to look at. With less than four generations left it runs aging instead, and leaves
   * the scan to the next priority; the first priority tries to get away without.
   */
  private pagesToScan(priority: number): number {
    const { generations } = this;
    const spare = generations.maxSeq - MIN_NR_GENS - generations.oldestSeq;
    if (spare <= 0 && priority < DEF_PRIORITY) {
      this.walk();
      generations.incMaxSeq();
      this.patient = false;
      return 0;
    }
    return spare < 0 ? 0 : generations.evictable >> priority;
  }

  /** The walk of aging over all pages that could be evicted. Their order does not matter. */
  private walk(): void {
    const { lists } = this.generations;
    for (let list = 0; list < 2 * MAX_NR_GENS; list++) {
      if (this.swappiness === 0 && listType(list) === ANON) continue;
      for (let id = lists.tail(list); id >= 0; id = lists.newer(id)) this.walkPage(id);
    }
  }

  /**
   * folio_update_gen: a page found used for the first time is marked, the next time it joins the youngest generation
   * and the working set. It stays on its list until eviction meets it there.
   */
  private walkPage(id: number): void {
    this.aged++;
    if (this.pages.referenced(id) === 0) return;
    const { state, maxSeq } = this.generations;
    const old = state[id]!;
    if (old & (REFERENCED | WORKINGSET)) {
      state[id] = (old & ~(GEN_MASK | REFS_FLAGS)) | (maxSeq & GEN_MASK) | WORKINGSET;
    } else state[id] = (old & ~REFS_MASK) | REFERENCED;
  }

  /** evict_folios: isolates a batch of the oldest pages and takes those that were not used. Returns the number scanned. */
  private evictPages(victims: Int32Array, target: number): number {
    const { generations } = this;
    const room = Math.min(MIN_LRU_BATCH, victims.length - this.found);
    const type = this.control.typeToScan(this.swappiness);
    let looked = this.scan(type, target, room);
    if (looked === 0 && this.swappiness > 0) looked = this.scan(1 - type, target, room);
    if (generations.tryToIncMinSeq()) looked++;
    for (let i = 0; i < this.isolatedCount; i++) {
      const id = this.isolated[i]!;
      if (this.survives(id)) continue;
      this.forget(id);
      victims[this.found++] = id;
    }
    return generations.oldestSeq + MIN_NR_GENS > generations.maxSeq ? 0 : looked;
  }

  /** scan_folios: isolates up to `room` of the oldest pages of a type. Returns the number scanned, 0 when none could be isolated. */
  private scan(type: number, target: number, room: number): number {
    const { generations } = this;
    this.isolatedCount = 0;
    if (generations.maxSeq - generations.minSeq[type]! + 1 === MIN_NR_GENS) return 0;
    const tier = this.control.highestEvictableTier(type);
    const batch = Math.min(target, MAX_LRU_BATCH);
    let looked = 0;
    while (looked < batch && this.isolatedCount < room) {
      const id = generations.oldestPage(type);
      if (id < 0) break;
      looked++;
      generations.take(id);
      if (!this.sorted(id, type, tier)) this.isolated[this.isolatedCount++] = id;
    }
    this.counters.pgscan += this.isolatedCount;
    this.counters.pgrefill += looked - this.isolatedCount;
    return this.isolatedCount > 0 || looked === batch ? looked : 0;
  }

  /** sort_folio: whether a page off its list belongs to a younger generation; then it is there now. */
  private sorted(id: number, type: number, tier: number): boolean {
    const { generations } = this;
    const state = generations.state[id]!;
    const seq = generations.minSeq[type]!;
    const gen = state & GEN_MASK;
    if (gen !== (seq & GEN_MASK)) {
      generations.add(id, type, gen, state & (REFS_FLAGS | WORKINGSET));
      return true;
    }
    // Used as often as can be counted: moves up in any case, and says nothing about its tier.
    const full = (state & (REFS_FLAGS | WORKINGSET)) === (REFS_FLAGS | WORKINGSET);
    const guarded = stateTier(state) > tier;
    if (guarded && !full) this.control.noteProtection(type, stateTier(state));
    if (!full && !guarded && !this.waits(id)) return false;
    generations.add(id, type, seq + 1, state & WORKINGSET);
    return true;
  }

  /**
   * Dirty file pages wait for write-back in the next generation. When that becomes the oldest within one search,
   * nothing else is left, and the caller decides about them.
   */
  private waits(id: number): boolean {
    const dirtyFile = TRAIT.file | TRAIT.dirty;
    return this.patient && (this.pages.traits[id]! & dirtyFile) === dirtyFile;
  }

  /**
   * folio_check_references and lru_gen_set_refs: whether an isolated page was used, and where it goes then. Used for
   * the first time: second youngest generation, marked if anonymous. Again: youngest, and working set.
   */
  private survives(id: number): boolean {
    if (this.pages.referenced(id) === 0) return false;
    const { generations } = this;
    const state = generations.state[id]!;
    const type = stateType(state);
    if (state & (REFERENCED | WORKINGSET)) {
      generations.add(id, type, generations.maxSeq, WORKINGSET);
      this.counters.pgactivate++;
    } else generations.add(id, type, generations.maxSeq - 1, type === ANON ? REFERENCED : 0);
    return true;
  }

  /** lru_gen_eviction: leaves a shadow. Lazily freed pages leave none. */
  private forget(id: number): void {
    const { state, lists, minSeq } = this.generations;
    if (this.pages.traits[id]! & TRAIT.lazyfree) {
      state[id] = 0;
      return;
    }
    const old = state[id]!;
    const type = stateType(old);
    this.control.noteEviction(type, stateTier(old));
    lists.setNote(id, tokenOf(old, minSeq[type]!));
    state[id] = SHADOW | (old & FILE_TYPE);
  }
}

export const mglru: ReclaimPolicyInfo = {
  name: 'mglru',
  summary:
    'Multi-gen LRU, not validated against a kernel: generations by accessed bits, tiers by refaults, anon and file by refaults',
  source:
    'Documentation/mm/multigen_lru.rst, mm/vmscan.c (lru_gen_*), mm/workingset.c and mm/swap.c of Linux 6.18',
  complexity: 'O(1) a page scanned; aging looks at all pages, once a generation',
  accessedAtInsert: true,
  mayNotSwap: true,
  parameters: {
    swappiness: {
      kind: 'integer',
      default: 60,
      min: 0,
      max: MAX_SWAPPINESS,
      meaning:
        'relative cost of swapping against dropping file pages; 0 never swaps; default of vm.swappiness',
    },
  },
  create: (pages, context) => new Mglru(pages, context),
};
