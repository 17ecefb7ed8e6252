import type { CountedMetrics, Follower, PolicyPart, SyscallResult } from '../contract/target.js';
import type { Tab } from '../cost/tabs.js';
import type {
  Errno,
  Kernel,
  MappedPiece,
  PageRange,
  Program,
  VolatileResult,
} from '../policy/discard/contract.js';
import type { Advice } from '../trace/op.js';
import { type Call, newCall, punchNs } from './advice/call.js';
import { refusesDontneed } from './advice/dontneed.js';
import { refusesFree } from './advice/free.js';
import { adviceNs, walkVmas } from './advice/madvise.js';
import { refusesHoles } from './advice/punch.js';
import { refusesRemove } from './advice/remove.js';
import { refusedTruncateNs, refusesTruncate } from './advice/truncate.js';
import { removesFile, type SimulatedKernel, sparesFile } from './kernel.js';
import type { Machine } from './machine.js';
import { NOT_MADE, NOTHING_MAPPED, PolicyCalls } from './policy-calls.js';
import type { Effect } from './state/effects.js';
import type { Era } from './state/settings.js';
import type { Space } from './state/space.js';
import type { SharedObject, Vma } from './state/vma.js';

/** What a call returns whose policy does not follow any more: no one looks at it. */
const UNKNOWN: SyscallResult = { errno: 'ENOSYS', value: 0, pages: 0 };

/** Why advice does nothing to a VMA. Advice that is not here is never followed. */
const REFUSES: Readonly<Partial<Record<Advice, (vma: Vma, call: Call) => Errno>>> = {
  MADV_REMOVE: refusesRemove,
  MADV_FREE: refusesFree,
  MADV_DONTNEED: refusesDontneed,
};

/**
 * The system calls of a policy that follows the replay of another. They change nothing: a call that the kernel refuses
 * returns its error, and one that makes a hole must be about a hole that the replay's own policy has just made. All are
 * counted, and paid on a tab.
 */
class FollowingKernel extends PolicyCalls implements Kernel, Program {
  /** What the replay's own policy did, of which the first `taken` have been done by this one too. */
  effects: readonly Effect[] = [];
  taken = 0;
  /** The part of the stall time that pays. */
  part: PolicyPart = 'discard';

  constructor(
    private readonly machine: Machine,
    private readonly kernel: SimulatedKernel,
    private readonly destroy: boolean,
    readonly tab: Tab,
  ) {
    super();
  }

  /** This policy does, or would be told, something else than the replay's own. */
  leave(): void {
    this.machine.ledger.allTabs?.close(this.tab);
  }

  private pay(space: Space, ns: number): void {
    // Only what discarding costs is on a tab.
    if (this.part === 'discard') this.machine.ledger.pay(this.tab, space.account, ns);
    else this.leave();
  }

  /** The next effect, if it is of a kind. */
  private take<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }> | undefined {
    const effect = this.effects[this.taken++];
    return effect?.kind === kind ? (effect as Extract<Effect, { kind: K }>) : undefined;
  }

  /** A hole that this policy makes as well. */
  private hole(object: SharedObject, index: number, count: number, call: Call): void {
    const hole = this.take('hole');
    // What huge pages it splits is not on the tab of another.
    const isOther = hole?.object !== object || hole.index !== index || hole.count !== count;
    if (isOther || this.machine.huge) {
      this.leave();
      return;
    }
    call.present += hole.present;
    call.unmapped += hole.unmapped;
  }

  private call(range: PageRange, work: (space: Space) => SyscallResult): SyscallResult {
    const space = this.machine.space(range.space);
    const result = space ? work(space) : NOTHING_MAPPED;
    this.count(range.count, result);
    return result;
  }

  madvise(range: PageRange, advice: Advice, era: Era = this.machine.settings.removeEra): Errno {
    const { machine: m } = this;
    return this.call(range, (space) => {
      if (advice === 'MADV_REMOVE' && removesFile(space, range, this.destroy)) return NOT_MADE;
      const call = newCall(era);
      const act = (_m: Machine, vma: Vma, start: number, end: number) =>
        this.advised(vma, start, end, advice, call);
      const result = walkVmas(m, space, range, { act }, call);
      this.pay(space, adviceNs(m, advice, call, result.pages));
      return result;
    }).errno;
  }

  private advised(vma: Vma, start: number, end: number, advice: Advice, call: Call): Errno {
    const refused = REFUSES[advice]?.(vma, call) ?? 0;
    if (refused !== 0) return refused;
    if (advice !== 'MADV_REMOVE' || call.era === '2006') {
      this.leave();
      return 0;
    }
    const object = vma.object!;
    const errno = refusesHoles(object);
    if (errno === 0) this.hole(object, vma.objectPageAt(start), end - start, call);
    return errno;
  }

  punch(piece: MappedPiece): Errno {
    const { machine: m } = this;
    const { descriptor, objectPage, count } = piece;
    return this.onObject(piece, (space, object) => {
      const call = newCall();
      const errno = !object || !descriptor ? 'EBADF' : refusesHoles(object);
      if (errno === 0) this.hole(object!, objectPage, count, call);
      this.pay(space, punchNs(m, call, count));
      return { errno, value: 0, pages: errno === 0 ? count : 0 };
    });
  }

  truncate(piece: MappedPiece): Errno {
    return this.onObject(piece, (space, object) => {
      if (!refusesTruncate(object, piece.objectPage, piece.count, piece.descriptor)) this.leave();
      this.pay(space, refusedTruncateNs(this.machine));
      return { errno: 'EINVAL', value: 0, pages: 0 };
    });
  }

  private onObject(
    piece: MappedPiece,
    call: (space: Space, object: SharedObject | undefined) => SyscallResult,
  ): Errno {
    return this.call(piece, (space) => {
      const vma = space.find(piece.page);
      if (!vma) return NOTHING_MAPPED;
      return sparesFile(vma, this.destroy) ? NOT_MADE : call(space, vma.object);
    }).errno;
  }

  lookup(range: PageRange, charge: boolean): MappedPiece[] {
    const pieces = this.kernel.lookup(range, false);
    const space = this.machine.space(range.space);
    if (charge && space) this.pay(space, pieces.length * this.machine.costs.fd_lookup.ns);
    return pieces;
  }

  setVolatile(): VolatileResult {
    this.leave();
    return { errno: UNKNOWN.errno, purged: false };
  }

  regenerate(range: PageRange, ns: number): void {
    const made = this.take('regeneration');
    const same =
      made?.space === range.space && made.page === range.page && made.count === range.count && made.ns === ns;
    if (!same) this.leave();
  }

  writeCookies(): void {
    this.leave();
  }

  firstLost(): number {
    this.leave();
    return -1;
  }
}

/** What the machine measured, with the calls of a policy that follows. */
interface Measured {
  counters(calls: PolicyCalls, tab: Tab): CountedMetrics;
  draws: (touches: number, tab: Tab) => ReturnType<Follower['draws']>;
  spaces: (residentPageUs: number, tab: Tab) => ReturnType<Follower['spaces']>;
}

/** A policy that follows the replay of another on the simulated kernel. */
export class SimulatedFollower implements Follower {
  private readonly side: FollowingKernel;
  readonly context: Follower['context'];

  constructor(
    private readonly machine: Machine,
    kernel: SimulatedKernel,
    destroy: boolean,
    /** What the replay's own policy did when it was told last. */
    private readonly heard: () => readonly Effect[],
    private readonly measured: Measured,
  ) {
    this.side = new FollowingKernel(machine, kernel, destroy, machine.ledger.addTab());
    this.context = { kernel: this.side, program: this.side };
  }

  get follows(): boolean {
    return this.machine.ledger.allTabs?.has(this.side.tab) === true;
  }

  leave(): void {
    this.side.leave();
  }

  tell(part: PolicyPart, work: () => void): void {
    const { side } = this;
    this.machine.ledger.allTabs?.settle();
    side.part = part;
    side.effects = this.heard();
    side.taken = 0;
    work();
    if (side.taken !== side.effects.length) this.leave();
  }

  counters(): CountedMetrics {
    return this.measured.counters(this.side, this.side.tab);
  }

  draws(touches: number): ReturnType<Follower['draws']> {
    return this.measured.draws(touches, this.side.tab);
  }

  spaces(residentPageUs: number): ReturnType<Follower['spaces']> {
    return this.measured.spaces(residentPageUs, this.side.tab);
  }
}
