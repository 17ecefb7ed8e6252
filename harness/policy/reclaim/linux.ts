import { grown } from '../../base/arrays.js';
import type { JointSearch, Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { TRAIT } from './contract.js';
import { MemcgStats, UPDATES } from './structures/memcg-stats.js';
import { PageLists } from './structures/page-list.js';
import {
  ACTIVE_ANON,
  ACTIVE_FILE,
  INACTIVE_ANON,
  INACTIVE_FILE,
  LISTS,
  ScanPlan,
} from './structures/scan-plan.js';
import { DEF_PRIORITY, MAX_RECLAIM_RETRIES, SWAP_CLUSTER_MAX } from './structures/vmscan.js';

/** State of a page: bits 0 and 1 its list, then flags. */
const LIST_MASK = 3;
const ON_LIST = 4;
const REFERENCED = 8;
const WORKINGSET = 16;
/** Evicted, with its eviction on record (a shadow entry): the links hold the age. */
const SHADOW = 32;
/** With `SHADOW`: reclaimed by a call, and the age is that of the machine's lists, which are not modelled. */
const OF_MACHINE = 64;

/** At this priority one of 16 pages is looked at: programs have more than that of text and libraries. */
const OWN_FILES_PRIORITY = 4;

/** Whether a page of a file was used through an executable mapping when its use was last looked at. */
function isExecutable(traits: number): boolean {
  return (traits & (TRAIT.exec | TRAIT.file)) === (TRAIT.exec | TRAIT.file);
}

/**
 * Linux's two-list reclaim: inactive and active lists for anonymous memory and files, second chance by accessed
 * bits, refault distances, and a balance of the two kinds by cost. Follows mm/vmscan.c, mm/workingset.c and
 * mm/swap.c of Linux 6.18 for one memory cgroup on one node.
 */
class Linux implements ReclaimPolicy {
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
  private readonly lists: PageLists;
  private state: Uint8Array;
  private readonly size = [0, 0, 0, 0];
  /** Evictions and activations so far: the clock of refault distances (lruvec->nonresident_age). */
  private age = 0;
  private readonly stats: MemcgStats;
  private readonly plan: ScanPlan;
  /** Refaults activated up to the end of the last reclaim, as statistics had them then (lruvec->refaults). */
  private readonly refaults: [number, number] = [0, 0];
  /** Bit 0: the active anon list may shrink in this pass; bit 1: the active file list. */
  private mayDeactivate = 0;
  /** An active list was to be looked at, and may not shrink. */
  private skippedDeactivate = false;
  private swappiness: number;
  /** Setting `memcg.own_file_pages`. */
  private ownFilePages = true;
  private readonly swap: boolean;
  private readonly swapFree: (() => number) | undefined;
  /** Traits of pages that go when they are met, used or not. */
  private readonly neverKept: number;
  private found = 0;
  /** Pages that victims have beyond one each: of folios. */
  private extra = 0;
  /** Pages that an id stands for; undefined while each is one. */
  private sizeOf: ((id: number) => number) | undefined;
  /** Victims after which a pass ends (nr_to_reclaim). */
  private wanted = SWAP_CLUSTER_MAX;

  constructor(
    private readonly pages: Pages,
    context: ReclaimContext,
  ) {
    this.lists = new PageLists(LISTS.length, pages.count);
    this.state = new Uint8Array(pages.count);
    this.swappiness = context.values.swappiness as number;
    this.swap = context.swap;
    this.swapFree = context.swapFree;
    this.stats = new MemcgStats(context.statsHaveAge !== true, this.size, this.counters);
    this.plan = new ScanPlan(this.stats);
    this.neverKept = context.purgesVolatile ? TRAIT.volatile : 0;
  }

  get bytes(): number {
    return this.lists.bytes + this.state.byteLength;
  }

  /** By the kernel's names (enum lru_list). */
  get listSizes(): Readonly<Record<string, number>> {
    const [inactive_anon, active_anon, inactive_file, active_file] = this.size as [
      number,
      number,
      number,
      number,
    ];
    return { inactive_anon, active_anon, inactive_file, active_file };
  }

  /** A new page comes in at the head of inactive; one whose refault distance is short becomes active at once. */
  insert(id: number): void {
    const state = this.state[id]!;
    const file = this.isFile(id);
    this.stats.updated(UPDATES.newPage);
    if ((state & SHADOW) === 0) {
      this.add(id, file ? INACTIVE_FILE : INACTIVE_ANON, 0);
      return;
    }
    if (file) this.counters.workingset_refault_file++;
    else this.counters.workingset_refault_anon++;
    this.stats.updated(UPDATES.refault);
    if (!this.isRecent(id, state, file)) {
      this.add(id, file ? INACTIVE_FILE : INACTIVE_ANON, 0);
      return;
    }
    const wasWorkingset = state & WORKINGSET;
    this.add(id, file ? ACTIVE_FILE : ACTIVE_ANON, wasWorkingset);
    this.age++;
    if (file) this.counters.workingset_activate_file++;
    else this.counters.workingset_activate_anon++;
    if (wasWorkingset) this.plan.noteCost(file, 1, 0);
  }

  /** workingset_test_recent. The machine's lists are taken to be longer than any distance. */
  private isRecent(id: number, state: number, file: boolean): boolean {
    if (state & OF_MACHINE) return true;
    this.stats.beforeUse();
    // 32-bit clock: the distance is right as long as fewer than 2^31 evictions lie between.
    const distance = (this.age - this.lists.note(id)) | 0;
    return distance <= this.stats.workingsetSize(file, this.maySwap);
  }

  /** can_reclaim_anon_pages: whether an anonymous page that is taken has somewhere to go. */
  private get maySwap(): boolean {
    return this.swap && (this.swapFree === undefined || this.swapFree() > 0);
  }

  /** folio_mark_accessed: inactive, then referenced, then active. */
  accessed(id: number): void {
    const state = this.state[id]!;
    if ((state & ON_LIST) === 0) return;
    if ((state & REFERENCED) === 0) {
      this.state[id] = state | REFERENCED;
    } else if ((state & 1) === 0) {
      this.take(id);
      this.add(id, (state & LIST_MASK) | 1, state & WORKINGSET);
      this.counters.pgactivate += this.pagesOf(id);
      this.age += this.pagesOf(id);
    }
  }

  isWorkingset(id: number): boolean {
    return (this.state[id]! & WORKINGSET) !== 0;
  }

  readonly jointSearch: JointSearch = {
    begin: (wanted) => {
      this.wanted = wanted;
      this.skippedDeactivate = false;
      this.stats.beforeUse();
    },
    pass: (victims, from, priority, part, deactivate) => {
      this.found = from;
      this.extra = 0;
      this.pass(victims, priority, part, deactivate);
      return this.found;
    },
    end: () => {
      this.searchEnds();
      return this.skippedDeactivate;
    },
  };

  evict(victims: Int32Array, wanted: number): number {
    this.found = 0;
    this.extra = 0;
    this.wanted = Math.max(wanted, SWAP_CLUSTER_MAX);
    // A pass that only took accessed bits away finds nothing: the next one does.
    for (let pass = 0; pass < MAX_RECLAIM_RETRIES && this.found === 0; pass++) {
      this.stats.beforeUse();
      this.tryToFree(victims, false);
      if (this.found === 0 && this.skippedDeactivate) this.tryToFree(victims, true);
    }
    return this.found;
  }

  /** do_try_to_free_pages. @param deactivate whether active lists shrink in any case, since nothing was found before */
  private tryToFree(victims: Int32Array, deactivate: boolean): void {
    this.skippedDeactivate = false;
    for (let priority = DEF_PRIORITY; priority >= 0 && this.foundPages < this.wanted; priority--)
      this.pass(victims, priority, 1, deactivate);
    this.searchEnds();
  }

  /** @param part of the pages that may be looked at */
  private pass(victims: Int32Array, priority: number, part: number, deactivate: boolean): void {
    this.planScan(priority, part, deactivate);
    this.shrink(victims, priority);
  }

  /** snapshot_refaults. */
  private searchEnds(): void {
    this.refaults[0] = this.stats.activated[0];
    this.refaults[1] = this.stats.activated[1];
  }

  /** Goes back as the kernel puts back what it could not free (activate_locked): to the head of the active list. */
  reject(id: number): void {
    const file = this.isFile(id);
    const pages = this.pagesOf(id);
    this.add(id, file ? ACTIVE_FILE : ACTIVE_ANON, this.state[id]! & WORKINGSET);
    this.counters.pgactivate += pages;
    this.plan.noteCost(file, 0, pages); // scanned and not reclaimed; it has aged the list as a victim
  }

  remove(id: number): void {
    if (id >= this.state.length) return;
    if (this.state[id]! & ON_LIST) this.take(id);
    this.state[id] = 0;
  }

  /** reclaim_pages: names no cgroup, so that the eviction is on record with the age of the machine's lists. */
  pagedOut(id: number): void {
    const state = this.state[id]!;
    if (state & ON_LIST) this.take(id);
    this.state[id] = SHADOW | OF_MACHINE | (state & WORKINGSET);
  }

  /**
   * To the head of the inactive list. MADV_COLD leaves inactive pages where they are, and notes that active ones were
   * in the working set (madvise_cold_or_pageout_pte_range, folio_deactivate); MADV_FREE moves every page to the file
   * list, and notes nothing (lru_lazyfree).
   */
  demote(id: number): void {
    const state = this.state[id]!;
    if ((state & ON_LIST) === 0) return;
    const traits = this.pages.traits[id]!;
    const inactive = this.isFile(id) ? INACTIVE_FILE : INACTIVE_ANON;
    if ((state & LIST_MASK) === inactive) {
      this.state[id] = state & ~REFERENCED;
      return;
    }
    const cold = (state & 1) !== 0 && (traits & TRAIT.lazyfree) === 0;
    if (cold) this.counters.pgdeactivate += this.pagesOf(id);
    this.take(id);
    this.add(id, inactive, (state & WORKINGSET) | (cold ? WORKINGSET : 0));
  }

  /** folio_rotate_reclaimable: to the tail of its inactive list. */
  rotate(id: number): void {
    const state = this.state[id]!;
    if ((state & ON_LIST) === 0) return;
    this.take(id);
    const list = state & LIST_MASK & ~1;
    this.lists.addTail(list, id);
    this.state[id] = list | ON_LIST | (state & WORKINGSET);
    this.size[list] = this.size[list]! + this.pagesOf(id);
  }

  tune(parameter: string, value: number): void {
    if (parameter === 'swappiness') this.swappiness = value;
    else if (parameter === 'memcg.own_file_pages') this.ownFilePages = value === 1;
    else this.stats.tune(parameter, value);
    if (parameter === 'kernel.version') this.plan.setKernel(value);
  }

  flushStats(onlyIfDue: boolean): boolean {
    return onlyIfDue ? this.stats.flushPending() : this.stats.flush();
  }

  foliosBegin(sizeOf: (id: number) => number): void {
    this.sizeOf = sizeOf;
  }

  /** lru_add_split_folio: next to the head, with its flags. */
  splitFolio(head: number, tails: readonly number[], size: number): void {
    const state = this.state[head]!;
    if ((state & ON_LIST) === 0) return;
    const list = state & LIST_MASK;
    this.size[list] = this.size[list]! + 1 + tails.length - size;
    for (const tail of tails) {
      this.lists.addNewer(head, tail);
      this.state[tail] = state;
    }
  }

  evictedWith(id: number, head: number): void {
    this.state[id] = this.state[head]!;
    this.lists.setNote(id, this.lists.note(head));
  }

  resize(): void {}

  grow(count: number): void {
    this.lists.grow(count);
    this.state = grown(this.state, count);
  }

  /** Lazily freed pages are on the file lists (folio_is_file_lru). */
  private isFile(id: number): boolean {
    return (this.pages.traits[id]! & (TRAIT.file | TRAIT.lazyfree)) !== 0;
  }

  private add(id: number, list: number, flags: number): void {
    this.lists.addHead(list, id);
    this.state[id] = list | ON_LIST | flags;
    this.size[list] = this.size[list]! + this.pagesOf(id);
  }

  private take(id: number): void {
    const list = this.state[id]! & LIST_MASK;
    this.lists.unlink(id);
    this.size[list] = this.size[list]! - this.pagesOf(id);
  }

  /** folio_nr_pages. */
  private pagesOf(id: number): number {
    return this.sizeOf === undefined ? 1 : this.sizeOf(id);
  }

  private get foundPages(): number {
    return this.found + this.extra;
  }

  /** prepare_scan_control: whether the active list of a kind may shrink: inactive pages are few, or refaults were activated. */
  private wantsDeactivation(active: 1 | 3): boolean {
    const kind = active === ACTIVE_FILE ? 1 : 0;
    return this.stats.activated[kind] !== this.refaults[kind] || this.stats.inactiveIsLow(active);
  }

  /** prepare_scan_control and get_scan_count: how many pages of each list to look at. */
  private planScan(priority: number, part: number, deactivate: boolean): void {
    this.stats.beforeScan();
    this.mayDeactivate = deactivate
      ? 3
      : (this.wantsDeactivation(ACTIVE_ANON) ? 1 : 0) | (this.wantsDeactivation(ACTIVE_FILE) ? 2 : 0);
    const trimCache = this.stats.pages[INACTIVE_FILE] >> priority > 0 && (this.mayDeactivate & 2) === 0;
    const { plan } = this;
    if (!this.maySwap || this.swappiness === 0) plan.alike(false);
    else if (priority === 0) plan.alike(true);
    else if (trimCache) plan.alike(false);
    else plan.byCost(this.swappiness);
    plan.begin(this.size, priority, part);
  }

  /** shrink_lruvec: one pass at one priority, until enough is reclaimed in it. */
  private shrink(victims: Int32Array, priority: number): void {
    const { plan } = this;
    const enough = this.foundPages + this.wanted;
    // The kernel looks at an active anonymous list only while it has pages of other lists to look at: some of the program's.
    let others = this.ownFilePages && priority <= OWN_FILES_PRIORITY;
    while ((others || plan.unfinished) && this.found < victims.length) {
      others = false;
      for (const list of LISTS) {
        const batch = plan.take(list);
        if (batch > 0) this.shrinkList(victims, list, batch);
      }
      if (this.foundPages >= enough && !plan.evenOut()) break;
    }
    // Background aging of anonymous pages, where they can go anywhere at all.
    if (this.swap && this.stats.inactiveIsLow(ACTIVE_ANON)) this.shrinkActive(ACTIVE_ANON, SWAP_CLUSTER_MAX);
  }

  private shrinkList(victims: Int32Array, list: number, batch: number): void {
    if ((list & 1) === 0) this.shrinkInactive(victims, list, batch);
    else if (this.mayDeactivate & (1 << (list >> 1))) this.shrinkActive(list, batch);
    else this.skippedDeactivate = true;
  }

  /** shrink_active_list: referenced executable file pages stay, all else is deactivated. */
  private shrinkActive(list: number, batch: number): void {
    const { lists, pages } = this;
    let rotated = 0;
    for (let scanned = 0; scanned < batch; ) {
      const id = lists.tail(list);
      if (id < 0) break;
      this.take(id);
      const size = this.pagesOf(id);
      scanned += size;
      this.counters.pgrefill += size;
      this.stats.updated(UPDATES.deactivated);
      const state = this.state[id]!;
      // The accessed bits are looked at, and cleared, for every page.
      if (pages.referenced(id) > 0 && isExecutable(pages.traits[id]!)) {
        this.add(id, list, state & (REFERENCED | WORKINGSET));
        this.age += size;
        rotated += size;
      } else {
        this.add(id, list - 1, (state & REFERENCED) | WORKINGSET);
        this.counters.pgdeactivate += size;
      }
    }
    if (rotated > 0) this.plan.noteCost(list === ACTIVE_FILE, 0, rotated);
  }

  /** shrink_inactive_list: the pages at the tail that were not used become victims. */
  private shrinkInactive(victims: Int32Array, list: number, batch: number): void {
    const { lists } = this;
    const file = list === INACTIVE_FILE;
    let scanned = 0;
    let written = 0;
    const before = this.foundPages;
    const activated = this.counters.pgactivate;
    while (scanned < batch && this.found < victims.length) {
      const id = lists.tail(list);
      if (id < 0) break;
      this.take(id);
      const size = this.pagesOf(id);
      scanned += size;
      if (!this.survives(id, list)) {
        if ((this.pages.traits[id]! & TRAIT.dirty) !== 0 && !file) written += size;
        this.forget(id);
        victims[this.found++] = id;
        this.extra += size - 1;
      }
    }
    if (scanned === 0) return;
    this.age += this.counters.pgactivate - activated; // move_folios_to_lru, after all have been looked at
    this.counters.pgscan += scanned;
    const freed = this.foundPages - before;
    this.stats.updated(freed * UPDATES.evicted + (scanned - freed) * UPDATES.kept);
    this.plan.noteCost(file, written, scanned - freed);
  }

  /** folio_check_references: whether the page stays, and where. It is on no list now. */
  private survives(id: number, list: number): boolean {
    const state = this.state[id]!;
    const flags = state & WORKINGSET;
    // The 2014 patches look for a volatile page before they look at its use.
    if (this.pages.traits[id]! & this.neverKept) return false;
    const references = this.pages.referenced(id);
    if (references > 0) {
      // An activated page keeps the mark, so that it comes back quickly if it is used after its deactivation.
      if (state & REFERENCED || references > 1 || isExecutable(this.pages.traits[id]!)) {
        this.add(id, list | 1, flags | REFERENCED);
        this.counters.pgactivate += this.pagesOf(id);
      } else this.add(id, list, flags | REFERENCED);
      return true;
    }
    // Whether dirty or not: shrink_folio_list activates dirty file pages before it asks if they were referenced.
    return false;
  }

  /** workingset_eviction: leaves a shadow with the age of the eviction. */
  private forget(id: number): void {
    this.state[id] = SHADOW | (this.state[id]! & WORKINGSET);
    this.lists.setNote(id, this.age | 0);
    this.age += this.pagesOf(id);
  }
}

export const linux: ReclaimPolicyInfo = {
  name: 'linux',
  summary:
    "Linux's two lists: inactive and active, second chance by accessed bits, refault distances, anon and file by cost",
  source: 'mm/vmscan.c, mm/workingset.c and mm/swap.c of Linux 6.18',
  complexity: 'O(1) a page scanned; at most all pages a search',
  accessedAtInsert: true,
  mayNotSwap: true,
  parameters: {
    swappiness: {
      kind: 'integer',
      default: 60,
      min: 0,
      max: 200,
      meaning:
        'relative cost of swapping against dropping file pages; 0 never swaps; default of vm.swappiness',
    },
  },
  create: (pages, context) => new Linux(pages, context),
};
