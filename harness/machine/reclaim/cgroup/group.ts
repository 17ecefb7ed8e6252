import type { PressureAccount } from '../../../cost/pressure/account.js';
import type { ReclaimPolicy } from '../../../policy/reclaim/contract.js';

/** No limit, or no protection: what `max` stands for. */
const NO_BOUND = Number.POSITIVE_INFINITY;

/** What a group counts, by the names of its files `memory.stat` and `memory.events`; its own and those of groups below. */
class GroupCounters {
  pgfault = 0;
  pgmajfault = 0;
  stallNs = 0;
  pgsteal = 0;
  /** Times that a charge met `memory.max`, `memory.high`, protection that was overridden, and the end (memory.events). */
  max = 0;
  high = 0;
  low = 0;
  oom = 0;
  /** Spaces that the OOM killer killed (oom_kill). */
  oomKill = 0;
  /** How long programs were held since the group was above `memory.high`. */
  throttleNs = 0;
  /** Pages that memory.reclaim was asked for, and those that it reclaimed. */
  asked = 0;
  proactive = 0;
}

/** A memory cgroup below that of the trace, which is the root here. Sizes are in pages. */
export class Group {
  readonly children: Group[] = [];
  readonly counters = new GroupCounters();
  /** Decides which of its own pages goes when memory is short. */
  readonly policy: ReclaimPolicy;
  /** Files of the group. Source: Documentation/admin-guide/cgroup-v2.rst. */
  max = NO_BOUND;
  high = NO_BOUND;
  low = 0;
  min = 0;
  swapMax = NO_BOUND;
  /** Whether its spaces are killed together. */
  oomGroup = false;
  /** Charged to it and the groups below. */
  usage = 0;
  peak = 0;
  swap = 0;
  swapPeak = 0;
  /** Of its own pages, those that its policy may choose. */
  listed = 0;
  /** Effective protection, against the group that is reclaimed from. */
  elow = 0;
  emin = 0;
  /** What it owes, in pages, of what reclaim asks of several groups. */
  debt = 0;
  /** Pages that the CPU has charged in advance, and that are not used yet (memcg_stock); `memory.high` is held against them too. */
  stock = 0;
  private usageUs = 0;
  private sinceUs: number;

  /**
   * @param index its place among all groups; the root is 0
   * @param pressure its PSI
   * @param policyOf makes its policy, once the group can be asked for its limit
   */
  constructor(
    readonly index: number,
    readonly path: string,
    readonly parent: Group | undefined,
    readonly madeUs: number,
    readonly pressure: PressureAccount,
    policyOf: (group: Group) => ReclaimPolicy,
  ) {
    this.sinceUs = madeUs;
    parent?.children.push(this);
    this.policy = policyOf(this);
  }

  /** Charges pages, a negative number of them where they are given back. */
  charge(pages: number, nowUs: number): void {
    this.usageUs += this.usage * (nowUs - this.sinceUs);
    this.sinceUs = nowUs;
    this.usage += pages;
    if (this.usage > this.peak) this.peak = this.usage;
  }

  chargeSwap(pages: number): void {
    this.swap += pages;
    if (this.swap > this.swapPeak) this.swapPeak = this.swap;
  }

  /** Charged pages, mean over the time since it was made; what they are now where no time has passed. */
  meanUsage(nowUs: number): number {
    const lived = nowUs - this.madeUs;
    return lived > 0 ? (this.usageUs + this.usage * (nowUs - this.sinceUs)) / lived : this.usage;
  }

  /** This group and those above it, but the root, from below. */
  *upwards(): Generator<Group> {
    for (let group: Group = this; group.parent; group = group.parent) yield group;
  }

  /** This group and all below it, each before its children, in the order they were made (mem_cgroup_iter). */
  *below(): Generator<Group> {
    yield this;
    for (const child of this.children) yield* child.below();
  }
}
