import { PART } from '../../cost/ledger.js';
import type { Pages, ReclaimPolicy } from '../../policy/reclaim/contract.js';
import { TRAIT } from '../../policy/reclaim/contract.js';
import { randomStream } from '../../stats/random.js';
import type { Machine, MachineOptions } from '../machine.js';
import { unmapPage } from '../mapping/entry.js';
import { PTE, PTE_SHIFT } from '../mapping/page-table.js';
import type { Space } from '../mapping/space.js';
import { OWN_TRAIT } from '../memory/pages.js';

/** Victims asked for at a time, and room for what a policy may give beyond (linux: batches of 32). */
const VICTIMS = 64;
/** A limit that no machine reaches: none. */
const NO_LIMIT = 2 ** 31 - 1;

/** The limit cannot be met: nothing that could go is left. Ends the cell with outcome `oom`. */
export class OutOfMemory extends Error {
  constructor(limit: number) {
    super(`no page can be reclaimed and the limit of ${limit} pages is reached`);
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
    return this.reclaim.limit;
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
    machine.frames.ceiling = this.limit;
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
    this.machine.frames.ceiling = this.limit;
    this.policy.resize(this.limit);
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
      if (!this.shrink()) throw new OutOfMemory(this.limit);
    }
    const slot = pages.slotOf(page);
    const frame = frames.allocate(page, object, index);
    frames.setSlot(frame, slot);
    pages.setFrame(page, frame);
    this.admit(page, evictable);
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

  /** Direct reclaim: takes at least one page, if any can go. False when none can. */
  private shrink(): boolean {
    const { counters, frames, ledger, costs } = this.machine;
    // Each failure puts the victim elsewhere in the policy's order, so a pass over all pages without success is enough.
    let patience = frames.inUse + VICTIMS;
    while (patience > 0) {
      const scannedBefore = this.policy.counters.pgscan as number;
      const found = this.policy.evict(this.victims, 1);
      const scanned = (this.policy.counters.pgscan as number) - scannedBefore;
      counters.pgscan_direct += scanned;
      ledger.cpu(PART.reclaim, scanned * costs.reclaim.scan.ns);
      if (found === 0) return false;
      let taken = 0;
      for (let i = 0; i < found; i++) if (this.take(this.victims[i] as number)) taken++;
      counters.pgsteal_direct += taken;
      if (taken > 0) return true;
      patience -= found;
    }
    return false;
  }

  /** Carries out an eviction; false when the page could not go (the policy has been told). */
  private take(page: number): boolean {
    const { pages, rmap } = this.machine;
    const frame = pages.place[page] as number;
    rmap.walk(frame);
    this.collectDirty(page);
    if ((pages.traits[page] as number) & TRAIT.lazyfree) return this.takeLazyfree(page);
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

  /** A lazily freed page goes without a write, unless it was written again: then it is an ordinary page once more. */
  private takeLazyfree(page: number): boolean {
    const { pages, counters, ledger, costs } = this.machine;
    if ((pages.traits[page] as number) & TRAIT.dirty) {
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

  /** Writes a page to swap, unless its slot holds the same contents already, and takes its frame. */
  private swapOut(page: number, frame: number): void {
    const { pages, frames, swap, counters, ledger, costs, objects } = this.machine;
    const anon = objects.get(frames.object[frame] as number).kind === 'anon';
    let slot = frames.slot[frame] as number;
    const write = slot < 0 || ((pages.traits[page] as number) & TRAIT.dirty) !== 0;
    if (slot < 0) slot = swap.allocate(page);
    ledger.cpu(PART.reclaim, write ? costs.reclaim.swap_out.ns : costs.reclaim.drop.ns);
    if (write) counters.pswpout++;
    if (anon) {
      for (let i = 0; i < this.machine.rmap.length; i++) swap.addReference(slot);
      this.unmapAll(page << PTE_SHIFT);
    } else {
      this.unmapAll(0);
      swap.addReference(slot); // the object's own
    }
    pages.clearDirty(page);
    frames.free(frame);
    pages.setSlot(page, slot);
  }

  /** Replaces all entries of the last walk. */
  private unmapAll(value: number): void {
    const { rmap } = this.machine;
    for (let i = 0; i < rmap.length; i++) {
      unmapPage(this.machine, rmap.spaces[i] as Space, rmap.entries[i] as number, value);
    }
  }
}
