import { grown } from '../../../base/arrays.js';
import { NOT_COUNTED, type PolicyCounters, type ReclaimPolicy } from '../../../policy/reclaim/contract.js';
import { SWAP_CLUSTER_MAX } from '../../../policy/reclaim/structures/vmscan.js';
import type { Group } from './group.js';
import { countLow, GroupSearch, type Owners } from './group-search.js';
import { calculateProtection, isBelowLow, isBelowMin, scannedPart } from './protection.js';

function mayTake(group: Group, overridesLow: boolean): boolean {
  return group.listed > 0 && !isBelowMin(group) && (overridesLow || !isBelowLow(group));
}

/**
 * The reclaim policies of all groups as one: each has the pages that are charged to its group (lruvec). A search for victims
 * is in one group and those below it.
 */
export class GroupedPolicy implements ReclaimPolicy {
  /** The group that is reclaimed from. */
  target: Group;
  readonly touch?: (id: number) => void;
  readonly isWorkingset?: (id: number) => boolean;
  readonly tune?: (parameter: string, value: number) => void;
  readonly flushStats?: (onlyIfDue: boolean) => boolean;
  private listed: Uint8Array;
  private readonly search: GroupSearch;

  /** @param listed ids of pages that the root's policy may choose already @param count ids are below this */
  constructor(
    private readonly owners: Owners,
    listed: Iterable<number>,
    count: number,
    /** Pages that an id stands for. */
    private readonly sizeOf: (id: number) => number,
  ) {
    const { root } = owners;
    this.target = root;
    this.listed = new Uint8Array(count);
    this.search = new GroupSearch(owners);
    for (const id of listed) this.list(id, root);
    if (root.policy.touch) this.touch = (id) => this.of(id).touch!(id);
    if (root.policy.isWorkingset) this.isWorkingset = (id) => this.of(id).isWorkingset!(id);
    if (root.policy.tune) this.tune = (parameter, value) => this.tuneAll(parameter, value);
    if (root.policy.flushStats) this.flushStats = (onlyIfDue) => this.flushAll(onlyIfDue);
  }

  private of(id: number): ReclaimPolicy {
    return this.owners.of(id).policy;
  }

  private *all(): Generator<ReclaimPolicy> {
    for (const { policy } of this.owners.root.below()) yield policy;
  }

  accessed(id: number): void {
    this.of(id).accessed?.(id);
  }

  miss(id: number): void {
    this.of(id).miss?.(id);
  }

  insert(id: number): void {
    const group = this.owners.of(id);
    this.list(id, group);
    group.policy.insert(id);
  }

  reject(id: number): void {
    const group = this.owners.of(id);
    this.list(id, group);
    group.policy.reject(id);
  }

  remove(id: number): void {
    const group = this.owners.of(id);
    this.unlist(id, group);
    group.policy.remove(id);
  }

  /** A page that its group's policy is looking at may not be chosen any more, as that finds out itself. */
  withdrawn(id: number): void {
    this.unlist(id, this.owners.of(id));
  }

  pagedOut(id: number): void {
    const group = this.owners.of(id);
    this.unlist(id, group);
    if (group.policy.pagedOut) group.policy.pagedOut(id);
    else group.policy.remove(id);
  }

  foliosBegin(sizeOf: (id: number) => number): void {
    for (const policy of this.all()) policy.foliosBegin?.(sizeOf);
  }

  splitFolio(head: number, tails: readonly number[], size: number): void {
    const group = this.owners.of(head);
    group.listed += 1 - size;
    for (const tail of tails) this.list(tail, group);
    if (group.policy.splitFolio) group.policy.splitFolio(head, tails, size);
    else for (const tail of tails) group.policy.insert(tail);
  }

  evictedWith(id: number, head: number): void {
    this.of(id).evictedWith?.(id, head);
  }

  demote(id: number): void {
    this.of(id).demote?.(id);
  }

  rotate(id: number): void {
    this.of(id).rotate?.(id);
  }

  evict(victims: Int32Array, wanted: number): number {
    const found = this.owners.root.policy.jointSearch
      ? this.search.evict(this.target, victims, wanted)
      : this.evictInTurns(victims, wanted);
    for (let i = 0; i < found; i++) this.unlist(victims[i]!, this.owners.of(victims[i]!));
    return found;
  }

  /** Policies that know no priorities: each owes, of what is reclaimed, its part of the pages that may be looked at. */
  private evictInTurns(victims: Int32Array, wanted: number): number {
    calculateProtection(this.target, this.owners.recursive);
    return this.evictFrom(victims, wanted, false) || this.evictFrom(victims, wanted, true);
  }

  /** @param overridesLow whether groups below `memory.low` are looked at too, since the others had nothing */
  private evictFrom(victims: Int32Array, wanted: number, overridesLow: boolean): number {
    const groups = [...this.target.below()].filter((group) => mayTake(group, overridesLow));
    const parts = groups.map((group) => group.listed * scannedPart(group, overridesLow));
    const all = parts.reduce((sum, part) => sum + part, 0);
    for (const [i, group] of groups.entries()) group.debt += (SWAP_CLUSTER_MAX * parts[i]!) / all;
    // Most debt first; where they owe alike, as the kernel walks.
    for (const group of groups.toSorted((a, b) => b.debt - a.debt)) {
      const found = group.policy.evict(victims, wanted);
      if (found === 0) continue;
      group.debt -= found;
      if (isBelowLow(group)) countLow(group);
      return found;
    }
    return 0;
  }

  get counters(): PolicyCounters {
    const sums: Record<string, number> = { pgscan: 0, ...NOT_COUNTED };
    for (const { counters } of this.all())
      for (const [name, value] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + value;
    return sums as unknown as PolicyCounters;
  }

  get listSizes(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { listSizes = {} } of this.all())
      for (const [name, value] of Object.entries(listSizes)) sums[name] = (sums[name] ?? 0) + value;
    return sums;
  }

  get bytes(): number {
    let sum = this.listed.byteLength;
    for (const { bytes = 0 } of this.all()) sum += bytes;
    return sum;
  }

  private tuneAll(parameter: string, value: number): void {
    for (const policy of this.all()) policy.tune!(parameter, value);
  }

  private flushAll(onlyIfDue: boolean): boolean {
    let changed = false;
    for (const policy of this.all()) if (policy.flushStats!(onlyIfDue)) changed = true;
    return changed;
  }

  /** @param capacity that of the trace; each has the least of that and what its group and those above it may have */
  resize(capacity: number): void {
    for (const group of this.owners.root.below()) {
      const limits = [...group.upwards()].map(({ max }) => max);
      group.policy.resize(Math.min(capacity, ...limits));
    }
  }

  grow(count: number): void {
    this.listed = grown(this.listed, count);
    for (const policy of this.all()) policy.grow(count);
  }

  private list(id: number, group: Group): void {
    if (this.listed[id] === 1) return;
    this.listed[id] = 1;
    group.listed += this.sizeOf(id);
  }

  private unlist(id: number, group: Group): void {
    if (this.listed[id] === 0) return;
    this.listed[id] = 0;
    group.listed -= this.sizeOf(id);
  }
}
