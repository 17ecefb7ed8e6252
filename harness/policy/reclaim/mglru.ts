import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { TRAIT } from './contract.js';
import { Aging } from './structures/mglru-aging.js';
import { ANON, FILE, MAX_SWAPPINESS, MIN_LRU_BATCH, RefaultControl } from './structures/mglru-control.js';
import { Generations, MAX_NR_GENS, MIN_NR_GENS } from './structures/mglru-generations.js';
import { LINUX_7_2, Placement } from './structures/mglru-placement.js';
import {
  ADDING,
  FILE_TYPE,
  GEN_MASK,
  KEPT_FLAGS,
  ON_LIST,
  SHADOW,
  stateTier,
  stateType,
  WORKINGSET,
  withAccess,
} from './structures/mglru-state.js';
import { DEF_PRIORITY, MAX_RECLAIM_RETRIES, SWAP_CLUSTER_MAX } from './structures/vmscan.js';

const MAX_LRU_BATCH = 64 * MIN_LRU_BATCH;

/**
 * Linux's multi-gen LRU: up to four generations of anonymous and of file pages. Aging makes a new one and moves up what
 * was used through page tables; eviction empties the oldest, where a feedback loop protects pages that were used
 * through descriptors and refault more than others. Follows mm/vmscan.c, mm/workingset.c and mm/swap.c of Linux 6.18 and
 * 7.2 for one memory cgroup on one node; earlier ones have other rules, and are replayed as 6.18.
 *
 * What differs from the kernel:
 * - A space is taken to have been switched to between two searches, and not within one; filters of page tables are exact.
 * - The time of aging is not charged.
 * - On reference strings, whose pages have no addresses, aging looks at every page and eviction at no neighbours; anonymous
 *   pages count as faulted, and file pages as read.
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
    workingset_activate_file: 0,
  };
  readonly shrinksAtOnce = true;
  readonly aging: Aging;
  private readonly control = new RefaultControl();
  private readonly generations: Generations;
  private readonly placement: Placement;
  /** As it was set; 0 where there is no swap. */
  private given: number;
  /** 0 where anonymous pages have nowhere to go now. */
  private swappiness: number;
  /** The batch that eviction has taken off its list and not decided about yet. */
  private readonly isolated = new Int32Array(MIN_LRU_BATCH);
  private isolatedCount = 0;
  private found = 0;
  /** Pages that victims have beyond one each: of folios. */
  private extra = 0;
  /** Whether dirty file pages may still wait for write-back in this search: until it has to run aging. */
  private patient = true;

  constructor(
    private readonly pages: Pages,
    private readonly context: ReclaimContext,
  ) {
    this.given = context.swap ? (context.values.swappiness as number) : 0;
    this.swappiness = this.given;
    this.generations = new Generations(pages.count, this.swappiness > 0, this.control);
    this.placement = new Placement(pages, this.generations, this.counters);
    this.aging = new Aging(pages, this.generations, this.placement);
  }

  get bytes(): number {
    return this.generations.bytes;
  }

  get listSizes(): Readonly<Record<string, number>> {
    return { ...this.generations.sizes, lru_add: this.placement.waiting };
  }

  /** get_swappiness: where swap has no room for a batch, reclaim leaves anonymous pages alone. */
  private readSwappiness(): void {
    const { swapFree } = this.context;
    this.swappiness = swapFree === undefined || swapFree() >= MIN_LRU_BATCH ? this.given : 0;
    this.generations.anon = this.swappiness > 0;
  }

  tune(parameter: string, value: number): void {
    if (parameter === 'kernel.version') this.placement.kernel = value;
    if (parameter !== 'swappiness' || !this.context.swap) return;
    this.given = value;
    this.readSwappiness();
  }

  insert(id: number): void {
    const { tables } = this.pages;
    const faulted = tables ? tables.inFault : this.placement.typeOf(id) === ANON;
    const returns = (this.generations.state[id]! & SHADOW) !== 0;
    this.placement.add(id, returns ? this.refault(id, faulted) : 0, faulted);
  }

  /** lru_gen_inc_refs: one access through a descriptor more; moves the page to another tier, not on its list. */
  accessed(id: number): void {
    const { state } = this.generations;
    const old = state[id]!;
    if (old & (ON_LIST | ADDING)) state[id] = withAccess(old);
  }

  evict(victims: Int32Array, wanted: number): number {
    const enough = Math.min(Math.max(wanted, SWAP_CLUSTER_MAX), victims.length);
    this.found = 0;
    this.extra = 0;
    this.patient = true;
    this.aging.begin();
    // A pass that only took accessed bits away, or moved pages up, finds nothing: the next one does.
    for (let pass = 0; pass < MAX_RECLAIM_RETRIES && this.found === 0; pass++) {
      for (let priority = DEF_PRIORITY; priority >= 0 && this.found + this.extra < enough; priority--) {
        this.placement.drain();
        this.readSwappiness();
        if (this.placement.kernel >= LINUX_7_2) this.shrink(victims, enough, priority);
        else this.shrinkBefore72(victims, priority);
      }
    }
    return this.found;
  }

  /** A page that could not go is active (activate_locked), and its eviction does not count. */
  reject(id: number): void {
    const { state } = this.generations;
    const old = state[id]!;
    if (old & SHADOW) this.control.undoEviction(stateType(old), stateTier(old));
    this.placement.place(id, this.placement.unlisted(id, old), true);
    this.counters.pgactivate += this.generations.pagesOf(id);
  }

  remove(id: number): void {
    const { state } = this.generations;
    if (id >= state.length) return;
    this.placement.take(id);
    state[id] = 0;
  }

  isWorkingset(id: number): boolean {
    return (this.generations.state[id]! & WORKINGSET) !== 0;
  }

  /** reclaim_folio_list: the page was not chosen here; its eviction is on record all the same. */
  pagedOut(id: number): void {
    const { state } = this.generations;
    this.placement.take(id);
    state[id] = state[id]! & (WORKINGSET | FILE_TYPE);
    this.forget(id);
  }

  demote(id: number): void {
    if (this.pages.traits[id]! & TRAIT.lazyfree) this.placement.free(id);
    else this.placement.deactivate(id);
  }

  rotate(id: number): void {
    this.placement.rotate(id);
  }

  foliosBegin(sizeOf: (id: number) => number): void {
    this.generations.sizeOf = sizeOf;
  }

  splitFolio(head: number, tails: readonly number[], size: number): void {
    this.generations.split(head, tails, size);
  }

  evictedWith(id: number, head: number): void {
    const { state, lists } = this.generations;
    state[id] = state[head]!;
    lists.setNote(id, lists.note(head));
  }

  resize(): void {}

  grow(count: number): void {
    this.generations.grow(count);
  }

  /**
   * lru_gen_refault: counts the refault for its tier when the eviction is at most three generations back, and returns
   * the working set mark the page had. The kernel also restores the accesses, which the next one clears (they count
   * only with PG_referenced), so they are left out.
   */
  private refault(id: number, faulted: boolean): number {
    const { counters, generations } = this;
    const type = this.placement.typeOf(id);
    if (type === FILE) counters.workingset_refault_file++;
    else counters.workingset_refault_anon++;
    if (generations.maxSeq - generations.lists.note(id) >= MAX_NR_GENS) return 0;
    const state = generations.state[id]!;
    this.control.noteRefault(type, stateTier(state));
    const workingset = state & WORKINGSET;
    if (faulted && (workingset || this.placement.kernel < LINUX_7_2)) {
      if (type === FILE) counters.workingset_activate_file++;
      else counters.workingset_activate_anon++;
    }
    return workingset;
  }

  /** try_to_shrink_lruvec: one pass at one priority; ages first where fewer than four generations are left. */
  private shrink(victims: Int32Array, enough: number, priority: number): void {
    let left = this.generations.evictable >> priority;
    while (left > 0) {
      const { spare } = this.generations;
      if (spare < 0 || (spare === 0 && priority < DEF_PRIORITY)) {
        this.aging.run(this.swappiness > 0);
        this.aging.walking = true;
      }
      const looked = this.evictPages(victims, Math.min(left, MIN_LRU_BATCH));
      if (looked === 0 || this.found + this.extra >= enough) break;
      left -= looked;
    }
    this.aging.walking = false;
  }

  /**
   * The same before Linux 7.2: ages instead, and the first priority tries to get away without (get_nr_to_scan). It scans all
   * that the priority says, also when it has enough (should_abort_scan of a cgroup).
   */
  private shrinkBefore72(victims: Int32Array, priority: number): void {
    for (let scanned = 0; this.found < victims.length; ) {
      const { spare } = this.generations;
      if (spare <= 0 && priority < DEF_PRIORITY) {
        this.aging.run(this.swappiness > 0);
        this.patient = false;
        return;
      }
      const target = spare < 0 ? 0 : this.generations.evictable >> priority;
      if (scanned >= target) return;
      const looked = this.evictPagesBefore72(victims, target);
      if (looked === 0) return;
      scanned += looked;
    }
  }

  /** evict_folios: isolates a batch of the oldest pages and takes those that were not used. Returns the number scanned. */
  private evictPages(victims: Int32Array, target: number): number {
    const { generations } = this;
    generations.tryToIncMinSeq();
    const looked = this.isolate(target, this.roomIn(victims));
    if (looked > 0) generations.tryToIncMinSeq();
    this.shrinkIsolated(victims);
    return looked;
  }

  private evictPagesBefore72(victims: Int32Array, target: number): number {
    const { generations } = this;
    const room = this.roomIn(victims);
    const type = this.control.typeToScan(this.swappiness);
    let looked = this.scanBefore72(type, target, room);
    if (looked === 0 && this.swappiness > 0) looked = this.scanBefore72(1 - type, target, room);
    if (generations.tryToIncMinSeq()) looked++;
    this.shrinkIsolated(victims);
    return generations.spare < 0 ? 0 : looked;
  }

  private roomIn(victims: Int32Array): number {
    return Math.min(MIN_LRU_BATCH, victims.length - this.found);
  }

  /** isolate_folios: the other type where nothing is left to look at, not where all that was looked at moved up. */
  private isolate(target: number, room: number): number {
    let type = this.control.typeToScan(this.swappiness);
    let looked = 0;
    for (let tries = this.swappiness > 0 ? 2 : 1; tries > 0; tries--) {
      const now = this.scan(type, target, room);
      looked += now;
      if (this.isolatedCount > 0) break;
      if (now === 0) type = 1 - type;
    }
    return looked;
  }

  private scanBefore72(type: number, target: number, room: number): number {
    const batch = Math.min(target, MAX_LRU_BATCH);
    const looked = this.scan(type, batch, room);
    return this.isolatedCount > 0 || looked === batch ? looked : 0;
  }

  /** scan_folios: isolates up to `room` of the `batch` oldest pages of a type. Returns the number scanned. */
  private scan(type: number, batch: number, room: number): number {
    const { generations } = this;
    this.isolatedCount = 0;
    if (generations.maxSeq - generations.minSeq[type]! + 1 === MIN_NR_GENS) return 0;
    const tier = this.control.highestEvictableTier(type);
    let looked = 0;
    let isolated = 0;
    while (looked < batch && isolated < room) {
      const id = generations.oldestPage(type);
      if (id < 0) break;
      const pages = generations.pagesOf(id);
      looked += pages;
      if (!this.sorted(id, type, tier)) {
        generations.take(id);
        this.isolated[this.isolatedCount++] = id;
        isolated += pages;
      }
    }
    this.counters.pgscan += isolated;
    this.counters.pgrefill += looked - isolated;
    return looked;
  }

  /** sort_folio: whether the oldest page of a list belongs to a younger generation; then it is there now. */
  private sorted(id: number, type: number, tier: number): boolean {
    const { generations } = this;
    const state = generations.state[id]!;
    const seq = generations.minSeq[type]!;
    const gen = state & GEN_MASK;
    if (gen !== (seq & GEN_MASK)) {
      generations.take(id);
      generations.add(id, type, gen, state);
      return true;
    }
    // Used as often as can be counted: moves up in any case, and says nothing about its tier.
    const full = (state & KEPT_FLAGS) === KEPT_FLAGS;
    const guarded = stateTier(state) > tier;
    if (guarded && !full) this.control.noteProtection(type, stateTier(state));
    if (!full && !guarded && !this.waits(id)) return false;
    generations.take(id);
    generations.add(id, type, seq + 1, state & WORKINGSET);
    return true;
  }

  /**
   * Before Linux 7.2 dirty file pages wait for write-back in the next generation. When that becomes the oldest within
   * one search, nothing else is left, and the caller decides about them.
   */
  private waits(id: number): boolean {
    const dirtyFile = TRAIT.file | TRAIT.dirty;
    return (
      this.placement.kernel < LINUX_7_2 && this.patient && (this.pages.traits[id]! & dirtyFile) === dirtyFile
    );
  }

  /** shrink_folio_list: isolated pages go, or go back to a list once all have been looked at. */
  private shrinkIsolated(victims: Int32Array): void {
    const { isolated } = this;
    let kept = 0;
    for (let i = 0; i < this.isolatedCount; i++) {
      const id = isolated[i]!;
      if (this.aging.isUsed(id)) isolated[kept++] = this.aging.mark(id) ? ~id : id;
      else if (this.staysWritten(id)) {
        if (this.keep(id)) isolated[kept++] = ~id;
      } else {
        this.forget(id);
        victims[this.found++] = id;
        this.extra += this.generations.pagesOf(id) - 1;
      }
    }
    for (let i = 0; i < kept; i++) {
      const id = isolated[i]!;
      this.placement.putBack(id < 0 ? ~id : id, id < 0);
    }
    this.isolatedCount = 0;
  }

  /** Whether an unused page is to be written first, or was since it was freed. Its dirty bits have been collected. */
  private staysWritten(id: number): boolean {
    const traits = this.pages.traits[id]!;
    if ((traits & TRAIT.dirty) === 0 || (traits & (TRAIT.file | TRAIT.lazyfree)) === 0) return false;
    return this.pages.tables?.staysWritten(id) === true;
  }

  /** A page stays that was chosen; its type may have changed. Returns false where it may not be chosen any more. */
  private keep(id: number): boolean {
    const { state } = this.generations;
    const stays = this.pages.tables!.isEvictable(id);
    state[id] = stays ? this.placement.unlisted(id, state[id]!) : 0;
    return stays;
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
    lists.setNote(id, minSeq[type]!);
    state[id] = SHADOW | (old & (FILE_TYPE | KEPT_FLAGS));
  }
}

export const mglru: ReclaimPolicyInfo = {
  name: 'mglru',
  summary: 'Multi-gen LRU: generations by accessed bits, tiers by refaults, anon and file by refaults',
  source:
    'Documentation/mm/multigen_lru.rst, mm/vmscan.c (lru_gen_*), mm/workingset.c and mm/swap.c of Linux 6.18 and 7.2',
  complexity:
    'O(1) a page scanned, and 64 entries near a used one; aging walks page tables, once a generation',
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
