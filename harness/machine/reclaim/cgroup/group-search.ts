import {
  DEF_PRIORITY,
  MAX_RECLAIM_RETRIES,
  SWAP_CLUSTER_MAX,
} from '../../../policy/reclaim/structures/vmscan.js';
import type { Group } from './group.js';
import { calculateProtection, isBelowLow, isBelowMin, scannedPart } from './protection.js';

/** The first kernel that leaves a walk through groups once it has enough (commit "mm: vmscan: restore incremental cgroup iteration"). */
const PARTIAL_WALKS = 611;

/** Which group a page is charged to, or was when it left memory. */
export interface Owners {
  readonly root: Group;
  of(page: number): Group;
  /** Mount option memory_recursiveprot. */
  readonly recursive: boolean;
  /** Setting `kernel.version`, by its number. */
  readonly kernel: number;
}

/** Pages below `memory.low` are taken, since there are no others (MEMCG_LOW). */
export function countLow(group: Group): void {
  for (const { counters } of group.upwards()) counters.low++;
}

/**
 * How the kernel searches several groups for victims: at falling priorities, it looks at the same part of the pages of each, in
 * turn, until it has enough, and goes on where it left off. Source: do_try_to_free_pages, shrink_node_memcgs and
 * mem_cgroup_iter in mm/vmscan.c and mm/memcontrol.c.
 */
export class GroupSearch {
  /** By group that is reclaimed from: the place of the group at which its last walk was broken off. */
  private readonly positions = new Map<Group, number>();
  private found = 0;
  private wanted = SWAP_CLUSTER_MAX;
  /** scan_control: whether all groups are looked at, whether active pages and those below `memory.low` are taken, and whether any were left alone. */
  private walksAll = false;
  private deactivates = false;
  private overridesLow = false;
  private skippedActive = false;
  private skippedLow = false;

  constructor(private readonly owners: Owners) {}

  /** Chooses victims in a group and those below it. Returns how many. */
  evict(target: Group, victims: Int32Array, wanted: number): number {
    const groups = [...target.below()];
    this.found = 0;
    this.wanted = Math.max(wanted, SWAP_CLUSTER_MAX);
    // What is charged changes only when the victims go.
    calculateProtection(target, this.owners.recursive);
    // A search that only took accessed bits away finds nothing: the next one does.
    for (let retry = 0; retry < MAX_RECLAIM_RETRIES && this.found === 0; retry++) {
      this.walksAll = groups.length === 1 || this.owners.kernel < PARTIAL_WALKS;
      this.deactivates = false;
      this.overridesLow = false;
      while (!this.tryToFree(target, groups, victims) && this.mayTakeMore()) {}
    }
    return this.found;
  }

  /** Nothing was found: whether there is something that was left alone, which is taken the next time. */
  private mayTakeMore(): boolean {
    if (!this.walksAll) this.walksAll = true;
    else if (this.skippedActive) this.deactivates = true;
    else if (this.skippedLow) {
      this.deactivates = false;
      this.overridesLow = true;
    } else return false;
    return true;
  }

  /** do_try_to_free_pages. Returns whether it has found victims. */
  private tryToFree(target: Group, groups: readonly Group[], victims: Int32Array): boolean {
    this.skippedLow = false;
    for (const { policy } of groups) policy.jointSearch!.begin(this.wanted);
    for (let priority = DEF_PRIORITY; priority >= 0 && this.found < this.wanted; priority--)
      this.walk(target, groups, victims, priority);
    this.skippedActive = false;
    for (const { policy } of groups) if (policy.jointSearch!.end()) this.skippedActive = true;
    return this.found > 0;
  }

  /** shrink_node_memcgs: from where the last walk was broken off, to the last group at most. */
  private walk(target: Group, groups: readonly Group[], victims: Int32Array, priority: number): void {
    const position = this.walksAll ? 0 : (this.positions.get(target) ?? 0);
    this.positions.delete(target);
    // A walk that would begin behind the last group begins at the first.
    for (let i = position < groups.length ? position : 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (!this.mayTake(group)) continue;
      const part = scannedPart(group, this.overridesLow);
      this.found = group.policy.jointSearch!.pass(victims, this.found, priority, part, this.deactivates);
      if (this.walksAll || this.found < this.wanted) continue;
      this.positions.set(target, i + 1);
      return;
    }
  }

  private mayTake(group: Group): boolean {
    if (isBelowMin(group)) return false;
    if (!isBelowLow(group)) return true;
    if (this.overridesLow) countLow(group);
    else this.skippedLow = true;
    return this.overridesLow;
  }
}
