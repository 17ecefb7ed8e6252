import type { ParameterValues } from '../../base/parameters.js';
import type { MetricOf } from '../../metrics/schema.js';
import type { RandomStream } from '../../stats/random.js';
import type { PolicyInfo } from '../registry.js';

/** Bits of `Pages.traits`. */
export const TRAIT = {
  /** On the file lists: page cache of a file. */
  file: 1,
  /** An executable mapping used it, when `referenced` last looked. */
  exec: 2,
  /** Has to be written before it can go, as far as is known: accessed bits and dirty bits are collected by `referenced`. */
  dirty: 4,
  /** Marked by MADV_FREE. */
  lazyfree: 8,
  /** Marked volatile. */
  volatile: 16,
} as const;

/**
 * The pages a reclaim policy decides about, by dense id; owned by the caller. In the machine an id is the identity of
 * (object, index) and survives eviction; on a reference string it is the page in order of first appearance. Arrays
 * may be replaced when they grow: read them through this interface, never keep them.
 */
export interface Pages {
  /** Pages that fit, or bytes where there are `sizes`; `resize` announces changes. */
  readonly capacity: number;
  /** Ids are below this; `grow` announces changes. */
  readonly count: number;
  /** By id: 1 while the page has a frame. Maintained by the caller. */
  readonly resident: Uint8Array;
  /** By id: bits of `TRAIT`. Always 0 on a reference string. */
  readonly traits: Uint8Array;
  /** By id: when the page is used next, as a request number; infinity for never. Only for policies that need the future. */
  readonly nextUse?: Float64Array | undefined;
  /** By id: bytes, where the capacity is in bytes and not in pages. Only for policies that are `sized`. */
  readonly sizes?: Float64Array | undefined;
  /**
   * How many mappings used the page since the last call; clears their accessed bits (a reverse-map walk). Mappings
   * under MADV_RANDOM and MADV_SEQUENTIAL do not count.
   */
  referenced(id: number): number;
  /**
   * Page tables, for a policy that ages by them. Absent on reference strings, whose pages have no addresses, and for policies
   * from outside.
   */
  readonly tables?: AgingTables | undefined;
}

/** Hears of pages whose accessed bits were found set. */
export interface UsedPages {
  /** Returns whether the policy has the page on a list: the accessed bits of other pages stay as they are. */
  wasUsed(id: number): boolean;
}

/** What page tables tell the multi-gen LRU, besides whether a page was used. Sequence numbers are those of generations. */
export interface AgingTables {
  /** Whether the page that is inserted comes in by a fault through a mapping whose uses count (lru_gen_in_fault). */
  readonly inFault: boolean;
  /** Whether a resident page is in the swap cache: it has its slot in swap still. */
  inSwapCache(id: number): boolean;
  /**
   * A page that was chosen is dirty, and of a file or lazily freed: unmaps it as far as reclaim does. Returns whether it stays,
   * and is no victim; a freed one that was written again is an ordinary page then.
   */
  staysWritten(id: number): boolean;
  /** Whether a policy may choose a resident page. */
  isEvictable(id: number): boolean;
  /**
   * As `Pages.referenced`, and tells `used` of pages that were used near this one, where that was used itself. Tables
   * with enough of them are walked at the next aging (lru_gen_look_around).
   *
   * @param seq of the youngest generation
   */
  referencedAround(id: number, seq: number, used: UsedPages): number;
  /**
   * Tells `used` of the pages used in tables that were full enough when they were last looked at, and in all tables of
   * spaces that are new.
   *
   * @param seq of the youngest generation so far
   * @param anon whether anonymous memory is walked, too
   */
  walk(seq: number, anon: boolean, used: UsedPages): void;
}

/** The metrics that reclaim policies count, with their values for a policy that does not. */
export const NOT_COUNTED = {
  pgrefill: 0,
  pgactivate: 0,
  pgdeactivate: 0,
  workingset_refault_anon: 0,
  workingset_refault_file: 0,
  workingset_activate_anon: 0,
  workingset_activate_file: 0,
} as const satisfies Partial<Record<MetricOf<'reclaim'>, 0>>;

/** What a reclaim policy counts, by names of the metric schema. */
export type PolicyCounters = {
  /** Pages that its victim searches scanned; the machine knows which searches were those of kswapd. */
  readonly pgscan: number;
} & { readonly [N in keyof typeof NOT_COUNTED]?: number };

/** A search of reclaim that goes over the lists of several memory cgroups, again and again at falling priorities. */
export interface JointSearch {
  /** A search for a number of victims begins (do_try_to_free_pages). */
  begin(wanted: number): void;
  /**
   * Looks at a part of its pages, 2^-priority of them, as `evict` does, and adds victims to `victims` from `from` on. Returns
   * where they end.
   *
   * @param part of its pages that may be looked at: the others are protected
   * @param deactivate whether active pages are looked at in any case, since nothing was found before
   */
  pass(victims: Int32Array, from: number, priority: number, part: number, deactivate: boolean): number;
  /** The search is over. Returns whether active pages were left alone that could be deactivated. */
  end(): boolean;
}

/**
 * Decides which page goes when memory is short. For each use of a page the caller does this:
 *
 *     resident: touch(id)
 *     otherwise: miss(id); while full: evict; insert(id)
 *
 * The caller passes only pages that could go: locked pages, and anonymous ones without swap, are removed or never
 * inserted.
 */
export interface ReclaimPolicy {
  /** A resident page is used. Absent where accessed bits suffice. */
  touch?(id: number): void;
  /**
   * A use that neither `touch` nor an accessed bit shows: read() on a file, write() on shared memory, and the unmapping
   * of a page of an object that was used (the kernel's mark_accessed). Only for policies without `touch`.
   */
  accessed?(id: number): void;
  /** A page that is not resident is about to be brought in: ghosts and targets settle before the victim is chosen. */
  miss?(id: number): void;
  /**
   * Chooses victims, best first, writes their ids into `victims` and forgets them as resident pages. Returns how many:
   * at least one where any page can go (see `mayNotSwap`), up to `victims.length`, which may be more than `wanted`.
   */
  evict(victims: Int32Array, wanted: number): number;
  /** How it searches together with other memory cgroups, step by step; absent: they take turns with `evict`. */
  readonly jointSearch?: JointSearch;
  /** A page has been brought in. */
  insert(id: number): void;
  /** This victim could not go: it is still resident. */
  reject(id: number): void;
  /** The page's contents are gone, or it was locked: it leaves lists and ghosts. Ids that are not known are ignored. */
  remove(id: number): void;
  /** The page was reclaimed by a call of the program (MADV_PAGEOUT), and not chosen here. Absent: as `remove`. */
  pagedOut?(id: number): void;
  /** The program said it will not need the page soon (COLD, FREE). Traits say which. */
  demote?(id: number): void;
  /** A page has been written and is not mapped: it is next to go (folio_rotate_reclaimable). */
  rotate?(id: number): void;
  /**
   * Ids may stand for folios of several pages from now on, and a victim frees all of them. Absent: a folio counts as one page in
   * its lists and proportions.
   *
   * @param sizeOf pages that an id stands for, while it does
   */
  foliosBegin?(sizeOf: (id: number) => number): void;
  /** A folio of `size` pages has been split: `head` is one page now, and `tails` take their places next to it. Absent: they are inserted. */
  splitFolio?(head: number, tails: readonly number[], size: number): void;
  /** A page went with the folio whose head was a victim: its eviction is on record as that of the head. Absent: it is not. */
  evictedWith?(id: number, head: number): void;
  /**
   * Whether a page that was evicted, and has just been inserted again, is of the working set (PG_workingset): waits for its
   * contents are memory pressure then. Absent: those for every page that comes back are.
   */
  isWorkingset?(id: number): boolean;
  /**
   * Pages it has given up in `touch`, where a policy's rules shrink a queue at a hit. The loop over reference strings
   * evicts that many at once; the machine, which evicts only when memory is short, leaves them: they go first then.
   */
  readonly excess?: number;
  /** Bytes of the largest page that it takes in, where the capacity is in bytes; absent: the capacity. */
  readonly largest?: number;
  /** A setting of the same name as one of its parameters has changed in mid-trace (vm.swappiness). Absent: a trace that sets it is refused. */
  tune?(parameter: string, value: number): void;
  /**
   * What it reads of its cgroup's statistics is brought up to date: by the kernel's worker, or by a reader of memory.stat if
   * enough updates are pending. Returns whether there was anything to do. Only where `statsHaveAge`.
   */
  flushStats?(onlyIfDue: boolean): boolean;
  /** The capacity is now this. */
  resize(capacity: number): void;
  /** Ids are now below this. */
  grow(count: number): void;
  /** Host memory of its state, in bytes, for `reclaim bench`. */
  readonly bytes?: number;
  /** Where the limit falls it is asked for all that is too much, and not for a page after the other (memory_max_write). */
  readonly shrinksAtOnce?: boolean;
  /** Pages on each of its lists, by name, for timelines; absent where it has none to tell of. */
  readonly listSizes?: Readonly<Record<string, number>>;
  readonly counters: PolicyCounters;
}

/** What a reclaim policy is created with. */
export interface ReclaimContext {
  readonly values: ParameterValues;
  /** Draws for policies that need them. */
  readonly random: RandomStream;
  /** Whether anonymous pages can go to swap, or are to be scanned anyway. */
  readonly swap: boolean;
  /**
   * Swap slots that are free now (mem_cgroup_get_nr_swap_pages); absent: no end of them. Where there are none, anonymous
   * pages are still passed, since that may change, and the machine rejects them.
   */
  readonly swapFree?: (() => number) | undefined;
  /** Whether a cgroup's statistics are as old as `flushStats` leaves them. Default: they are exact when they are read. */
  readonly statsHaveAge?: boolean;
  /** Whether a volatile page that is chosen is purged, without a look at its accessed bits. */
  readonly purgesVolatile?: boolean;
}

/** A reclaim policy's entry in the registry. */
export interface ReclaimPolicyInfo extends PolicyInfo {
  /** Cost of its operations, for example `O(1)`. */
  readonly complexity: string;
  /** On a reference string, a page that was brought in counts as used: its fault would have set the accessed bit. */
  readonly accessedAtInsert?: boolean;
  /**
   * It must know when each page is used next (`Pages.nextUse`): a reference string is read twice, and a stream refused; in
   * the machine, a first replay finds it out (harness/replay/future.ts).
   */
  readonly needsFuture?: boolean;
  /** Its rules hold for pages of different sizes too: the capacity and the lengths of its lists may be in bytes. */
  readonly sized?: boolean;
  /** It is a bound that never evicts: on a reference string the capacity is ignored, in the machine a limit is refused. */
  readonly unbounded?: boolean;
  /**
   * With swappiness 0 it takes no anonymous page, so that it may choose none of those that it has: memory runs out then, as
   * in the kernel. A reference string, whose pages are all taken as anonymous, cannot be replayed on it.
   */
  readonly mayNotSwap?: boolean;
  /** Creates the policy of one replay or reference string, for these pages. */
  create(pages: Pages, context: ReclaimContext): ReclaimPolicy;
}
