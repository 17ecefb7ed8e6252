import type { SyscallResult } from '../../contract/target.js';
import { PART } from '../../cost/ledger.js';
import { type ReclaimPolicy, type ReclaimPolicyInfo, TRAIT } from '../../policy/reclaim/contract.js';
import type { Chosen } from '../../policy/registry.js';
import { randomStream } from '../../stats/random.js';
import type { CgroupArg } from '../../trace/args.js';
import type { Folio } from '../memory/folios.js';
import { PAGE_FLAG } from '../memory/pages.js';
import type { Zone } from '../memory/zone.js';
import type { ReclaimHooks } from '../state/hooks.js';
import { KERNELS } from '../state/settings.js';
import type { State, StateOptions } from '../state/state.js';
import type { Cgroups } from './cgroup/cgroups.js';
import type { Group } from './cgroup/group.js';
import { GroupReclaim } from './cgroup/group-reclaim.js';
import { Eviction, type Evictor } from './eviction.js';
import { FolioEviction } from './folio-eviction.js';
import { bringInFolio, listenerFor, splitInPolicy, stayingPages, takePart } from './folio-room.js';
import type { Kswapd } from './kswapd.js';
import { OomKiller } from './oom-killer.js';
import { OutOfMemory } from './out-of-memory.js';
import { Placeless } from './placeless.js';
import { PolicyPages } from './policy-pages.js';
import { type Proactive, proactiveBatch, searchUntilFree } from './proactive.js';
import type { Purge } from './purge.js';
import { StatsFlusher } from './stats-flusher.js';
import type { Flusher } from './writeback.js';

/**
 * Victims asked for at a time, and room for what a policy may give beyond: `linux` reclaims 32 in a pass, and then the same
 * part of the other kind of pages.
 */
const VICTIMS = 512;
/** Page tables of a space above the directories of leaves: the one of the process, and one for 512 GiB. */
const UPPER_TABLES = 2;
/** A limit that no machine reaches: none. */
const NO_LIMIT = 2 ** 31 - 1;
/** No page has this id. */
const NO_PAGE = -1;

/** What reclaim is set up from. */
export interface ReclaimOptions extends StateOptions {
  /** Whether the OOM killer kills where memory has run out. Default: it does not, and the replay ends. */
  readonly kills?: boolean | undefined;
  readonly reclaim: Chosen<ReclaimPolicyInfo>;
}

/** The agents that reclaim asks for help. */
export interface ReclaimHelpers {
  readonly purge: Purge;
  readonly flusher: Flusher;
  /** Undefined where memory has no size. */
  readonly kswapd: Kswapd | undefined;
}

/**
 * Drives the reclaim policy: brings pages in under the limit, carries out what the policy chooses, and tells it which
 * pages it may choose. A limit is a memory cgroup: the program that needs a frame reclaims, and pays.
 */
export class Reclaim implements ReclaimHooks, Evictor, Proactive {
  limit: number;
  /** The page that is being given a frame; it must not be purged meanwhile (the kernel holds its lock). */
  incoming: number = NO_PAGE;
  /** Whether the OOM killer kills: not for a page that can stay away. */
  private kills: boolean;
  /** The page that an access waits for while others are read ahead with it: it must not be purged either. */
  faulted: number = NO_PAGE;
  /** That of all pages; of all groups, once there are some. */
  policy: ReclaimPolicy;
  readonly statsFlusher: StatsFlusher;
  /** The policy, where it wants to hear of every touch. */
  touched: Required<Pick<ReclaimPolicy, 'touch'>> | undefined;
  groups: GroupReclaim | undefined;
  private victims = new Int32Array(VICTIMS);
  /** Dirty pages of files that reclaim met (PG_reclaim). */
  private readonly awaited = new Set<number>();
  private readonly swap: boolean;
  /** Whether the policy has anonymous pages on its lists where there is no place for them. */
  private readonly walksAnon: boolean;
  /** Settings of the policy that the trace has changed, by parameter. */
  private readonly tuned = new Map<string, number>();
  readonly oomKiller: OomKiller;
  private readonly eviction: Eviction;
  private readonly folioEviction: FolioEviction;
  private readonly placeless: Placeless;

  constructor(
    private readonly state: State,
    private readonly options: ReclaimOptions,
    private readonly helpers: ReclaimHelpers,
  ) {
    const { purge } = helpers;
    this.limit = options.limit ?? NO_LIMIT;
    this.kills = options.kills === true;
    state.frames.ceiling = Math.min(this.limit, options.memory ?? NO_LIMIT);
    this.swap = options.swap !== 'none';
    this.walksAnon = this.swap || purge.rules.aging;
    this.policy = this.createPolicy();
    this.statsFlusher = new StatsFlusher(state, this);
    this.eviction = new Eviction(state, purge, this);
    this.folioEviction = new FolioEviction(state, this.eviction, this);
    this.placeless = new Placeless(state);
    this.oomKiller = new OomKiller(state, () => this.cgroups);
    this.touched = listenerFor(state, this.policy);
  }

  private createPolicy(group?: Group): ReclaimPolicy {
    const { info, values } = this.options.reclaim;
    const stream = group ? `reclaim/${info.name}/${group.path}` : `reclaim/${info.name}`;
    const policy = info.create(new PolicyPages(this.state, this, group), {
      values,
      random: randomStream(this.options.seed, stream),
      swap: this.walksAnon,
      swapFree: this.swap ? () => this.swapFree(group) : undefined,
      statsHaveAge: true,
      purgesVolatile: this.helpers.purge.byReclaim,
    });
    if (group) for (const [parameter, value] of this.tuned) policy.tune?.(parameter, value);
    takePart(this.state, policy);
    return policy;
  }

  /** A setting of the policy has changed in mid-trace: in all groups, and those that are to come. */
  tune(parameter: string, value: number): void {
    this.policy.tune?.(parameter, value);
    this.tuned.set(parameter, value);
  }

  /** The memory cgroups of the trace; undefined before the first. */
  get cgroups(): Cgroups | undefined {
    return this.groups?.cgroups;
  }

  /** Writes files of a memory cgroup, which is made if it is new. Returns what the last of them answered. */
  writeGroup(arg: CgroupArg): SyscallResult {
    this.groups ??= this.beginGroups();
    return this.groups.write(arg);
  }

  groupAt(path: string): Group | undefined {
    return this.groups?.cgroups.known(path);
  }

  reclaimOnDemand(group: Group | undefined, pages: number): number {
    if (group) return this.groups!.reclaimOnDemand(group, pages);
    this.state.counters.reclaim_asked_pages += pages;
    const { kernel } = this.state.settings;
    return searchUntilFree(pages, (left) => this.freeSome(proactiveBatch(kernel, left), 'proactive'));
  }

  /** One search for a number of pages, then the shrinker of folios where it frees none. Returns how many pages are free. */
  private freeSome(wanted: number, by: 'direct' | 'proactive'): number {
    return this.shrinkOnce(by, wanted).freed || this.shrinkFolios();
  }

  private beginGroups(): GroupReclaim {
    const { state } = this;
    const { resident } = state.pages;
    const listed = [...resident.keys()].filter(
      (id) => resident[id] === 1 && !this.isUnevictable(id) && this.unit(id) === id,
    );
    const groups = new GroupReclaim(state, this.policy, listed, {
      capacity: () => this.capacity,
      createPolicy: (group) => this.createPolicy(group),
      makeRoom: () => this.makeRoom(),
      kill: (group) => this.mayKill(group, group.max) && this.state.dying === undefined,
      runOut: (group) => this.runOut(group.max, group),
      reclaim: (wanted, by) => this.freeSome(wanted, by),
    });
    this.policy = groups.policy;
    this.touched = listenerFor(this.state, this.policy);
    return groups;
  }

  foliosBegin(): void {
    takePart(this.state, this.policy);
    this.touched = listenerFor(this.state, this.policy);
  }

  /** The page that stands for a page in reclaim: the head of its folio. */
  private unit(page: number): number {
    const { huge } = this.state;
    return huge === undefined ? page : huge.folios.headOf(page);
  }

  /** Whether there is a limit. */
  get limited(): boolean {
    return this.limit !== NO_LIMIT;
  }

  /** Pages of the kernel's own that count against the limit. */
  private get kernelPages(): number {
    const { settings, tables, spaces } = this.state;
    return settings.chargePageTables === 0 ? 0 : tables.pages + UPPER_TABLES * spaces.size;
  }

  /** Pages in use beyond the limit. */
  get excess(): number {
    return this.state.frames.inUse + this.kernelPages - this.limit;
  }

  grow(count: number): void {
    this.groups?.cgroups.grow(count);
    this.policy.grow(count);
  }

  /** Pages that the trace's group may have. */
  get capacity(): number {
    return Math.min(this.limit, this.state.zone?.buddy.pages ?? NO_LIMIT);
  }

  /** memory_max_write: sets the limit, undefined for none, and reclaims down to it as far as pages can go; then the OOM killer helps. */
  setLimit(pages: number | undefined): void {
    this.limit = pages ?? NO_LIMIT;
    this.state.frames.ceiling = this.capacity;
    this.policy.resize(this.capacity);
    for (let excess = this.excess; excess > 0; excess = this.excess)
      if (!this.helpers.purge.makeRoom() && !this.shrink(this.policy.shrinksAtOnce ? excess : 1))
        if (!this.mayKill(undefined, this.limit)) return;
  }

  /**
   * Allocates a frame for a page, making room under the limit first.
   *
   * @throws OutOfMemory when there is no room and none can be made
   */
  bringIn(page: number, object: number, index: number): void {
    const { frames, pages } = this.state;
    this.state.mustLive();
    const evictable = this.couldGo(page);
    const group = this.groups?.cgroups.assign(page);
    if (evictable) this.policy.miss?.(page);
    this.incoming = page;
    this.makeAllRoom(group);
    this.incoming = NO_PAGE;
    const slot = pages.slotOf(page);
    const frame = frames.allocate(page, object, index);
    frames.setSlot(frame, slot);
    pages.setFrame(page, frame);
    if (group) this.groups!.charge(page, group);
    this.admit(page, evictable);
  }

  /** As `bringIn`, for a page that can stay away: false where no room can be made for it. */
  bringInAhead(page: number, object: number, index: number): boolean {
    this.kills = false;
    try {
      this.bringIn(page, object, index);
      return true;
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      this.incoming = NO_PAGE;
      return false;
    } finally {
      this.kills = this.options.kills === true;
    }
  }

  bringInFolio(
    folio: Folio,
    object: number,
    index: number,
    mayReclaim: boolean,
    made: (folio: Folio) => void,
  ): 'nothing' | 'frames' | 'charge' {
    return bringInFolio(this.state, this, folio, { object, index, mayReclaim, made });
  }

  folioSplit(folio: Folio): void {
    if (this.isUnevictable(folio.head))
      for (const page of stayingPages(this.state, folio)) this.recheck(page);
    else if (!this.folioEviction.isTaking(folio)) splitInPolicy(this.state, this.policy, folio);
  }

  /** Frees a page at least, if any can go: volatile memory first. */
  makeRoom(): boolean {
    return this.helpers.purge.makeRoom() || this.shrink();
  }

  /** What a page that comes in needs room in: its groups, the limit, the machine. All of it is a stall. @throws OutOfMemory */
  private makeAllRoom(group: Group | undefined): void {
    const { ledger, frames, zone } = this.state;
    ledger.enterMemstall();
    try {
      if (group) this.groups!.makeRoom(group);
      while (frames.inUse + this.kernelPages >= this.limit) {
        if (!this.makeRoom()) this.runOut(this.limit);
        if (this.state.dying) break;
      }
      if (zone) this.makeRoomInZone(zone);
    } finally {
      ledger.leaveMemstall();
    }
  }

  /**
   * Whether a resident page was used enough to be of the working set (PG_workingset): waits for one that has just come back are memory
   * pressure. @param unknown what it is under a policy that does not say
   */
  isWorkingset(page: number, unknown = true): boolean {
    return this.policy.isWorkingset?.(page) ?? unknown;
  }

  /** get_page_from_freelist: at the low watermark kswapd is woken; at the lowest, the program reclaims itself. */
  private makeRoomInZone(zone: Zone): void {
    const { min, low } = zone.watermarks;
    if (zone.free > low) return;
    this.helpers.kswapd?.wake();
    while (zone.free <= min) {
      if (!this.makeRoom()) this.runOut(zone.buddy.pages);
      if (this.state.dying) return;
    }
  }

  /**
   * out_of_memory: there is room now, or the space that is at work was killed and needs none.
   *
   * @throws OutOfMemory where the replay ends: no space is killed, or there is none that may be
   */
  private runOut(pages: number, group?: Group): void {
    if (!this.mayKill(group, pages)) throw new OutOfMemory(pages, group?.path);
  }

  private mayKill(group: Group | undefined, pages: number): boolean {
    if (!this.kills || !this.oomKiller.kill(group, pages)) return false;
    this.state.counters.oom_events++;
    return true;
  }

  /** A resident page is used in a way that its entry does not show to policies that count every touch. */
  used(page: number): void {
    if (this.touched && !this.isUnevictable(page)) this.touched.touch(page);
  }

  /** A resident page whose use no touch or accessed bit shows. */
  accessed(page: number): void {
    if (!this.isUnevictable(page)) this.policy.accessed?.(this.unit(page));
  }

  /** The page's contents are about to go. */
  forget(page: number): void {
    this.awaited.delete(page);
    if (this.statsFlusher.asleep) this.statsFlusher.wake();
    this.policy.remove(page);
  }

  /** folio_end_writeback: a page of a file is clean; one that reclaim met is next to go. */
  written(page: number): void {
    if (this.awaited.delete(page) && !this.isUnevictable(page)) this.policy.rotate?.(page);
  }

  /** A page of a file that nothing maps is next to go (deactivate_file_folio). */
  deactivated(page: number): void {
    if (!this.isUnevictable(page)) this.policy.rotate?.(page);
  }

  /** Reclaims one page now, whether it was used or not (reclaim_pages). The caller pays for the call. */
  pageOut(page: number): void {
    const folio = this.state.huge?.folios.of(page);
    if (folio === undefined) this.eviction.pageOut(page);
    else if (page === folio.head) this.folioEviction.pageOut(folio);
  }

  /** A dirty page of a file goes next once it is written (PG_reclaim); the flusher is woken. */
  awaitWrite(page: number): void {
    this.awaited.add(page);
    this.helpers.flusher.wake();
  }

  /** A program said that it will not need a page soon; its traits say how. */
  demote(page: number): void {
    if (this.unit(page) !== page) return;
    if (this.isUnevictable(page)) this.recheck(page);
    if (!this.isUnevictable(page)) this.policy.demote?.(page);
  }

  /** A lazily freed page is an ordinary one again: it is re-inserted, on the list of its kind. */
  readmit(page: number): void {
    this.policy.remove(page);
    const { rmap, pages, pins } = this.state;
    this.admit(page, this.couldGo(page) && !pins.has(page) && !rmap.isLocked(pages.location[page]!));
  }

  /** Whether the policy may choose a resident page has changed, or may have. */
  recheck(page: number): void {
    const head = this.unit(page);
    const could = this.couldGo(head) && !this.isLocked(page);
    if (could !== this.isUnevictable(head)) return;
    if (!could) this.policy.remove(head);
    this.admit(head, could);
  }

  /** Whether a device has pinned a page, or a locked mapping has it; one that keeps the page's folio has others of it. */
  private isLocked(page: number): boolean {
    const { rmap, pages, huge, pins } = this.state;
    if (pins.has(page) || rmap.isLocked(pages.location[page]!)) return true;
    const folio = huge?.folios.of(page);
    if (folio === undefined || !this.isUnevictable(page)) return false;
    return folio.pages.some((other) => pins.has(other) || rmap.isLocked(pages.location[other]!));
  }

  /** A page that was chosen, dirty and of a file or lazily freed: whether it stays (see `AgingTables`). */
  staysWritten(page: number): boolean {
    if (!this.eviction.staysWritten(page)) return false;
    if (!this.couldGo(page)) {
      this.groups?.policy.withdrawn(page);
      this.admit(page, false);
    }
    return true;
  }

  private isUnevictable(page: number): boolean {
    return (this.state.pages.traits[page]! & PAGE_FLAG.unevictable) !== 0;
  }

  admit(page: number, evictable: boolean): void {
    const { traits } = this.state.pages;
    if (this.statsFlusher.asleep) this.statsFlusher.wake();
    const folio = this.state.huge?.folios.of(page);
    if (folio)
      for (const other of folio.pages)
        traits[other] = (traits[other]! & ~PAGE_FLAG.unevictable) | (evictable ? 0 : PAGE_FLAG.unevictable);
    if (evictable) {
      traits[page] = traits[page]! & ~PAGE_FLAG.unevictable;
      this.policy.insert(page);
    } else traits[page] = traits[page]! | PAGE_FLAG.unevictable;
  }

  /** Whether the policy is to look at a page: there is a place for its contents, no need for one, or it is walked all the same. */
  couldGo(page: number): boolean {
    return this.walksAnon || this.hasPlace(page);
  }

  /** A victim has no place: those of Linux know when swap is full, and go on; others must not choose it again in this search. */
  rejectPlaceless(page: number): void {
    if (this.options.reclaim.info.mayNotSwap) this.policy.reject(page);
    else this.placeless.add(page);
  }

  /** Whether there is a place for the page's contents, or no need for one. */
  hasPlace(page: number): boolean {
    if ((this.state.pages.traits[page]! & (TRAIT.file | TRAIT.lazyfree)) !== 0) return true;
    if (!this.swap) return false;
    if (this.state.swapSlotOf(page) >= 0) return true;
    return this.state.swap.free > 0 && (this.groups === undefined || this.groups.cgroups.maySwap(page));
  }

  /** folio_alloc_swap for a folio. Slots next to each other are taken to be found while enough are free. */
  hasPlaceFor({ head, size }: Folio): boolean {
    return this.swapFree(this.groups?.cgroups.of(head)) >= size;
  }

  /** mem_cgroup_get_nr_swap_pages: swap slots that a group, or with none the machine, may still use. */
  private swapFree(group: Group | undefined): number {
    let free = this.state.swap.free;
    for (const { swapMax, swap } of group?.upwards() ?? []) free = Math.min(free, swapMax - swap);
    return free;
  }

  /** mem_cgroup_swap_full: whether a page in the swap cache gives its slot up. */
  swapScarce(page: number): boolean {
    return this.state.swap.scarce || this.groups?.cgroups.swapScarce(page) === true;
  }

  /**
   * Reclaims until at least one page is free, if any can go, and asks for `wanted` at once. False when none can. Victims that
   * turn out to be dirty pages of files wake the flusher; only when nothing else is left does reclaim wait for it, and purges
   * volatile memory that it has not been asked for.
   */
  private shrink(wanted = 1): boolean {
    const { flusher } = this.helpers;
    this.placeless.holds = true;
    const freed = this.search(wanted);
    this.placeless.putBack(this.policy);
    if (freed) return true;
    if (this.shrinkFolios() > 0 || this.helpers.purge.lastResort()) return true;
    if (!flusher.anyDirty()) return false;
    this.waitForFlusher();
    return this.shrinkOnce('direct').freed > 0;
  }

  /** Searches until a victim goes, or none is found. */
  private search(wanted: number): boolean {
    // Each failure puts the victim elsewhere in the policy's order, so a pass over all pages without success is enough.
    for (let patience = this.state.frames.inUse + VICTIMS; patience > 0; ) {
      const { found, freed } = this.shrinkOnce('direct', wanted);
      if (freed > 0) return true;
      if (found === 0) return false;
      patience -= found;
    }
    return false;
  }

  /** kswapd's turn: volatile memory first, or a search. False when nothing could go. */
  balance(): boolean {
    const { purge } = this.helpers;
    if (purge.makeRoom() || this.shrinkOnce('kswapd').freed > 0) return true;
    return this.shrinkFolios() > 0 || purge.lastResort();
  }

  /** The shrinker of folios that could be smaller has its turn where the lists have nothing. Returns how many frames are free. */
  private shrinkFolios(): number {
    return this.state.huge?.shrink() ?? 0;
  }

  /**
   * One search for victims: how many were found, and how many frames are free, including those of volatile memory. The
   * counters are of pages of the policy's lists, by who reclaims.
   */
  private shrinkOnce(by: 'direct' | 'kswapd' | 'proactive', wanted = 1): { found: number; freed: number } {
    const { counters, ledger, costs, pages } = this.state;
    const { purge } = this.helpers;
    const { pgscan: scannedBefore, pgrefill: refilledBefore = 0 } = this.policy.counters;
    if (wanted > 1 && this.victims.length < wanted + VICTIMS) this.victims = new Int32Array(wanted + VICTIMS);
    if (this.swap && this.state.swap.free <= 0) counters.swap_full++;
    const found = this.policy.evict(this.victims, wanted);
    const { pgscan, pgrefill = 0 } = this.policy.counters;
    const scanned = pgscan - scannedBefore;
    ledger.cpu(PART.reclaim, (scanned + pgrefill - refilledBefore) * costs.reclaim.scan.ns);
    const before = this.state.frames.inUse;
    let taken = 0;
    for (let i = 0; i < found; i++) {
      const victim = this.victims[i]!;
      // A victim may have gone with the volatile range of one before it.
      if (pages.resident[victim] !== 1) continue;
      const folio = this.state.huge?.folios.of(victim);
      const pagesTaken = folio ? this.folioEviction.take(folio) : this.eviction.take(victim) ? 1 : 0;
      taken += pagesTaken;
      if (pagesTaken > 0) this.groups?.cgroups.stolen(victim, pagesTaken);
    }
    // Linux 6.16 and later count what was asked for separately.
    if (by === 'proactive' && this.state.settings.kernel >= KERNELS['6.18']) {
      counters.pgscan_proactive += scanned;
      counters.pgsteal_proactive += taken;
    } else if (by !== 'kswapd') {
      counters.pgscan_direct += scanned;
      counters.pgsteal_direct += taken;
    } else {
      counters.pgscan_kswapd += scanned;
      counters.pgsteal_kswapd += taken;
    }
    if (!this.placeless.holds) this.placeless.putBack(this.policy);
    // Folios that are split give back what nothing mapped of them.
    const freed = this.state.huge ? Math.max(taken, before - this.state.frames.inUse) : taken;
    const gone = freed + purge.shrink(scanned);
    this.state.flushTlb(PART.reclaim); // try_to_unmap_flush, once a batch
    return { found, freed: gone };
  }

  private waitForFlusher(): void {
    const { ledger, costs, nowUs } = this.state;
    const written = this.helpers.flusher.writeAll(nowUs);
    ledger.io(PART.reclaim, written * costs.reclaim.write_back.ns);
  }
}
