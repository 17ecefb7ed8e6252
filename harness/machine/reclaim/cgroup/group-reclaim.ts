import { SUCCESS, type SyscallResult } from '../../../contract/target.js';
import type { ReclaimPolicy } from '../../../policy/reclaim/contract.js';
import type { CgroupArg } from '../../../trace/args.js';
import type { State } from '../../state/state.js';
import { proactiveBatch, searchUntilFree } from '../proactive.js';
import { Cgroups, writeFile } from './cgroups.js';
import type { Group } from './group.js';
import { GroupedPolicy } from './grouped-policy.js';
import { HighLimits } from './high.js';

/** What reclaim does for groups: it searches where `GroupedPolicy.target` says. */
interface Searches {
  /** Pages that the trace's group may have. */
  capacity(): number;
  createPolicy(group: Group): ReclaimPolicy;
  /** Frees a page at least. Returns false when none can go. */
  makeRoom(): boolean;
  /** Lets the OOM killer kill in a group. Returns false where that leaves no less. */
  kill(group: Group): boolean;
  /** Memory has run out in a group. @throws OutOfMemory where nothing can be done */
  runOut(group: Group): void;
  /** One search for a number of pages, since memory is short or since it was asked for. Returns how many are free. */
  reclaim(wanted: number, by: 'direct' | 'proactive'): number;
}

/** Reclaim in memory cgroups: what a charge, or a file that is written, makes of them. */
export class GroupReclaim {
  readonly cgroups: Cgroups;
  /** The policies of all groups as one. */
  readonly policy: GroupedPolicy;
  private readonly high: HighLimits;

  /** @param rootPolicy that of the trace's group @param listed pages that it may choose already */
  constructor(
    private readonly state: State,
    rootPolicy: ReclaimPolicy,
    listed: Iterable<number>,
    private readonly searches: Searches,
  ) {
    this.cgroups = new Cgroups(state, rootPolicy, (group) => searches.createPolicy(group));
    this.policy = new GroupedPolicy(
      this.cgroups,
      listed,
      state.pages.count,
      (id) => state.huge?.folios.sizeOf(id) ?? 1,
    );
    this.high = new HighLimits(state, (group, pages) => this.reclaimFrom(group, pages));
    state.frames.owners = this.cgroups;
    state.swap.owners = this.cgroups;
  }

  /** Writes files of a group, which is made if it is new. Returns what the last of them answered. */
  write({ path, writes }: CgroupArg): SyscallResult {
    const group = this.cgroups.named(path);
    let result: SyscallResult = SUCCESS;
    for (const { file, pages } of writes) {
      if (file === 'memory.reclaim') result = this.demanded(group, pages);
      else {
        writeFile(group, file, pages);
        // As for the limit of the trace, policies know of it before it is met.
        if (file === 'memory.max') this.policy.resize(this.searches.capacity());
        if (file === 'memory.max' || file === 'memory.high') this.shrinkTo(group, pages);
        // memory_max_write: what reclaim cannot do, the OOM killer does.
        if (file === 'memory.max') while (group.usage > pages && this.searches.kill(group)) {}
      }
    }
    return result;
  }

  /** try_charge_memcg: makes room for a page in each group that it counts in, from below. @throws OutOfMemory */
  makeRoom(group: Group): void {
    this.high.handle(group);
    for (const above of group.upwards()) {
      while (above.usage >= above.max) {
        for (const { counters } of above.upwards()) counters.max++;
        if (this.within(above, () => this.searches.makeRoom())) continue;
        for (const { counters } of above.upwards()) counters.oom++;
        this.searches.runOut(above);
        if (this.state.dying) return;
      }
    }
  }

  /** The same for a folio, without an OutOfMemory: whether there is room. @param makeRoom frees a page at least, where it may */
  hasRoomFor(group: Group, pages: number, makeRoom: () => boolean): boolean {
    this.high.handle(group);
    for (const above of group.upwards()) {
      while (above.usage + pages > above.max) {
        for (const { counters } of above.upwards()) counters.max++;
        if (!this.within(above, makeRoom)) return false;
      }
    }
    return true;
  }

  /** A page has got a frame. */
  charge(page: number, group: Group): void {
    this.cgroups.charge(page);
    this.high.charged(group);
  }

  /** memory_max_write and memory_high_write: reclaims down to a bound, as far as pages can go. */
  private shrinkTo(group: Group, bound: number): void {
    while (group.usage > bound && this.reclaimFrom(group, group.usage - bound) > 0) {}
  }

  /** memory_reclaim: EAGAIN where fewer pages could go. */
  private demanded(group: Group, pages: number): SyscallResult {
    const reclaimed = this.reclaimOnDemand(group, pages);
    return { errno: reclaimed < pages ? 'EAGAIN' : 0, value: 0, pages: reclaimed };
  }

  /** user_proactive_reclaim of a group and those below it. Returns how many pages are free. */
  reclaimOnDemand(group: Group, pages: number): number {
    this.state.counters.reclaim_asked_pages += pages;
    const reclaimed = this.reclaimFrom(group, pages, 'proactive');
    for (const { counters } of group.upwards()) {
      counters.asked += pages;
      counters.proactive += reclaimed;
    }
    return reclaimed;
  }

  /** try_to_free_mem_cgroup_pages: until that many pages of a group and those below it are free. Returns how many are. */
  private reclaimFrom(group: Group, wanted: number, by: 'direct' | 'proactive' = 'direct'): number {
    const search = (left: number) => this.searches.reclaim(this.batch(left, by), by);
    return this.within(group, () => searchUntilFree(wanted, search));
  }

  private batch(left: number, by: 'direct' | 'proactive'): number {
    return by === 'proactive' ? proactiveBatch(this.state.settings.kernel, left) : left;
  }

  /** Lets reclaim look at a group and those below it. */
  private within<T>(group: Group, work: () => T): T {
    const outer = this.policy.target;
    this.policy.target = group;
    try {
      return work();
    } finally {
      this.policy.target = outer;
    }
  }
}
