import type { Follower, PolicyPart, Target } from '../contract/target.js';
import type {
  DiscardPolicy,
  DiscardPolicyInfo,
  LaterPages,
  PageRange,
  Pressure,
  Unpinned,
} from '../policy/discard/contract.js';
import type { Chosen } from '../policy/registry.js';
import { PAGE_LIMIT } from '../trace/op.js';
import { PolicyClock, PolicyTime } from './policy-clock.js';
import { UnpinnedRanges } from './unpinned.js';

/** What is measured under a policy that follows. */
interface Followed {
  readonly side: Follower;
  readonly laterPages: LaterPages | undefined;
}

/** A policy that follows that of the replay. */
interface Following {
  readonly policy: DiscardPolicy;
  readonly clock: PolicyClock;
  readonly side: Follower;
}

/**
 * The discard policy of a replay: what it hears of, and which part of the stall time its calls are charged to. Others may
 * follow it, which hear the same.
 */
export class Discarding {
  /** Trace time, and when the first timer of the policies is due. */
  readonly time: PolicyTime;
  private readonly policy: DiscardPolicy;
  private readonly clock: PolicyClock;
  private readonly sides: readonly (Following | undefined)[];
  /** Those that still follow. */
  private following: readonly Following[];
  private readonly unpinned = new UnpinnedRanges();
  /** Whether the machine announces writes, and reads. */
  private readonly watching = { writes: false, reads: false };

  /** @param startUs trace time at which the replay begins */
  constructor(
    private readonly target: Target,
    { info, values }: Chosen<DiscardPolicyInfo>,
    startUs: number,
    followers: readonly Chosen<DiscardPolicyInfo>[] = [],
  ) {
    const { kernel, program } = target;
    this.time = new PolicyTime(startUs);
    this.clock = new PolicyClock(this.time);
    this.policy = info.create({ kernel, program, clock: this.clock, values });
    this.sides = followers.map((follower) => this.follow(follower));
    this.following = this.sides.flatMap((one) => one ?? []);
    if (this.policy.sigbus)
      target.handleSigbus((page) => this.tell('sigbus', (policy) => policy.sigbus?.(page) === true));
  }

  /**
   * A policy that handles signals cannot follow, nor be followed: accesses would go on otherwise. One that has to learn of
   * losses is for the machine to refuse.
   */
  private follow({ info, values }: Chosen<DiscardPolicyInfo>): Following | undefined {
    const side = this.target.follow?.(values);
    if (!side) return undefined;
    const clock = new PolicyClock(this.time);
    const { kernel, program } = side.context;
    const policy = info.create({ kernel, program, clock, values });
    if (this.policy.sigbus || policy.sigbus || info.needsReport) side.leave();
    return { policy, clock, side };
  }

  /** Lets no policy follow any longer: what is measured is of the replay's own alone. */
  stopFollowing(): void {
    for (const { side } of this.following) side.leave();
    this.following = [];
  }

  /** The policies that were to follow and still do, in their order, with what they did later. */
  get followers(): readonly (Followed | undefined)[] {
    return this.sides.map((one) =>
      one?.side.follows ? { side: one.side, laterPages: one.policy.laterPages } : undefined,
    );
  }

  get laterPages(): LaterPages | undefined {
    return this.policy.laterPages;
  }

  discard(range: PageRange): void {
    if (range.count > 0) this.tell('discard', (policy) => policy.discard(range));
  }

  unpin(range: Unpinned): void {
    if (range.count === 0) return;
    this.unpinned.add(range);
    this.tell('discard', (policy) => policy.unpin(range));
  }

  pin(range: PageRange): void {
    if (range.count === 0) return;
    const ended = this.unpinned.take(range);
    this.tell('pin', (policy) => {
      for (const unpinned of ended) policy.pin(unpinned, unpinned);
      if (ended.length === 0) policy.pin(range, undefined);
    });
  }

  pressure(level: Pressure): void {
    this.tell('discard', (policy) => policy.pressure?.(level));
  }

  unmapped(space: number, page: number, count: number): void {
    if (count > 0 && (this.policy.unmapped || this.following.length > 0))
      this.tell('discard', (policy) => policy.unmapped?.({ space, page, count }));
  }

  moved(space: number, page: number, count: number, to: number): void {
    this.tell('discard', (policy) => policy.moved?.({ space, page, count }, to));
  }

  forked(parent: number, child: number): void {
    this.tell('discard', (policy) => policy.forked?.(parent, child));
  }

  /** A space is about to end. */
  exited(space: number): void {
    this.unpinned.dropSpace(space);
    this.unmapped(space, 0, PAGE_LIMIT);
  }

  /** Calls back the timers that are due now, of all policies: those that follow do at this moment what the policy does. */
  runTimers(): void {
    this.tell('discard', (_policy, clock) => clock.runDue());
    this.time.dueUs = Math.min(this.clock.dueUs, ...this.following.map(({ clock }) => clock.dueUs));
  }

  // Nearly every event comes here, and no policy follows one that watches: this is `tell` for it alone.
  private readonly beforeWrite = (range: PageRange): void => {
    const { policy } = this;
    this.target.attribute('discard', () => policy.beforeWrite?.(range));
    this.watch();
  };

  private readonly beforeRead = (range: PageRange): void => {
    const { policy } = this;
    this.target.attribute('discard', () => policy.beforeRead?.(range));
    this.watch();
  };

  private tell<T>(part: PolicyPart, work: (policy: DiscardPolicy, clock: PolicyClock) => T): T {
    let done = false;
    try {
      const result = this.target.attribute(part, () => work(this.policy, this.clock));
      done = true;
      this.watch();
      if (this.following.length > 0) this.tellFollowers(part, work);
      return result;
    } finally {
      // Memory ran out in the middle of it.
      if (!done) for (const { side } of this.following) side.leave();
    }
  }

  private tellFollowers(
    part: PolicyPart,
    work: (policy: DiscardPolicy, clock: PolicyClock) => unknown,
  ): void {
    for (const { policy, clock, side } of this.following) {
      side.tell(part, () => work(policy, clock));
      const { writes, reads } = this.watching;
      if (writes || reads || policy.watchesWrites || policy.watchesReads) side.leave();
    }
    if (this.following.some(({ side }) => !side.follows))
      this.following = this.following.filter(({ side }) => side.follows);
  }

  private watch(): void {
    const { target, policy, watching } = this;
    const writes = policy.watchesWrites === true;
    const reads = policy.watchesReads === true;
    if (writes !== watching.writes) target.watchWrites(writes ? this.beforeWrite : undefined);
    if (reads !== watching.reads) target.watchReads(reads ? this.beforeRead : undefined);
    watching.writes = writes;
    watching.reads = reads;
  }
}
