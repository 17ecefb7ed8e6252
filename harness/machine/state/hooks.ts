import type { StallIndex } from '../../cost/ledger.js';
import type { Errno } from '../../policy/discard/contract.js';
import type { Folio, Folios } from '../memory/folios.js';
import type { LeafPart } from './page-table.js';
import type { MergedWalk } from './rmap.js';
import type { Space } from './space.js';
import type { Tmpfs } from './tmpfs.js';
import type { SharedObject, Vma } from './vma.js';

/** What keeps the state of volatile memory: the space, of its private pages; the object, of shared memory's. */
export type Holder = Space | SharedObject;

/** What functions on the state tell reclaim, and ask of it. */
export interface ReclaimHooks {
  /** Is told of every touch of a page that may be chosen; undefined where the policy does not want that. */
  readonly touched: { touch(page: number): void } | undefined;
  /** The page that is being given a frame, -1 for none; it must not be purged meanwhile (the kernel holds its lock). */
  readonly incoming: number;
  /** The page that an access waits for while others are read ahead with it, -1 for none; it must not be purged meanwhile. */
  faulted: number;
  /** Page ids are below `count` from now on. */
  grow(count: number): void;
  /** Allocates a frame for a page, making room first. @throws OutOfMemory when none can be made */
  bringIn(page: number, object: number, index: number): void;
  /**
   * As `bringIn`, for a page that nothing has asked for (GFP with __GFP_NORETRY): where no room can be made it stays away, and
   * memory does not run out. Returns whether it came.
   */
  bringInAhead(page: number, object: number, index: number): boolean;
  /**
   * Allocates frames for a folio's pages, a block of them where memory has a size.
   *
   * @param mayReclaim whether room may be made under the limit @param made is called once there are frames
   * @returns what there was no room for: frames, or their charge
   */
  bringInFolio(
    folio: Folio,
    object: number,
    index: number,
    mayReclaim: boolean,
    made: (folio: Folio) => void,
  ): 'nothing' | 'frames' | 'charge';
  /** A folio has been split: pages of it that are still mapped take its place in reclaim. */
  folioSplit(folio: Folio): void;
  /** Huge pages are possible from now on. */
  foliosBegin(): void;
  /** A resident page is used in a way that its entry does not show to policies that count every touch. */
  used(page: number): void;
  /** A resident page was used, which no touch or accessed bit shows (folio_mark_accessed). */
  accessed(page: number): void;
  /** Whether swap is so full that a page in the swap cache gives its slot up (mem_cgroup_swap_full). */
  swapScarce(page: number): boolean;
  /**
   * Whether a resident page is of the working set (PG_workingset): waits for one that was evicted, and has just come back, are memory
   * pressure.
   *
   * @param unknown what is returned under a policy that does not say; default: true
   */
  isWorkingset(page: number, unknown?: boolean): boolean;
  /** The page's contents are about to go. */
  forget(page: number): void;
  /** Whether the policy may choose a resident page has changed, or may have. */
  recheck(page: number): void;
  /** A program said that it will not need a page soon; its flags say how. */
  demote(page: number): void;
  /** A page of a file that nothing maps is next to go (deactivate_file_folio). */
  deactivated(page: number): void;
  /** A page of a file has been written to its device (folio_end_writeback). */
  written(page: number): void;
  /** kswapd's turn. Returns false when nothing could be reclaimed. */
  balance(): boolean;
}

/** What functions on the state tell the purge policy of volatile memory. */
export interface PurgeHooks {
  /** Whether an access to purged memory finds zeros, and no signal. */
  readonly zeroFills: boolean;
  /** Whether any of pages [start, end) is volatile. */
  isVolatile(holder: Holder, start: number, end: number): boolean;
  /** A purged page of private memory is found as zeros. */
  foundZeros(space: Space, vpn: number): void;
  /** A page of private volatile memory holds something new. */
  privatePageCame(space: Space, vpn: number): void;
  /** A page of shared memory holds something new. */
  objectPageCame(object: SharedObject, index: number, page: number): void;
  /** Pages [start, end) are volatile from now on. */
  marked(holder: Holder, start: number, end: number): void;
  /** Pages [start, end) do not exist any more. */
  dropped(holder: Holder, start: number, end: number): void;
  /** The program itself has dropped what pages [start, end) held. */
  discarded(holder: Holder, start: number, end: number): void;
  /** mremap has moved pages [start, end) of a space; they begin at `to` now. */
  moved(space: Space, start: number, end: number, to: number): void;
  /** fork has copied pages [start, end) of a space. */
  copied(from: Space, to: Space, start: number, end: number): void;
}

/** What functions on the state tell KSM, whatever merges. */
export interface KsmHooks extends MergedWalk {
  /** Flags of a new mapping: mergeable if its process asked for that (ksm_vma_flags). */
  newFlags(space: Space, flags: number): number;
  forked(parent: Space, child: Space): void;
  exited(space: Space): void;
  /** The page of a frame is about to lose it. */
  frameLost(frame: number): void;
  /** An entry of KSM's zero page is gone (ksm_might_unmap_zero_page). */
  zeroUnmapped(space: Space): void;
  /** An entry of KSM's zero page has been made, or copied by fork. */
  zeroMapped(space: Space): void;
  /**
   * Every merged page of [start, end) of a VMA gets a copy of its own.
   *
   * @param part the stall part that pays
   */
  unmerge(vma: Vma, start: number, end: number, part: StallIndex): void;
}

/**
 * How equal pages come to be one: ksmd, which scans (and does not while `ksm.run` is 0), or an ideal that merges after
 * every touch. What a strategy does not care about costs it one call of an empty method.
 */
export interface Merger {
  /** Is told of every page touched, right after the touch; undefined where merging takes its time. */
  readonly everyTouch: { touched(space: Space, vpn: number): void } | undefined;
  /** A page has come to an address: by a fault, or with a mapping that has become mergeable. */
  came(space: Space, vpn: number): void;
  /** All pages of [start, end) of a VMA have come. */
  rangeCame(vma: Vma, start: number, end: number): void;
  /**
   * A program has written known contents: page `first + i` got `content + i * step`. A negative count goes downwards.
   * Not called where there is `everyTouch`.
   */
  written(space: Space, first: number, count: number, content: number, step: 0 | 1): void;
  /** A page of a file, or of an image, has been read into memory or found there. */
  fileRead(page: number): void;
  /** An event of the trace is over, other than a touch. */
  eventEnded(): void;
}

/** What functions on the state tell write-back. */
export interface WritebackHooks {
  /** A clean file has become dirty. */
  dirtied(): void;
}

/** What a huge page of shared memory is asked for by. */
export interface ShmemAsker {
  /** Of a fault; undefined for a write or fallocate through a descriptor. */
  readonly vma: Vma | undefined;
  /** Id of the space that pays; undefined: that of the event. */
  readonly space: number | undefined;
  /** Where the write or fallocate ends, as an index; 0 at a fault. */
  readonly end: number;
}

/** What functions on the state ask of huge pages. Undefined in the state while none are possible. */
export interface HugeHooks {
  readonly folios: Folios;
  /** A fault where there is no page table (do_huge_pmd_anonymous_page). Returns whether it made one, with a huge page. */
  fault(vma: Vma, vpn: number, write: boolean): boolean;
  /** A write to an entry that is not writable (do_huge_pmd_wp_page). Returns whether it may be written now. */
  writeProtected(vma: Vma, vpn: number, at: number): boolean;
  /** Whether a space has all mappings of the folio that a page is part of. */
  isExclusive(space: Space, page: number): boolean;
  /** Whether the page directory maps a whole leaf. */
  isPmd(leaf: number): boolean;
  /** The same, where that is shared memory: fork leaves it out, and a move needs no table. */
  isSharedPmd(leaf: number): boolean;
  /** A huge page around an index of shared memory that is a hole, for a write or fallocate. Returns it, if it may be and there is room. */
  allocateShmem(object: SharedObject, index: number, asker: ShmemAsker): Folio | undefined;
  /**
   * Pages [from, to) of shared memory are about to go. What is part of a folio afterwards stays, as zeros. Returns how many entries
   * are empty.
   */
  cutShmem(object: SharedObject, from: number, to: number): number;
  /** The folios of an object with pages in [from, to) are split, but those that devices have pinned. */
  splitObject(object: SharedObject, from: number, to: number): void;
  /** Splits folios that reach beyond the end of their object, on a tmpfs. Returns how many pages are free. */
  shrinkBeyondEnd(tmpfs: Tmpfs): number;
  /** What was mapped by the page directory is mapped by a page table from now on (split_huge_pmd), if it was. */
  splitPmd(leaf: number): void;
  /** The same where an address is inside, and not the first of a huge page (vma_adjust_trans_huge). */
  splitPmdAcross(space: Space, vpn: number): void;
  /** Entries of a part of a leaf are about to be emptied: the end of a whole huge mapping is no split. */
  zapping(part: LeafPart): void;
  /** They are empty. */
  zapped(): void;
  /** All of a leaf has been copied, or is about to be moved, to another. @param first the first page of the other */
  pmdCopied(to: number): void;
  pmdMoved(from: number, to: number, first: number): void;
  /** Nothing refers to a page any more. Returns whether its folio keeps it, or went with it. */
  unreferenced(page: number): boolean;
  /** A folio is split. Returns whether it could be. */
  split(folio: Folio): boolean;
  /** The folio of a page is split, if it is part of one; that page stays where it is. Returns whether it is by itself. */
  splitPageOf(page: number): boolean;
  /**
   * The folios of which a page table holds a part in pages [start, end) of a VMA, and not all, are split, but not those that other
   * spaces map. Returns whether the page of an entry is of one of these, which advice leaves alone (folio_maybe_mapped_shared).
   */
  splitPartial(vma: Vma, start: number, end: number): (at: number) => boolean;
  /** All folios with a page in [start, end) of a VMA are split. */
  splitAll(vma: Vma, start: number, end: number): void;
  /** The reverse map's `referenced` for a folio: how many mappings used it; accessed bits are cleared. */
  referenced(folio: Folio): number;
  /** What splits of mappings and folios since the last call of this cost, in ns. */
  owedForSplits(): number;
  /** Huge mappings of a folio that have ended as a whole so far. */
  readonly dropped: number;
  /** Frees what nothing maps of folios that have lost pages (deferred_split_scan). Returns how many frames are free. */
  shrink(): number;
  /** khugepaged and the call: pages of an aligned range become a huge page. Returns the kernel's error, 0 for none. */
  collapse(vma: Vma, start: number, end: number): Errno;
  /** Nothing maps a folio of an object any more. */
  unmap(folio: Folio): void;
  /** A folio has gone to swap, or been freed: its pages are by themselves. */
  dissolve(folio: Folio): void;
}
