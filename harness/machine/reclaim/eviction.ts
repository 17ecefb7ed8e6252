import { PART } from '../../cost/ledger.js';
import { type ReclaimPolicy, TRAIT } from '../../policy/reclaim/contract.js';
import { isAnonPage, isMerged, isReferred, unmapPage } from '../entries/entry.js';
import type { Folio } from '../memory/folios.js';
import { PAGE_FLAG } from '../memory/pages.js';
import { freeObjectPage, objectAt } from '../object/lifetime.js';
import { newSlot } from '../object/swap-cache.js';
import { PTE, PTE_SHIFT, PURGED } from '../state/page-table.js';
import type { Space } from '../state/space.js';
import type { State } from '../state/state.js';
import { VM } from '../state/vma.js';
import type { Purge } from './purge.js';

/** Where a page was lost. */
interface Lost {
  readonly space: Space;
  readonly vpn: number;
}

/** What evicts: the policy that chose, and what it has to hear of a page that could not go. */
export interface Evictor {
  readonly policy: ReclaimPolicy;
  /** Whether there is a place for the page's contents, or no need for one. */
  hasPlace(page: number): boolean;
  /** Whether swap has slots for all of a folio, the head of which has a place. */
  hasPlaceFor(folio: Folio): boolean;
  recheck(page: number): void;
  /** A victim has no place for its contents. */
  rejectPlaceless(page: number): void;
  /** A dirty page of a file goes next once it is written (PG_reclaim). */
  awaitWrite(page: number): void;
}

/** Carries out what the policy chose: the page is dropped, purged, or goes to swap. After shrink_folio_list. */
export class Eviction {
  /** Whether the price of a call covers what is done now. */
  private paid = false;

  constructor(
    private readonly state: State,
    private readonly purge: Purge,
    private readonly reclaim: Evictor,
  ) {}

  /** Carries out an eviction; false when the page could not go (the policy knows). */
  take(page: number): boolean {
    const { pages, rmap } = this.state;
    const frame = pages.location[page]!;
    rmap.walk(frame);
    if (this.missesMappings(page, frame)) {
      this.reclaim.policy.reject(page);
      return false;
    }
    this.collectDirty(page);
    const traits = pages.traits[page]!;
    if (traits & TRAIT.volatile && this.purge.byReclaim) {
      if (this.purgePage(page, frame)) return true;
      rmap.walk(frame);
    }
    if (traits & TRAIT.lazyfree) return this.takeLazyfree(page);
    if (traits & TRAIT.file) return this.takeCached(page, frame);
    if (this.isUnwritten(page, frame)) return this.dropUnwritten(frame);
    if (!this.reclaim.hasPlace(page)) {
      this.reclaim.rejectPlaceless(page); // walked for the volatile pages among them
      return false;
    }
    this.swapOut(page, frame);
    return true;
  }

  /**
   * Whether a page that is dirty, and of a file or lazily freed, stays: unmapped until it is written, or an ordinary page
   * again. Of volatile pages and merged ones `take` decides.
   */
  staysWritten(page: number): boolean {
    const { pages, rmap } = this.state;
    const traits = pages.traits[page]!;
    if (traits & TRAIT.volatile) return false;
    rmap.walk(pages.location[page]!);
    if (traits & TRAIT.lazyfree) {
      if (this.isDroppable()) return false;
      for (const other of this.state.huge?.folios.of(page)?.pages ?? [page]) this.writtenAgain(other);
    } else {
      this.unmapAll(0);
      this.reclaim.awaitWrite(page);
    }
    return true;
  }

  /**
   * Whether a page of shared memory was only read since it came into a hole, and so is clean (shmem_get_folio, SGP_CACHE).
   * The dirty bits of its entries have been collected.
   */
  private isUnwritten(page: number, frame: number): boolean {
    const { pages, frames } = this.state;
    if (pages.traits[page]! & (TRAIT.dirty | TRAIT.file | TRAIT.lazyfree)) return false;
    return frames.slotOf(frame) < 0 && !isAnonPage(this.state, page);
  }

  /** It goes without a write, also where there is no swap, and leaves the hole that it came into. */
  dropUnwritten(frame: number): boolean {
    const { frames, costs } = this.state;
    this.pay(costs.reclaim.drop.ns);
    freeObjectPage(this.state, objectAt(this.state, frame), frames.index[frame]!);
    return true;
  }

  /** A merged page that the reverse map does not find everywhere stays: try_to_unmap would leave it mapped. */
  private missesMappings(page: number, frame: number): boolean {
    const { rmap, frames } = this.state;
    return rmap.length < frames.mapcount[frame]! && isMerged(this.state, page);
  }

  /** Notes in the page's traits whether an entry of the last walk was written through. */
  private collectDirty(page: number): void {
    const { rmap, tables, pages } = this.state;
    for (let i = 0; i < rmap.length; i++) {
      if (tables.get(rmap.entries[i]!) & PTE.dirty) pages.markDirty(page);
    }
  }

  /** Purges a volatile page; false when it stays, because a mapping that is not volatile keeps it. */
  private purgePage(page: number, frame: number): boolean {
    const m = this.state;
    const object = m.objects.get(m.frames.object[frame]!);
    if (object.kind === 'ksm') return false;
    if (object.kind === 'anon') return this.purgeAnon(page);
    const index = m.frames.index[frame]!;
    freeObjectPage(m, object, index);
    object.setPurged(index);
    this.countPurged();
    this.purge.met(object, index);
    return true;
  }

  /**
   * Purges an anonymous page from the volatile mappings of the last walk. Another mapping keeps the page: false, though
   * the volatile ones have lost it (a flaw of the 2014 patches).
   */
  private purgeAnon(page: number): boolean {
    const m = this.state;
    const { rmap } = m;
    const lost: Lost[] = [];
    for (let i = 0; i < rmap.length; i++) {
      const { space } = rmap.vmas[i]!;
      if (!rmap.vmas[i]!.has(VM.volatile)) continue;
      unmapPage(m, space, rmap.entries[i]!, PURGED);
      lost.push({ space, vpn: rmap.vpns[i]! });
    }
    const stays = isReferred(m, page);
    if (stays) m.pages.clearVolatile(page);
    else {
      this.countPurged();
      m.freePage(page);
    }
    for (const { space, vpn } of lost) this.purge.met(space, vpn);
    return !stays;
  }

  private countPurged(): void {
    this.pay(this.state.costs.reclaim.purge.ns);
    this.state.counters.purged_pages++;
  }

  /**
   * A lazily freed page goes without a write, unless it was written again: then it is an ordinary page once more.
   * Pages of droppable mappings go, written or not.
   */
  private takeLazyfree(page: number): boolean {
    const { pages, counters, costs } = this.state;
    if (pages.traits[page]! & TRAIT.dirty && !this.isDroppable()) {
      this.writtenAgain(page);
      this.reclaim.policy.reject(page);
      this.reclaim.recheck(page);
      return false;
    }
    this.pay(costs.reclaim.drop.ns);
    const lost = pages.traits[page]! & TRAIT.volatile ? this.unmapPurged() : [];
    if (lost.length === 0) this.unmapAll(0);
    counters.pglazyfreed++;
    this.state.freePage(page);
    for (const { space, vpn } of lost) this.purge.met(space, vpn);
    return true;
  }

  /** A page of a folio, as `swapOut`. Its dirty bits have been collected. */
  swapOutPage(page: number): void {
    const frame = this.state.pages.location[page]!;
    this.state.rmap.walk(frame);
    this.swapOut(page, frame);
  }

  /** A page of a folio is unmapped and in the swap cache. */
  cacheInSwap(page: number): void {
    const frame = this.state.pages.location[page]!;
    this.state.rmap.walk(frame);
    this.addToSwap(page, frame);
  }

  /** A clean page of a folio that was lazily freed is unmapped and free. */
  dropPage(page: number): void {
    const { pages, rmap, costs } = this.state;
    this.pay(costs.reclaim.drop.ns);
    rmap.walk(pages.location[page]!);
    this.unmapAll(0);
    this.state.freePage(page);
  }

  /** What is done now is paid by the price of a call. */
  whilePaid(work: () => void): void {
    const outer = this.paid;
    this.paid = true;
    work();
    this.paid = outer;
  }

  /** A page was written since it was lazily freed; with `order=lazyfree` that is how a page stops being volatile. */
  writtenAgain(page: number): void {
    const { pages } = this.state;
    pages.clearLazyfree(page);
    if (this.purge.rules.order === 'lazyfree') pages.clearVolatile(page);
  }

  /**
   * Unmaps the page of the last walk, which goes because it is volatile and lazily freed. Returns where it was mapped: what
   * is left of those ranges goes once the page has, since purging walks the reverse map again.
   */
  private unmapPurged(): Lost[] {
    const { rmap, counters } = this.state;
    const lost: Lost[] = [];
    for (let i = 0; i < rmap.length; i++) {
      const space = rmap.spaces[i]!;
      const vpn = rmap.vpns[i]!;
      const marked = this.purge.marks.at(space, vpn) !== undefined;
      unmapPage(this.state, space, rmap.entries[i]!, marked ? PURGED : 0);
      lost.push({ space, vpn });
    }
    counters.purged_pages++;
    return lost;
  }

  /**
   * A clean page of the page cache is dropped. A dirty one waits for the flusher, on the active list and unmapped:
   * shrink_folio_list calls try_to_unmap before it looks at the page's dirty bit.
   */
  private takeCached(page: number, frame: number): boolean {
    const { pages, frames, costs } = this.state;
    if (pages.traits[page]! & TRAIT.dirty) {
      this.unmapAll(0);
      this.reclaim.policy.reject(page);
      this.reclaim.awaitWrite(page);
      return false;
    }
    this.pay(costs.reclaim.drop.ns);
    if (pages.isOverHole(page)) {
      freeObjectPage(this.state, objectAt(this.state, frame), frames.index[frame]!);
      return true;
    }
    this.unmapAll(0);
    frames.free(frame);
    pages.setAbsent(page);
    return true;
  }

  /** Writes a page to swap, unless its slot holds the same contents already, and takes its frame. */
  private swapOut(page: number, frame: number): void {
    const slot = this.addToSwap(page, frame);
    this.state.ksm.frameLost(frame);
    this.state.frames.free(frame);
    this.state.pages.setSlot(page, slot);
  }

  /** Unmaps a page after the last walk, allocates a slot and writes it there if need be: the page is in the swap cache then. */
  private addToSwap(page: number, frame: number): number {
    const { pages, frames, swap, counters, costs } = this.state;
    const anon = isAnonPage(this.state, page);
    const known = frames.slotOf(frame);
    const write = known < 0 || (pages.traits[page]! & TRAIT.dirty) !== 0;
    const slot = known < 0 ? newSlot(this.state, page) : known;
    if (known < 0 && this.state.settings.pageCluster > 0)
      this.state.slotOwners.set(slot, frames.object[frame]!, frames.index[frame]!);
    const { swap_out, zram_out, drop } = costs.reclaim;
    this.pay((write ? (swap.synchronous ? zram_out : swap_out) : drop).ns);
    if (write) {
      counters.pswpout++;
      if (swap.synchronous) swap.store(slot, pages.contents.get(page));
    }
    if (anon) {
      for (let i = 0; i < this.state.rmap.length; i++) swap.addReference(slot);
      this.unmapAll(page << PTE_SHIFT);
    } else {
      this.unmapAll(0);
      if (known < 0) swap.addReference(slot); // the object's own, which it has as long as the page has the slot
    }
    // What was written through a cached entry must not be written after the page is (try_to_unmap_flush_dirty).
    if (write && !this.paid) this.state.flushTlb(PART.reclaim);
    pages.clearDirty(page);
    frames.setSlot(frame, slot);
    return slot;
  }

  /**
   * reclaim_pages: reclaims single pages now, whether they were used or not. What goes to a device that does not
   * answer at once stays in the swap cache, next to go, until reclaim meets it. The price of the call has all of it.
   */
  pageOut(page: number): void {
    this.whilePaid(() => this.pageOutNow(page));
  }

  private pageOutNow(page: number): void {
    const m = this.state;
    const frame = m.pages.location[page]!;
    m.rmap.walk(frame);
    if (this.missesMappings(page, frame)) return;
    this.collectDirty(page);
    const traits = m.pages.traits[page]!;
    if (this.isUnwritten(page, frame)) {
      this.dropUnwritten(frame);
    } else if (traits & PAGE_FLAG.unevictable || !this.reclaim.hasPlace(page)) {
      // Without swap a page of shared memory is unmapped before there turns out to be no place for it.
      if (!isAnonPage(m, page)) this.unmapAll(0);
    } else if (traits & TRAIT.file) {
      // A dirty one is unmapped before it turns out to wait for write-back, and goes to the active list.
      this.unmapAll(0);
      if (traits & TRAIT.dirty) {
        this.reclaim.policy.remove(page);
        this.reclaim.policy.reject(page);
      } else {
        this.leave(page);
        this.takeCached(page, frame);
      }
    } else if (traits & TRAIT.lazyfree) {
      if (traits & TRAIT.dirty && !this.isDroppable()) {
        this.writtenAgain(page);
        this.reclaim.recheck(page);
        return;
      }
      this.reclaim.policy.remove(page);
      this.takeLazyfree(page);
    } else if (m.swap.synchronous) {
      this.leave(page);
      this.swapOut(page, frame);
    } else {
      this.addToSwap(page, frame);
      this.reclaim.policy.rotate?.(page);
    }
  }

  /** The policy loses a page that it has not chosen; its eviction is on record where the policy keeps one. */
  leave(page: number): void {
    const { policy } = this.reclaim;
    if (policy.pagedOut) policy.pagedOut(page);
    else policy.remove(page);
  }

  /** Replaces all entries of the last walk. */
  private unmapAll(value: number): void {
    const { rmap } = this.state;
    for (let i = 0; i < rmap.length; i++) {
      unmapPage(this.state, rmap.spaces[i]!, rmap.entries[i]!, value);
    }
  }

  /** Whether the page of the last walk lies in droppable memory, which is never shared. */
  private isDroppable(): boolean {
    const { rmap } = this.state;
    return rmap.length > 0 && rmap.vmas[0]!.has(VM.droppable);
  }

  private pay(ns: number): void {
    if (!this.paid) this.state.ledger.cpu(PART.reclaim, ns);
  }
}
