import { grown } from '../../../base/arrays.js';
import { InputError } from '../../../base/errors.js';
import type { ReclaimPolicy } from '../../../policy/reclaim/contract.js';
import type { CgroupFile } from '../../../trace/args.js';
import type { Space } from '../../state/space.js';
import type { State } from '../../state/state.js';
import { Group } from './group.js';
import type { Owners } from './group-search.js';

/** Groups are numbered in 16 bits, as in the kernel (MEM_CGROUP_ID_MAX in include/linux/memcontrol.h). */
const MOST_GROUPS = 2 ** 16 - 1;

/** What a space had paid when it joined its group. */
interface Membership {
  readonly group: Group;
  readonly pgfault: number;
  readonly pgmajfault: number;
  readonly stallNs: number;
}

/** What a space has stalled so far, mean over draws. */
function stallOf({ account }: Space, draws: number): number {
  return account.stallNs.reduce((sum, _, part) => sum + account.meanNs(part, draws), 0);
}

/**
 * The tree of memory cgroups below that of the trace: which page is charged where, and which space is in which group. A page
 * is charged to the group of the space that touches it first, or to the one that it was swapped out from
 * (mem_cgroup_swapin_charge_folio), and stays so when the space moves.
 */
export class Cgroups implements Owners {
  readonly root: Group;
  readonly groups: Group[];
  private readonly byPath = new Map<string, Group>();
  private readonly members = new Map<number, Membership>();
  /** By page id: the group that it is charged to, or was when it left memory. */
  private owners: Uint16Array;

  /** @param policyOf makes the policy of a new group */
  constructor(
    private readonly state: State,
    rootPolicy: ReclaimPolicy,
    private readonly policyOf: (group: Group) => ReclaimPolicy,
  ) {
    this.root = new Group(0, '', undefined, state.nowUs, state.ledger.pressure.machine, () => rootPolicy);
    this.groups = [this.root];
    this.owners = new Uint16Array(state.pages.count);
  }

  get recursive(): boolean {
    return this.state.settings.recursiveProtection === 1;
  }

  get kernel(): number {
    return this.state.settings.kernel;
  }

  of(page: number): Group {
    return this.groups[this.owners[page]!]!;
  }

  grow(count: number): void {
    this.owners = grown(this.owners, count);
  }

  get bytes(): number {
    return this.owners.byteLength;
  }

  /** The group with this path, not that of the trace; undefined where there is none. */
  known(path: string): Group | undefined {
    return this.byPath.get(path);
  }

  /** The group with this path, which is made with those above it if it is new. @throws InputError where there are too many */
  named(path: string): Group {
    if (path === '') return this.root;
    const known = this.byPath.get(path);
    if (known) return known;
    const parent = this.named(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (this.groups.length > MOST_GROUPS)
      throw new InputError(`cgroup ${path} is one more than there can be, expected at most ${MOST_GROUPS}`);
    const { nowUs, ledger } = this.state;
    const pressure = ledger.pressure.begin(nowUs, parent.pressure);
    const group = new Group(this.groups.length, path, parent, nowUs, pressure, this.policyOf);
    this.groups.push(group);
    this.byPath.set(path, group);
    return group;
  }

  /** Moves a space: what it touches first is charged to the group from now on. */
  join(space: Space, group: Group): void {
    this.leave(space);
    const { pgfault, pgmajfault } = space;
    const stallNs = stallOf(space, this.state.ledger.draws);
    this.members.set(space.id, { group, pgfault, pgmajfault, stallNs });
    space.account.pressure = group.pressure;
  }

  /** The group of a space; undefined where it is in that of the trace. */
  groupOf(space: Space): Group | undefined {
    return this.members.get(space.id)?.group;
  }

  /** A child is in the group of its parent (cgroup_fork). */
  forked(parent: Space, child: Space): void {
    const group = this.members.get(parent.id)?.group;
    if (group) this.join(child, group);
  }

  /** A space is not in its group any more: what it paid meanwhile stays with the group. */
  leave(space: Space): void {
    const member = this.members.get(space.id);
    if (!member) return;
    const stallNs = stallOf(space, this.state.ledger.draws);
    for (const { counters } of member.group.upwards()) {
      counters.pgfault += space.pgfault - member.pgfault;
      counters.pgmajfault += space.pgmajfault - member.pgmajfault;
      counters.stallNs += stallNs - member.stallNs;
    }
    this.members.delete(space.id);
  }

  /** Brings what groups count up to date: what their spaces have paid so far. */
  settle(): void {
    for (const [id, { group }] of [...this.members]) this.join(this.state.space(id)!, group);
  }

  /** Reclaim has taken a page, or a folio of several that it stood for. */
  stolen(page: number, pages: number): void {
    for (const { counters } of this.of(page).upwards()) counters.pgsteal += pages;
  }

  /** Whether a page's groups are beyond half of their `memory.swap.max` (mem_cgroup_swap_full). */
  swapScarce(page: number): boolean {
    for (const { swap, swapMax } of this.of(page).upwards()) if (swap * 2 >= swapMax) return true;
    return false;
  }

  /** Whether the groups of a page that has no swap slot may use another (mem_cgroup_try_charge_swap). */
  maySwap(page: number): boolean {
    for (const { swap, swapMax } of this.of(page).upwards()) if (swap >= swapMax) return false;
    return true;
  }

  /** The group that a page is to be charged to when it comes into memory; it is on record for the page from now on. */
  assign(page: number, payer: number | undefined = this.state.ledger.payer): Group {
    const swapped = this.state.pages.slotOf(page) >= 0;
    if (swapped) return this.of(page);
    const group = (payer === undefined ? undefined : this.members.get(payer)?.group) ?? this.root;
    const before = this.of(page);
    if (before !== group) {
      before.policy.remove(page); // a page that was evicted from one group is new in another
      this.owners[page] = group.index;
    }
    return group;
  }

  /** A page has got a frame. */
  charge(page: number): void {
    this.change(page, 1);
  }

  /** A page has lost its frame. */
  uncharge(page: number): void {
    this.change(page, -1);
  }

  private change(page: number, pages: number): void {
    const group = this.of(page);
    for (const above of group.upwards()) above.charge(pages, this.state.nowUs);
  }

  /** A page has got a swap slot, or lost it (-1). */
  chargeSwap(page: number, slots: number): void {
    for (const group of this.of(page).upwards()) group.chargeSwap(slots);
  }
}

/** Writes a file of a group, except those that reclaim acts upon at once. */
export function writeFile(group: Group, file: Exclude<CgroupFile, 'memory.reclaim'>, pages: number): void {
  if (file === 'memory.max') group.max = pages;
  else if (file === 'memory.high') group.high = pages;
  else if (file === 'memory.low') group.low = pages;
  else if (file === 'memory.min') group.min = pages;
  else if (file === 'memory.oom.group') group.oomGroup = pages === 1;
  else group.swapMax = pages;
}
