import type { PolicyPart, Target } from '../contract/target.js';
import type {
  DiscardPolicy,
  DiscardPolicyInfo,
  PageRange,
  Pressure,
  Unpinned,
} from '../policy/discard/contract.js';
import type { Chosen } from '../policy/registry.js';
import { PAGE_LIMIT } from '../trace/op.js';
import { UnpinnedRanges } from './unpinned.js';

/** The discard policy of a replay: what it hears of, and which part of the stall time its calls are charged to. */
export class Discarding {
  private readonly policy: DiscardPolicy;
  private readonly unpinned = new UnpinnedRanges();
  /** Whether the machine announces writes. */
  private watching = false;

  constructor(
    private readonly target: Target,
    { info, values }: Chosen<DiscardPolicyInfo>,
  ) {
    const { kernel, program } = target;
    this.policy = info.create({ kernel, program, values });
    if (this.policy.sigbus)
      target.handleSigbus((page) => this.tell('sigbus', () => this.policy.sigbus?.(page) === true));
  }

  discard(range: PageRange): void {
    if (range.count > 0) this.tell('discard', () => this.policy.discard(range));
  }

  unpin(range: Unpinned): void {
    if (range.count === 0) return;
    this.unpinned.add(range);
    this.tell('discard', () => this.policy.unpin(range));
  }

  pin(range: PageRange): void {
    if (range.count === 0) return;
    const ended = this.unpinned.take(range);
    this.tell('pin', () => {
      for (const unpinned of ended) this.policy.pin(unpinned, unpinned);
      if (ended.length === 0) this.policy.pin(range, undefined);
    });
  }

  pressure(level: Pressure): void {
    this.tell('discard', () => this.policy.pressure?.(level));
  }

  unmapped(space: number, page: number, count: number): void {
    if (this.policy.unmapped && count > 0)
      this.tell('discard', () => this.policy.unmapped?.({ space, page, count }));
  }

  moved(space: number, page: number, count: number, to: number): void {
    this.tell('discard', () => this.policy.moved?.({ space, page, count }, to));
  }

  forked(parent: number, child: number): void {
    this.tell('discard', () => this.policy.forked?.(parent, child));
  }

  /** A space is about to end. */
  exited(space: number): void {
    this.unpinned.dropSpace(space);
    this.unmapped(space, 0, PAGE_LIMIT);
  }

  private readonly beforeWrite = (range: PageRange): void => {
    this.tell('discard', () => this.policy.beforeWrite?.(range));
  };

  private tell<T>(part: PolicyPart, work: () => T): T {
    const result = this.target.attribute(part, work);
    const watches = this.policy.watchesWrites === true;
    if (watches !== this.watching) {
      this.watching = watches;
      this.target.watchWrites(watches ? this.beforeWrite : undefined);
    }
    return result;
  }
}
