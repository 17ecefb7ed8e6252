import { Entries, type Entry, type Folio, type Page, ZERO } from './page.js';
import type { FileState } from './read-ahead.js';
import { NO_HISTORY, type SwapHistory } from './swap-ahead.js';
import type { Tmpfs } from './tmpfs.js';

/** Flags of a VMA: the kernel's VM_* that the model knows. `account` is VM_ACCOUNT, which keeps VMAs from merging. */
export type Flag =
  | 'read'
  | 'write'
  | 'exec'
  | 'shared'
  | 'mayWrite'
  | 'locked'
  | 'lockOnFault'
  | 'random'
  | 'sequential'
  | 'dontFork'
  | 'wipeOnFork'
  | 'mergeable'
  | 'droppable'
  | 'dontDump'
  | 'hugePage'
  | 'noHugePage'
  | 'account';

/** Identity of an anon_vma. */
export type AnonVma = Record<string, never>;

export interface Vma {
  start: number;
  end: number;
  flags: Set<Flag>;
  readonly object: SharedObject | undefined;
  /** vm_pgoff: page of the object at `start`; for anonymous memory, the page number its pages are filed under. */
  offset: number;
  anon: AnonVma | undefined;
  /** Its anon_vma_chain has several links: it was copied by fork (vma_had_uncowed_parents). */
  forked: boolean;
  /** Undefined before the first page of it is swapped in. */
  swapHistory?: SwapHistory | undefined;
}

/** Shared memory by name, a shared anonymous mapping, or a file. */
export interface SharedObject {
  readonly name: string | undefined;
  size: number;
  closed: boolean;
  readonly sealed: boolean;
  readonly descriptor: boolean;
  /** By index. Of shared memory: absent is a hole. Of a file: the page cache. */
  readonly pages: Map<number, Page>;
  /** What a file has on disk, by index, blocks that only wait to be written included; undefined for shared memory. */
  readonly disk: Map<number, number> | undefined;
  /** A page may differ from the disk. */
  dirty: boolean;
  /** What a file remembers of what was read ahead. */
  readonly ahead: FileState;
  /** The file system that its blocks come out of, if it has a size. */
  readonly fs: Tmpfs | undefined;
}

/** Pages that a device has pinned at one call. */
export interface Pin {
  readonly start: number;
  readonly end: number;
  readonly pages: readonly Page[];
}

/** An address space. */
export class Space {
  /** By address. */
  vmas: Vma[] = [];
  readonly entries: Entries = new Entries(this);
  /**
   * Page-table pages in place of which the page directory maps a huge page, of a folio or of zeros: their 512 entries are there all
   * the same, and alike.
   */
  readonly huge = new Set<number>();
  /** PR_SET_THP_DISABLE. */
  noHugePages = false;
  /** Page numbers with a guard in place of an entry. */
  readonly guards = new Set<number>();
  /** What its devices have pinned, a call each. */
  pins: Pin[] = [];
  /** How mappings to come are locked (MCL_FUTURE). */
  futureLock: readonly Flag[] = [];
  /** /proc/PID/oom_score_adj. */
  oomScoreAdj = 0;
  /** Page-table pages that exist, by page number divided by 512. */
  readonly tables = new Set<number>();
  pgfault = 0;
  pgmajfault = 0;

  constructor(readonly id: number) {}
}

/** Counters, by the names of the metric schema. */
export class Counters {
  pgfault = 0;
  pgmajfault = 0;
  cow_breaks = 0;
  cow_reuse = 0;
  sigbus = 0;
  pgscan_direct = 0;
  pgsteal_direct = 0;
  pswpin = 0;
  pswpout = 0;
  pglazyfree = 0;
  pglazyfreed = 0;
  file_pages_in = 0;
  file_pages_out = 0;
  readahead_pages = 0;
  swap_ra = 0;
  swap_ra_hit = 0;
  oom_events = 0;
  oom_kills = 0;
  thp_fault_alloc = 0;
  thp_fault_fallback = 0;
  thp_fault_fallback_charge = 0;
  thp_collapse_alloc = 0;
  thp_collapse_alloc_failed = 0;
  thp_split_page = 0;
  thp_split_pmd = 0;
  thp_deferred_split_page = 0;
  thp_underused_split_page = 0;
  thp_zero_page_alloc = 0;
  thp_swpout = 0;
  thp_swpout_fallback = 0;
}

/** Settings of huge pages (/sys/kernel/mm/transparent_hugepage). */
export class HugeSettings {
  enabled: 'always' | 'madvise' | 'never' = 'never';
  defrag: 'always' | 'madvise' | 'never' = 'madvise';
  useZeroPage = true;
  shrinkUnderused = true;
  /** khugepaged/max_ptes_none: a huge page with more pages of zeros is not worth its memory. */
  maxPtesNone = 511;
}

/** What chooses victims: a queue of the model's own, or what a policy of the machine chose. */
export interface Chooser {
  /**
   * The next victims and how many pages were looked at; none when no page can go. `stay`: those that were met before, and
   * are known to stay since they were written.
   */
  evict(): { victims: readonly Page[]; stay?: readonly Page[]; scanned: number };
  /** The page may be chosen from now on. */
  insert(page: Page): void;
  /** The page may not be chosen any more. */
  remove(page: Page): void;
  /** A victim stays. */
  reject(page: Page): void;
  /** The program said that it will not need the page. */
  demote(page: Page): void;
  /** The page has been written and is next to go. */
  rotate(page: Page): void;
  /** A huge page was split: its head is one page now, and these come with it. */
  split(head: Page, tails: readonly Page[]): void;
}

/** What swap there is; zram answers at once. */
export type Swap = 'none' | 'ssd' | 'zram';

/** Thrown where the limit cannot be met: the trace ends here. */
export class NaiveOutOfMemory extends Error {}

/**
 * The kernel once more, as maps of objects: slow and plain. What it keeps is here; what it does is in the functions of this folder.
 * Whatever can be found by looking at everything is not kept.
 */
export class NaiveKernel {
  readonly spaces = new Map<number, Space>();
  readonly objects = new Set<SharedObject>();
  readonly counters = new Counters();
  /** Pages that reclaim may choose. */
  readonly evictable = new Set<Page>();
  /** vm.max_map_count. */
  maxMapCount = 65_530;
  /** Whether reads of untouched private memory find the shared zero page. */
  zeroPage = true;
  /** Pages that files are read ahead at most. */
  readAhead = 0;
  /** vm.page-cluster. */
  pageCluster = 0;
  /** Whether private memory is read from swap by address, and not by place on the device (vma_ra_enabled). */
  swapByAddress = true;
  /** Of what is read by place. */
  swapHistory: SwapHistory = NO_HISTORY;
  /** Where a page goes on the swap device, which is the machine's own decision. */
  nextSlot: () => number;
  /** Whether the OOM killer kills where memory has run out; else the trace ends. */
  kills = false;
  /** The space whose event is carried out. */
  atWork: Space | undefined;
  /** The same once it was killed. */
  dying: Space | undefined;
  /** Spaces that were killed: a trace goes on with their events, none of which happens. */
  readonly killed = new Set<number>();
  /** File systems of shared memory that have a size. */
  readonly tmpfs = new Map<string, Tmpfs>();
  /** Whether page tables count against the limit. */
  chargesTables = false;
  /** Dirty pages that reclaim met: next to go once they are written. */
  readonly awaited = new Set<Page>();
  /** Victims of the search at hand that had no place. */
  readonly placeless: Page[] = [];
  /** Pages that devices have pinned, and how often. */
  readonly pinned = new Map<Page, number>();
  readonly huge = new HugeSettings();
  /** Huge pages that may be split where memory is short, by when they were queued. */
  readonly deferred = new Set<Folio>();
  /** The huge page of zeros has been allocated. */
  hugeZero = false;
  /** Frames and swap slots in use: looking at everything for each page takes too long. */
  inUse = 0;
  slotsInUse = 0;
  /** Reclaim has woken the flusher. */
  flushWanted = false;
  private nextUnique = -1;
  private walks = 0;

  constructor(
    readonly chooser: Chooser,
    readonly swap: Swap,
    /** Pages that swap holds. */
    readonly swapPages: number,
    /** Memory limit in pages. */
    public limit: number,
  ) {
    let slots = 0;
    this.nextSlot = () => slots++;
  }

  space(id: number): Space {
    const space = this.spaces.get(id);
    if (!space) throw new Error(`there is no space ${id}`);
    return space;
  }

  named(name: string): SharedObject | undefined {
    for (const object of this.objects) if (object.name === name) return object;
    return undefined;
  }

  /** Contents unlike all others: a negative number of its own. */
  unique(): number {
    return this.nextUnique--;
  }

  /** All entries that refer to a page. */
  entriesOf(page: Page): { space: Space; vpn: number; entry: Entry }[] {
    return page.places.map(({ space, vpn }) => ({ space, vpn, entry: space.entries.get(vpn)! }));
  }

  /** How many entries refer to a page. */
  references(page: Page): number {
    return page.places.length;
  }

  /** A page gets a frame, or loses it. */
  setInMemory(page: Page, inMemory: boolean): void {
    if (page.inMemory !== inMemory) this.inUse += inMemory ? 1 : -1;
    page.inMemory = inMemory;
  }

  /** A page gets a swap slot, or gives it up. */
  setInSwap(page: Page, inSwap: boolean): void {
    if (page.inSwap !== inSwap) this.slotsInUse += inSwap ? 1 : -1;
    page.inSwap = inSwap;
  }

  /** Visits every page that somebody refers to, once. */
  eachPage(visit: (page: Page) => void): void {
    const walk = ++this.walks;
    const meet = (page: Page): void => {
      if (page.walk === walk) return;
      page.walk = walk;
      visit(page);
      const { folio } = page;
      if (!folio || folio.walk === walk) return;
      folio.walk = walk;
      for (const other of folio.pages) meet(other);
    };
    ZERO.walk = walk;
    for (const page of this.pinned.keys()) meet(page);
    for (const space of this.spaces.values()) for (const { page } of space.entries.values()) meet(page);
    for (const object of this.objects) for (const page of object.pages.values()) meet(page);
  }

  /** Swap slots that are free. */
  slotsFree(): number {
    return this.swapPages - this.slotsInUse;
  }

  /** Whether more than half of swap is in use (vm_swap_full). */
  swapScarce(): boolean {
    return this.swapPages !== Number.POSITIVE_INFINITY && this.slotsFree() * 2 < this.swapPages;
  }
}
