import { TRAIT } from '../../policy/reclaim/contract.js';
import type { Folio } from '../memory/folios.js';
import { PAGE_FLAG } from '../memory/pages.js';
import type { HugeHooks } from '../state/hooks.js';
import { PTE } from '../state/page-table.js';
import { KERNELS } from '../state/settings.js';
import type { State } from '../state/state.js';
import type { Eviction, Evictor } from './eviction.js';

/** Carries out what the policy chose where that is the head of a folio. After shrink_folio_list. */
export class FolioEviction {
  /** The folio that is being reclaimed: its pages are victims when it is split. */
  private taking: Folio | undefined;

  constructor(
    private readonly state: State,
    private readonly eviction: Eviction,
    private readonly reclaim: Evictor,
  ) {}

  isTaking(folio: Folio): boolean {
    return this.taking === folio;
  }

  private get huge(): HugeHooks {
    return this.state.huge!;
  }

  /** Carries out an eviction. Returns how many pages of reclaim's lists are free; 0 when the folio stays (the policy knows). */
  take(folio: Folio): number {
    const { pages } = this.state;
    this.collectDirty(folio);
    // What was freed lazily needs no swap, and is not split for it, whether it has lost a part or not.
    if (!folio.shared && pages.traits[folio.head]! & TRAIT.lazyfree) return this.takeLazyfree(folio);
    if (folio.partlyMapped) return this.splitAndTake(folio);
    if (folio.shared) return this.takeShmem(folio);
    if (!this.reclaim.hasPlace(folio.head)) {
      this.reclaim.rejectPlaceless(folio.head);
      return 0;
    }
    if (!this.reclaim.hasPlaceFor(folio)) {
      this.state.counters.thp_swpout_fallback++;
      return this.splitAndTake(folio);
    }
    return this.swapOut(folio);
  }

  /**
   * A folio of an object: from Linux 6.12 on it goes as a whole, unless a part lies beyond the end, or is volatile (shmem_writeout);
   * before it is split first.
   */
  private takeShmem(folio: Folio): number {
    const dirty = this.state.pages.anyDirty(folio.pages);
    if (dirty && !this.reclaim.hasPlace(folio.head)) {
      this.reclaim.rejectPlaceless(folio.head);
      return 0;
    }
    if (!this.goesWhole(folio, dirty)) return this.splitAndTake(folio);
    if (dirty) return this.swapOut(folio);
    this.dropShmem(folio);
    return folio.size;
  }

  private goesWhole(folio: Folio, dirty: boolean): boolean {
    const { settings, pages, huge } = this.state;
    if (settings.kernel < KERNELS['6.12']) return false;
    if (folio.pages.some((page) => (pages.traits[page]! & TRAIT.volatile) !== 0)) return false;
    return !dirty || (this.reclaim.hasPlaceFor(folio) && !huge!.folios.beyondEnd.has(folio));
  }

  /** Nothing was written since it came into holes, which it leaves. */
  private dropShmem(folio: Folio): void {
    this.huge.dissolve(folio);
    for (const page of folio.pages) this.eviction.dropUnwritten(this.state.pages.location[page]!);
  }

  /** A folio that has lost pages is split right away, and so is one for which swap has no place as a whole; what is left goes. */
  private splitAndTake(folio: Folio): number {
    this.taking = folio;
    this.huge.split(folio);
    this.taking = undefined;
    let taken = 0;
    for (const page of folio.pages)
      if (this.state.pages.resident[page] === 1 && this.eviction.take(page)) taken++;
    return taken;
  }

  /** Notes in the head's traits whether an entry of a page was written through. */
  private collectDirty({ head, pages }: Folio): void {
    const { rmap, tables } = this.state;
    for (const page of pages) {
      rmap.walk(this.state.pages.location[page]!);
      for (let i = 0; i < rmap.length; i++)
        if (tables.get(rmap.entries[i]!) & PTE.dirty) this.state.pages.markDirty(head);
    }
  }

  /** A folio that was freed lazily goes as one, unless it was written again. */
  private takeLazyfree(folio: Folio): number {
    if (this.state.pages.traits[folio.head]! & TRAIT.dirty) {
      this.writtenAgain(folio);
      this.reclaim.policy.reject(folio.head);
      this.reclaim.recheck(folio.head);
      return 0;
    }
    this.drop(folio);
    return folio.size;
  }

  private writtenAgain(folio: Folio): void {
    for (const page of folio.pages) this.eviction.writtenAgain(page);
  }

  private drop(folio: Folio): void {
    this.huge.dissolve(folio);
    for (const page of folio.pages) this.eviction.dropPage(page);
    this.state.counters.pglazyfreed += folio.size;
  }

  /** All of it is written, and comes back page by page. */
  private swapOut(folio: Folio): number {
    this.become(folio);
    for (const page of folio.pages) this.eviction.swapOutPage(page);
    return folio.size;
  }

  /** The folio's pages are by themselves, with its place in the policy's memory, since they go together. */
  private become(folio: Folio): void {
    const { pages, counters } = this.state;
    counters.thp_swpout++;
    this.huge.dissolve(folio);
    for (const page of folio.pages) {
      pages.markDirty(page);
      if (page !== folio.head) this.reclaim.policy.evictedWith?.(page, folio.head);
    }
  }

  /** reclaim_pages for a folio that one space maps whole. */
  pageOut(folio: Folio): void {
    const { frames, pages } = this.state;
    const shared = folio.pages.some((page) => frames.mapcount[pages.location[page]!] !== 1);
    if (!shared) this.eviction.whilePaid(() => this.pageOutNow(folio));
  }

  private pageOutNow(folio: Folio): void {
    const { pages } = this.state;
    const { head } = folio;
    this.collectDirty(folio);
    const traits = pages.traits[head]!;
    if (folio.shared) {
      this.pageOutShmem(folio);
      return;
    }
    if (traits & TRAIT.lazyfree) {
      if (traits & TRAIT.dirty) {
        this.writtenAgain(folio);
        this.reclaim.recheck(head);
        return;
      }
      this.reclaim.policy.remove(head);
      this.drop(folio);
    } else if (!this.reclaim.hasPlace(head) || !this.reclaim.hasPlaceFor(folio)) {
      // Without any swap, too, it is split before that turns out.
      this.state.counters.thp_swpout_fallback++;
      this.splitAndPageOut(folio);
    } else this.pageOutWhole(folio);
  }

  private splitAndPageOut(folio: Folio): void {
    this.huge.split(folio);
    for (const page of folio.pages) if (this.state.pages.resident[page] === 1) this.eviction.pageOut(page);
  }

  private pageOutWhole(folio: Folio): void {
    if (!this.state.swap.synchronous) {
      this.pageOutLater(folio);
      return;
    }
    this.eviction.leave(folio.head);
    this.swapOut(folio);
  }

  /** Without a place for it, or while it is locked or pinned, a folio of an object is unmapped, and stays. */
  private pageOutShmem(folio: Folio): void {
    const { pages } = this.state;
    const dirty = pages.anyDirty(folio.pages);
    const stays = (pages.traits[folio.head]! & PAGE_FLAG.unevictable) !== 0;
    if (stays || (dirty && !this.reclaim.hasPlace(folio.head))) this.huge.unmap(folio);
    else if (!this.goesWhole(folio, dirty)) this.splitAndPageOut(folio);
    else if (dirty) this.pageOutWhole(folio);
    else {
      this.reclaim.policy.remove(folio.head);
      this.dropShmem(folio);
    }
  }

  /** To a device that does not answer at once: the pages are in the swap cache, next to go. */
  private pageOutLater(folio: Folio): void {
    const { policy } = this.reclaim;
    policy.remove(folio.head);
    this.state.counters.thp_swpout++;
    this.huge.dissolve(folio);
    for (const page of folio.pages) {
      this.state.pages.markDirty(page);
      policy.insert(page);
      this.eviction.cacheInSwap(page);
      policy.rotate?.(page);
    }
  }
}
