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

/** Contents with an identity: in memory, in swap, or both (then it is in the swap cache). */
export interface Page {
  content: number;
  /** It has a frame. */
  inMemory: boolean;
  /** It has a swap slot. */
  inSwap: boolean;
  /** Anonymous, and not a page of an object. */
  readonly anon: boolean;
  /** Of a file: it can be dropped and read again. */
  readonly file: boolean;
  /** Known to differ from its copy in swap, apart from what entries know (PG_dirty). */
  dirty: boolean;
  /** Marked by MADV_FREE (the kernel's absence of PG_swapbacked). */
  lazyfree: boolean;
  /** Of shared memory: fallocate has made it, and nothing has used it (the kernel's absence of PG_uptodate). */
  unused: boolean;
  /** Of a file: its use begins to read the next window (PG_readahead). */
  marked: boolean;
  /** Its swap slot, while it has one. */
  slot: number;
  /** Of the swap cache: it was read ahead, and nothing has used it (PG_readahead). */
  ahead: boolean;
  /** The walk over all pages that met it last: each is met once by one walk. */
  walk: number;
}

/** The shared page of zeros; it has no frame. */
export const ZERO: Page = {
  content: 0,
  inMemory: false,
  inSwap: false,
  anon: false,
  file: false,
  dirty: false,
  lazyfree: false,
  unused: false,
  marked: false,
  slot: -1,
  ahead: false,
  walk: 0,
};

/** A page table entry. Not present: the page was swapped out. */
export interface Entry {
  readonly page: Page;
  readonly present: boolean;
  writable: boolean;
  dirty: boolean;
}

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
export interface Space {
  readonly id: number;
  /** By address. */
  vmas: Vma[];
  readonly entries: Map<number, Entry>;
  /** Page numbers with a guard in place of an entry. */
  readonly guards: Set<number>;
  /** What its devices have pinned, a call each. */
  pins: Pin[];
  /** How mappings to come are locked (MCL_FUTURE). */
  futureLock: readonly Flag[];
  /** /proc/PID/oom_score_adj. */
  oomScoreAdj: number;
  /** Page-table pages that exist, by page number divided by 512. */
  readonly tables: Set<number>;
  pgfault: number;
  pgmajfault: number;
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

  /** All entries that refer to a page, in the order of spaces. */
  entriesOf(page: Page): { space: Space; vpn: number; entry: Entry }[] {
    const found: { space: Space; vpn: number; entry: Entry }[] = [];
    for (const space of this.spaces.values())
      for (const [vpn, entry] of space.entries) if (entry.page === page) found.push({ space, vpn, entry });
    return found;
  }

  /** How many entries refer to a page. */
  references(page: Page): number {
    let references = 0;
    for (const space of this.spaces.values())
      for (const entry of space.entries.values()) if (entry.page === page) references++;
    return references;
  }

  /** Visits every page that somebody refers to, once. */
  eachPage(visit: (page: Page) => void): void {
    const walk = ++this.walks;
    const meet = (page: Page): void => {
      if (page.walk === walk) return;
      page.walk = walk;
      visit(page);
    };
    ZERO.walk = walk;
    for (const page of this.pinned.keys()) meet(page);
    for (const space of this.spaces.values()) for (const { page } of space.entries.values()) meet(page);
    for (const object of this.objects) for (const page of object.pages.values()) meet(page);
  }

  slotsUsed(): number {
    let used = 0;
    this.eachPage(({ inSwap }) => {
      if (inSwap) used++;
    });
    return used;
  }

  /** Swap slots that are free. */
  slotsFree(): number {
    return this.swapPages - this.slotsUsed();
  }

  /** Whether more than half of swap is in use (vm_swap_full). */
  swapScarce(): boolean {
    return this.swapPages !== Number.POSITIVE_INFINITY && this.slotsFree() * 2 < this.swapPages;
  }

  /** Frames in use. */
  frames(): number {
    let frames = 0;
    this.eachPage(({ inMemory }) => {
      if (inMemory) frames++;
    });
    return frames;
  }
}
