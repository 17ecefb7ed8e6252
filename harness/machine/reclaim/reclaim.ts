import { PART } from '../../cost/ledger.js';
import type { Pages, ReclaimPolicy } from '../../policy/reclaim/contract.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { randomStream } from '../../stats/random.js';
import type { Machine, MachineOptions } from '../machine.js';
import { isAnonPage, isReferred, unmapPage } from '../mapping/entry.js';
import { PTE, PTE_SHIFT, PURGED } from '../mapping/page-table.js';
import type { Space } from '../mapping/space.js';
import { VM, type Vma } from '../mapping/vma.js';
import { OWN_TRAIT } from '../memory/pages.js';
import type { Zone } from '../memory/zone.js';
import { freeObjectPage } from '../object/lifetime.js';
import type { SharedObject } from '../object/shared.js';

/** Victims asked for at a time, and room for what a policy may give beyond (linux: batches of 32). */
const VICTIMS = 64;
/** A limit that no machine reaches: none. */
const NO_LIMIT = 2 ** 31 - 1;

/** The limit cannot be met: nothing that could go is left. Ends the cell with outcome `oom`. */
export class OutOfMemory extends Error {
  constructor(pages: number) {
    super(`no page can be reclaimed and ${pages} pages are all there are`);
    this.name = 'OutOfMemory';
  }
}

/** What the reclaim policy sees of the machine. */
class PolicyPages implements Pages {
  constructor(
    private readonly machine: Machine,
    private readonly reclaim: Reclaim,
  ) {}

  get capacity(): number {
    return Math.min(this.reclaim.limit, this.machine.zone?.buddy.pages ?? NO_LIMIT);
  }

  get count(): number {
    return this.machine.pages.count;
  }

  get resident(): Uint8Array {
    return this.machine.pages.resident;
  }

  get traits(): Uint8Array {
    return this.machine.pages.traits;
  }

  referenced(id: number): number {
    return this.machine.rmap.referenced(id);
  }
}

/**
 * Drives the reclaim policy: brings pages in under the limit, carries out what the policy chooses, and tells it which
 * pages it may choose. A limit is a memory cgroup: whoever needs a frame reclaims, and pays.
 */
export class Reclaim {
  limit: number;
  readonly policy: ReclaimPolicy;
  /** The policy, where it wants to hear of every touch. */
  readonly touched: Required<Pick<ReclaimPolicy, 'touch'>> | undefined;
  private readonly victims = new Int32Array(VICTIMS);
  private readonly swap: boolean;

  constructor(
    private readonly machine: Machine,
    options: MachineOptions,
  ) {
    this.limit = options.limit ?? NO_LIMIT;
    machine.frames.ceiling = Math.min(this.limit, options.memory ?? NO_LIMIT);
    this.swap = options.swap !== 'none';
    const { info, values } = options.reclaim;
    const random = randomStream(options.seed, `reclaim/${info.name}`);
    this.policy = info.create(new PolicyPages(machine, this), { values, random, swap: this.swap });
    this.touched = this.policy.touch ? (this.policy as Required<Pick<ReclaimPolicy, 'touch'>>) : undefined;
  }

  /** Whether there is a limit. */
  get limited(): boolean {
    return this.limit !== NO_LIMIT;
  }

  grow(count: number): void {
    this.policy.grow(count);
  }

  /** Sets the limit, undefined for none, and reclaims down to it as far as pages can go. */
  setLimit(pages: number | undefined): void {
    this.limit = pages ?? NO_LIMIT;
    const { frames, zone } = this.machine;
    const capacity = Math.min(this.limit, zone?.buddy.pages ?? NO_LIMIT);
    frames.ceiling = capacity;
    this.policy.resize(capacity);
    while (this.machine.frames.inUse > this.limit && this.shrink()) {}
  }

  /**
   * Gives a page a frame, making room under the limit first.
   *
   * @throws OutOfMemory when there is no room and none can be made
   */
  bringIn(page: number, object: number, index: number): void {
    const { frames, pages } = this.machine;
    const evictable = this.couldGo(page);
    if (evictable) this.policy.miss?.(page);
    while (frames.inUse >= this.limit) {
      if (!this.machine.purge.makeRoom() && !this.shrink()) throw new OutOfMemory(this.limit);
    }
    if (this.machine.zone) this.makeRoomInZone(this.machine.zone);
    const slot = pages.slotOf(page);
    const frame = frames.allocate(page, object, index);
    frames.setSlot(frame, slot);
    pages.setFrame(page, frame);
    this.admit(page, evictable);
  }

  /** get_page_from_freelist: at the low watermark kswapd is woken; at the lowest, the program reclaims itself. */
  private makeRoomInZone(zone: Zone): void {
    const { min, low } = zone.watermarks;
    if (zone.free > low) return;
    this.machine.kswapd?.wake();
    while (zone.free <= min) {
      if (!this.machine.purge.makeRoom() && !this.shrink()) throw new OutOfMemory(zone.buddy.pages);
    }
  }

  /** A resident page is used in a way that its entry does not show to policies that count every touch. */
  used(page: number): void {
    if (this.touched && !this.isUnevictable(page)) this.touched.touch(page);
  }

  /** A resident page whose use no touch or accessed bit shows. */
  accessed(page: number): void {
    if (!this.isUnevictable(page)) this.policy.accessed?.(page);
  }

  /** The page's contents are about to go. */
  forget(page: number): void {
    this.policy.remove(page);
  }

  /** A program said that it will not need a page soon; its traits say how. */
  demote(page: number): void {
    if (this.isUnevictable(page)) this.recheck(page);
    if (!this.isUnevictable(page)) this.policy.demote?.(page);
  }

  /** A page has been marked volatile, or not volatile any more. */
  volatilityChanged(page: number): void {
    if (this.machine.pages.resident[page] === 1) this.recheck(page);
  }

  /** Whether the policy may choose a resident page has changed, or may have. */
  recheck(page: number): void {
    const could = this.couldGo(page) && !this.machine.rmap.isLocked(this.machine.pages.place[page] as number);
    if (could !== this.isUnevictable(page)) return;
    if (!could) this.policy.remove(page);
    this.admit(page, could);
  }

  private isUnevictable(page: number): boolean {
    return ((this.machine.pages.traits[page] as number) & OWN_TRAIT.unevictable) !== 0;
  }

  private admit(page: number, evictable: boolean): void {
    const { traits } = this.machine.pages;
    if (evictable) {
      traits[page] = (traits[page] as number) & ~OWN_TRAIT.unevictable;
      this.policy.insert(page);
    } else traits[page] = (traits[page] as number) | OWN_TRAIT.unevictable;
  }

  /** Whether there is a place for the page's contents, or no need for one. */
  private couldGo(page: number): boolean {
    return this.swap || ((this.machine.pages.traits[page] as number) & (TRAIT.file | TRAIT.lazyfree)) !== 0;
  }

  /**
   * Reclaims until at least one page is free, if any can go. False when none can. Victims that turn out to be dirty
   * pages of files wake the flusher; only when nothing else is left does reclaim wait for it.
   */
  private shrink(): boolean {
    const { frames, flusher } = this.machine;
    // Each failure puts the victim elsewhere in the policy's order, so a pass over all pages without success is enough.
    for (let patience = frames.inUse + VICTIMS; patience > 0; ) {
      const { found, taken } = this.shrinkOnce('direct');
      if (taken > 0) return true;
      if (found === 0) break;
      patience -= found;
    }
    if (!flusher.anyDirty()) return false;
    this.waitForFlusher();
    return this.shrinkOnce('direct').taken > 0;
  }

  /** One search for victims, and what became of them. The counters are those of who reclaims. */
  shrinkOnce(by: 'direct' | 'kswapd'): { found: number; taken: number } {
    const { counters, ledger, costs } = this.machine;
    const scannedBefore = this.policy.counters.pgscan as number;
    const found = this.policy.evict(this.victims, 1);
    const scanned = (this.policy.counters.pgscan as number) - scannedBefore;
    ledger.cpu(PART.reclaim, scanned * costs.reclaim.scan.ns);
    let taken = 0;
    for (let i = 0; i < found; i++) if (this.take(this.victims[i] as number)) taken++;
    if (by === 'direct') {
      counters.pgscan_direct += scanned;
      counters.pgsteal_direct += taken;
    } else {
      counters.pgscan_kswapd += scanned;
      counters.pgsteal_kswapd += taken;
    }
    return { found, taken };
  }

  private waitForFlusher(): void {
    const { flusher, ledger, costs, nowUs } = this.machine;
    const written = flusher.writeAll(nowUs);
    ledger.io(PART.reclaim, written * costs.reclaim.write_back.ns);
  }

  /** Carries out an eviction; false when the page could not go (the policy has been told). */
  private take(page: number): boolean {
    const { pages, rmap, purge } = this.machine;
    const frame = pages.place[page] as number;
    rmap.walk(frame);
    this.collectDirty(page);
    const traits = pages.traits[page] as number;
    if (traits & TRAIT.volatile && purge.byPage) {
      if (this.purgePage(page, frame)) return true;
      rmap.walk(frame);
    }
    if (traits & TRAIT.lazyfree) return this.takeLazyfree(page);
    if (traits & TRAIT.file) return this.takeCached(page, frame);
    this.swapOut(page, frame);
    return true;
  }

  /** Notes in the page's traits whether an entry of the last walk was written through. */
  private collectDirty(page: number): void {
    const { rmap, tables, pages } = this.machine;
    for (let i = 0; i < rmap.length; i++) {
      if ((tables.entries[rmap.entries[i] as number] as number) & PTE.dirty) pages.markDirty(page);
    }
  }

  /**
   * Purges a volatile page from the volatile mappings of the last walk. Another mapping keeps the page: false, though
   * the volatile ones have lost it (a flaw of the 2014 patches).
   */
  private purgePage(page: number, frame: number): boolean {
    const m = this.machine;
    const { rmap, frames, objects, ledger, costs } = m;
    const anon = objects.get(frames.object[frame] as number);
    if (anon.kind !== 'anon') return false;
    const index = frames.index[frame] as number;
    for (let i = 0; i < rmap.length; i++) {
      const vma = rmap.vmas[i] as Vma;
      if (!vma.has(VM.volatile)) continue;
      unmapPage(m, vma.space, rmap.entries[i] as number, PURGED);
      m.purge.pagePurged(vma.space, anon.base + index + vma.shift);
    }
    if (isReferred(m, page)) {
      m.pages.clearVolatile(page);
      return false;
    }
    ledger.cpu(PART.reclaim, costs.reclaim.purge.ns);
    m.counters.purged_pages++;
    m.freePage(page);
    return true;
  }

  /**
   * A lazily freed page goes without a write, unless it was written again: then it is an ordinary page once more.
   * Pages of droppable mappings go, written or not.
   */
  private takeLazyfree(page: number): boolean {
    const { pages, counters, ledger, costs, rmap } = this.machine;
    const droppable = rmap.length > 0 && (rmap.vmas[0] as Vma).has(VM.droppable);
    if ((pages.traits[page] as number) & TRAIT.dirty && !droppable) {
      pages.clearLazyfree(page);
      this.policy.reject(page);
      this.recheck(page);
      return false;
    }
    ledger.cpu(PART.reclaim, costs.reclaim.drop.ns);
    this.unmapAll(0);
    counters.pglazyfreed++;
    this.machine.freePage(page);
    return true;
  }

  /** A clean page of the page cache is dropped. A dirty one waits for the flusher, on the active list. */
  private takeCached(page: number, frame: number): boolean {
    const { pages, frames, flusher, ledger, costs } = this.machine;
    if ((pages.traits[page] as number) & TRAIT.dirty) {
      flusher.wake();
      this.policy.reject(page);
      return false;
    }
    ledger.cpu(PART.reclaim, costs.reclaim.drop.ns);
    if (pages.isOverHole(page)) {
      const object = this.machine.objects.get(frames.object[frame] as number) as SharedObject;
      freeObjectPage(this.machine, object, frames.index[frame] as number);
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
    this.machine.frames.free(frame);
    this.machine.pages.setSlot(page, slot);
  }

  /** Unmaps a page after the last walk, gives it a slot and writes it there if it must: it is in the swap cache then. */
  private addToSwap(page: number, frame: number): number {
    const { pages, frames, swap, counters, ledger, costs, objects } = this.machine;
    const anon = objects.get(frames.object[frame] as number).kind === 'anon';
    const known = frames.slot[frame] as number;
    const write = known < 0 || ((pages.traits[page] as number) & TRAIT.dirty) !== 0;
    const slot = known < 0 ? swap.allocate(page) : known;
    const { swap_out, zram_out, drop } = costs.reclaim;
    ledger.cpu(PART.reclaim, (write ? (swap.synchronous ? zram_out : swap_out) : drop).ns);
    if (write) {
      counters.pswpout++;
      if (swap.synchronous) swap.store(slot, pages.contents.get(page));
    }
    if (anon) {
      for (let i = 0; i < this.machine.rmap.length; i++) swap.addReference(slot);
      this.unmapAll(page << PTE_SHIFT);
    } else {
      this.unmapAll(0);
      if (known < 0) swap.addReference(slot); // the object's own, which it has as long as the page has the slot
    }
    pages.clearDirty(page);
    frames.setSlot(frame, slot);
    return slot;
  }

  /**
   * reclaim_pages: reclaims single pages now, whether they were used or not. What goes to a device that does not
   * answer at once stays in the swap cache, next to go, until reclaim meets it. The caller pays for the call.
   */
  pageOut(page: number): void {
    const m = this.machine;
    const frame = m.pages.place[page] as number;
    m.rmap.walk(frame);
    this.collectDirty(page);
    const traits = m.pages.traits[page] as number;
    if (traits & OWN_TRAIT.unevictable) {
      // Without swap a page of shared memory is unmapped before there turns out to be no place for it.
      if (!isAnonPage(m, page)) this.unmapAll(0);
    } else if (traits & TRAIT.file || traits & TRAIT.lazyfree) {
      if (traits & TRAIT.dirty) {
        m.pages.clearLazyfree(page); // written since MADV_FREE: an ordinary page again
        this.recheck(page);
        return;
      }
      this.policy.remove(page);
      if (traits & TRAIT.file) this.takeCached(page, frame);
      else this.takeLazyfree(page);
    } else if (m.swap.synchronous) {
      this.policy.remove(page);
      this.swapOut(page, frame);
    } else {
      this.addToSwap(page, frame);
      this.policy.rotate?.(page);
    }
  }

  /** Replaces all entries of the last walk. */
  private unmapAll(value: number): void {
    const { rmap } = this.machine;
    for (let i = 0; i < rmap.length; i++) {
      unmapPage(this.machine, rmap.spaces[i] as Space, rmap.entries[i] as number, value);
    }
  }
}
