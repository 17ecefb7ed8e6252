import { grown } from '../../base/arrays.js';
import type { Pages, ReclaimContext, ReclaimPolicy, ReclaimPolicyInfo } from './contract.js';
import { TRAIT } from './contract.js';
import { PageLists } from './structures/page-list.js';

/** Lists; bit 0: active, bit 1: file. The order is the kernel's `enum lru_list`. */
const INACTIVE_ANON = 0;
const ACTIVE_ANON = 1;
const INACTIVE_FILE = 2;
const ACTIVE_FILE = 3;
const LISTS = [INACTIVE_ANON, ACTIVE_ANON, INACTIVE_FILE, ACTIVE_FILE] as const;

/** State of a page: bits 0 and 1 its list, then flags. */
const LIST_MASK = 3;
const ON_LIST = 4;
const REFERENCED = 8;
const WORKINGSET = 16;
/** Evicted, with its eviction on record (a shadow entry): the links hold the age. */
const SHADOW = 32;

const DEF_PRIORITY = 12;
const SWAP_CLUSTER_MAX = 32;
const MAX_SWAPPINESS = 200;
/** Source: mm/memcontrol.c. */
const MAX_RECLAIM_RETRIES = 16;

/** Whether a page of a file was used through an executable mapping when its use was last looked at. */
function isExecutable(traits: number): boolean {
  return (traits & (TRAIT.exec | TRAIT.file)) === (TRAIT.exec | TRAIT.file);
}

/** The largest whole number whose square is not above `value`. */
function integerSquareRoot(value: number): number {
  let root = Math.floor(Math.sqrt(value));
  while (root * root > value) root--;
  while ((root + 1) * (root + 1) <= value) root++;
  return root;
}

/**
 * Linux's two-list reclaim: inactive and active lists for anonymous memory and files, second chance by accessed
 * bits, refault distances, and a balance of the two kinds by cost. Follows mm/vmscan.c, mm/workingset.c and
 * mm/swap.c of Linux 6.18 for one memory cgroup on one node.
 */
class Linux implements ReclaimPolicy {
  readonly counters = {
    pgscan: 0,
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
  private anonCost = 0;
  private fileCost = 0;
  /** Bit 0: the active anon list may shrink in this pass; bit 1: the active file list. */
  private mayDeactivate = 0;
  private readonly toScan = [0, 0, 0, 0];
  private swappiness: number;
  private readonly swap: boolean;
  /** Traits of pages that go when they are met, used or not. */
  private readonly neverKept: number;
  private found = 0;

  constructor(
    private readonly pages: Pages,
    context: ReclaimContext,
  ) {
    this.lists = new PageLists(LISTS.length, pages.count);
    this.state = new Uint8Array(pages.count);
    this.swappiness = context.values.swappiness as number;
    this.swap = context.swap;
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
    if ((state & SHADOW) === 0) {
      this.add(id, file ? INACTIVE_FILE : INACTIVE_ANON, 0);
      return;
    }
    if (file) this.counters.workingset_refault_file++;
    else this.counters.workingset_refault_anon++;
    // 32-bit clock: the distance is right as long as fewer than 2^31 evictions lie between.
    const distance = (this.age - this.lists.note(id)) | 0;
    const wasWorkingset = state & WORKINGSET;
    if (distance > this.workingsetSize(file)) {
      this.add(id, file ? INACTIVE_FILE : INACTIVE_ANON, 0);
      return;
    }
    this.add(id, file ? ACTIVE_FILE : ACTIVE_ANON, wasWorkingset);
    this.age++;
    if (file) this.counters.workingset_activate_file++;
    else this.counters.workingset_activate_anon++;
    if (wasWorkingset) this.noteCost(file, SWAP_CLUSTER_MAX);
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
      this.counters.pgactivate++;
      this.age++;
    }
  }

  evict(victims: Int32Array, _wanted: number): number {
    this.found = 0;
    // A pass that only took accessed bits away finds nothing: the next one does.
    for (let pass = 0; pass < MAX_RECLAIM_RETRIES && this.found === 0; pass++) {
      for (let priority = DEF_PRIORITY; priority >= 0 && this.found < SWAP_CLUSTER_MAX; priority--) {
        this.shrink(victims, priority);
      }
    }
    return this.found;
  }

  /** Goes back as the kernel puts back what it could not free (activate_locked): to the head of the active list. */
  reject(id: number): void {
    const file = this.isFile(id);
    this.add(id, file ? ACTIVE_FILE : ACTIVE_ANON, this.state[id]! & WORKINGSET);
    this.counters.pgactivate++;
    this.noteCost(file, 1); // scanned and not reclaimed; it has aged the list as a victim
  }

  remove(id: number): void {
    if (id >= this.state.length) return;
    if (this.state[id]! & ON_LIST) this.take(id);
    this.state[id] = 0;
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
    if (cold) this.counters.pgdeactivate++;
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
    this.size[list] = this.size[list]! + 1;
  }

  tune(parameter: string, value: number): void {
    if (parameter === 'swappiness') this.swappiness = value;
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
    this.size[list] = this.size[list]! + 1;
  }

  private take(id: number): void {
    const list = this.state[id]! & LIST_MASK;
    this.lists.unlink(id);
    this.size[list] = this.size[list]! - 1;
  }

  /** workingset_test_recent: what the page competes with. */
  private workingsetSize(file: boolean): number {
    const { size } = this;
    let pages = size[ACTIVE_FILE]!;
    if (!file) pages += size[INACTIVE_FILE]!;
    if (this.swap) {
      pages += size[ACTIVE_ANON]!;
      if (file) pages += size[INACTIVE_ANON]!;
    }
    return pages;
  }

  /** lru_note_cost: costs decay when they exceed a quarter of all lists. */
  private noteCost(file: boolean, cost: number): void {
    if (cost === 0) return;
    if (file) this.fileCost += cost;
    else this.anonCost += cost;
    const all = this.size[0]! + this.size[1]! + this.size[2]! + this.size[3]!;
    if (this.fileCost + this.anonCost > all / 4) {
      this.fileCost = Math.floor(this.fileCost / 2);
      this.anonCost = Math.floor(this.anonCost / 2);
    }
  }

  private inactiveIsLow(active: number): boolean {
    const inactive = this.size[active - 1]!;
    const gigabytes = Math.floor((inactive + this.size[active]!) / 2 ** 18);
    const ratio = gigabytes > 0 ? integerSquareRoot(10 * gigabytes) : 1;
    return inactive * ratio < this.size[active]!;
  }

  /** shrink_lruvec: one pass at one priority. */
  private shrink(victims: Int32Array, priority: number): void {
    this.planScan(priority);
    const plan = this.toScan;
    while (plan[INACTIVE_ANON]! > 0 || plan[ACTIVE_FILE]! > 0 || plan[INACTIVE_FILE]! > 0) {
      for (const list of LISTS) {
        const batch = Math.min(plan[list]!, SWAP_CLUSTER_MAX);
        if (batch === 0) continue;
        plan[list] = plan[list]! - batch;
        if (list & 1) {
          if (this.mayDeactivate & (1 << (list >> 1))) this.shrinkActive(list, batch);
        } else this.shrinkInactive(victims, list, batch);
      }
      if (this.found >= SWAP_CLUSTER_MAX) break;
    }
    // Background aging of anonymous pages, where they can go anywhere at all.
    if (this.swap && this.inactiveIsLow(ACTIVE_ANON)) this.shrinkActive(ACTIVE_ANON, SWAP_CLUSTER_MAX);
  }

  /**
   * prepare_scan_control and get_scan_count: how many pages of each list to look at. The kernel also deactivates when
   * refaults have been activated since the last reclaim, but sees that in statistics that are flushed every two
   * seconds at most; without it, misses agree with the measured ones, with it they are up to 2.6 % above.
   */
  private planScan(priority: number): void {
    const { size } = this;
    this.mayDeactivate =
      (this.inactiveIsLow(ACTIVE_ANON) ? 1 : 0) | (this.inactiveIsLow(ACTIVE_FILE) ? 2 : 0);
    const trimCache = size[INACTIVE_FILE]! >> priority > 0 && (this.mayDeactivate & 2) === 0;
    let anonShare = 1;
    let fileShare = 1;
    let whole = 1;
    if (!this.swap || this.swappiness === 0) anonShare = 0;
    else if (priority > 0 && trimCache) anonShare = 0;
    else if (priority > 0) {
      const total = this.anonCost + this.fileCost;
      const anon = total + this.anonCost;
      const file = total + this.fileCost;
      anonShare = Math.floor((this.swappiness * (anon + file + 1)) / (anon + 1));
      fileShare = Math.floor(((MAX_SWAPPINESS - this.swappiness) * (anon + file + 1)) / (file + 1));
      whole = anonShare + fileShare;
    }
    for (const list of LISTS) {
      const share = list & 2 ? fileShare : anonShare;
      this.toScan[list] = Math.floor((Math.floor(size[list]! / 2 ** priority) * share) / whole);
    }
  }

  /** shrink_active_list: referenced executable file pages stay, all else is deactivated. */
  private shrinkActive(list: number, batch: number): void {
    const { lists, pages } = this;
    let rotated = 0;
    for (let i = 0; i < batch; i++) {
      const id = lists.tail(list);
      if (id < 0) break;
      this.take(id);
      this.counters.pgscan++;
      const state = this.state[id]!;
      // The accessed bits are looked at, and cleared, for every page.
      if (pages.referenced(id) > 0 && isExecutable(pages.traits[id]!)) {
        this.add(id, list, state & (REFERENCED | WORKINGSET));
        this.age++;
        rotated++;
      } else {
        this.add(id, list - 1, (state & REFERENCED) | WORKINGSET);
        this.counters.pgdeactivate++;
      }
    }
    this.noteCost(list === ACTIVE_FILE, rotated);
  }

  /** shrink_inactive_list: the pages at the tail that were not used become victims. */
  private shrinkInactive(victims: Int32Array, list: number, batch: number): void {
    const { lists } = this;
    const file = list === INACTIVE_FILE;
    let scanned = 0;
    let written = 0;
    const before = this.found;
    while (scanned < batch && this.found < victims.length) {
      const id = lists.tail(list);
      if (id < 0) break;
      this.take(id);
      scanned++;
      if (!this.survives(id, list)) {
        if ((this.pages.traits[id]! & TRAIT.dirty) !== 0 && !file) written++;
        this.forget(id);
        victims[this.found++] = id;
      }
    }
    this.counters.pgscan += scanned;
    this.noteCost(file, written * SWAP_CLUSTER_MAX + scanned - (this.found - before));
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
        this.counters.pgactivate++;
        this.age++;
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
    this.age++;
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
