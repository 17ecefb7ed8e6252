import { PAGES_PER_MIB } from '../../base/page.js';
import type { Parameters } from '../../base/parameters.js';
import type {
  DiscardContext,
  DiscardPolicy,
  DiscardPolicyInfo,
  LaterPages,
  PageRange,
  Pressure,
  Unpinned,
} from './contract.js';
import { Later } from './later/later.js';
import { RangeQueue } from './range-queue.js';

const BUDGET: Parameters = {
  budget: {
    kind: 'size',
    default: 256 * PAGES_PER_MIB,
    meaning:
      'pages of unpinned ranges, of all spaces together, above which the oldest are dropped (default 256 MiB); half of it at moderate pressure',
  },
};

/**
 * Keeps regenerable contents within a budget, as Chromium's manager of discardable memory does for all its processes:
 * unpinned ranges wait in the order of their unpins, and the oldest are dropped first, whole. How ranges are dropped, and
 * what becomes of dropped ones, is up to another policy. Each drop is on the account of the space whose range it is.
 */
class Managed implements DiscardPolicy {
  private readonly waiting = new RangeQueue();

  constructor(
    private readonly dropping: DiscardPolicy,
    private readonly budget: number,
  ) {}

  get laterPages(): LaterPages | undefined {
    return this.dropping.laterPages;
  }

  get watchesWrites(): boolean {
    return this.dropping.watchesWrites === true;
  }

  get watchesReads(): boolean {
    return this.dropping.watchesReads === true;
  }

  beforeWrite(range: PageRange): void {
    this.dropping.beforeWrite?.(range);
  }

  beforeRead(range: PageRange): void {
    this.dropping.beforeRead?.(range);
  }

  forked(parent: number, child: number): void {
    this.dropping.forked?.(parent, child);
  }

  discard(range: PageRange): void {
    this.waiting.delete(range);
    this.dropping.discard(range);
  }

  unpin(range: Unpinned): void {
    this.dropping.unpin(range);
    this.waiting.add(range);
    this.dropUntil(this.budget);
  }

  pin(range: PageRange, unpinned: Unpinned | undefined): void {
    this.waiting.delete(range);
    this.dropping.pin(range, unpinned);
  }

  pressure(level: Pressure): void {
    this.dropUntil(level === 'critical' ? 0 : Math.floor(this.budget / 2));
  }

  unmapped(range: PageRange): void {
    this.waiting.delete(range);
    this.dropping.unmapped?.(range);
  }

  moved(range: PageRange, to: number): void {
    this.waiting.move(range, to);
    this.dropping.moved?.(range, to);
  }

  /** A range whose drop is refused leaves as well: it would only be refused again. */
  private dropUntil(pages: number): void {
    while (this.waiting.pages > pages) {
      const oldest = this.waiting.oldest!;
      this.waiting.delete(oldest);
      // Over the budget, it goes at once.
      if (this.dropping instanceof Later) this.dropping.giveBack(oldest);
      else this.dropping.discard(oldest);
    }
  }
}

/** The managed form of a policy that drops with a call, with its parameters; those that decide at unpin are left out. */
export function managed(base: DiscardPolicyInfo): DiscardPolicyInfo {
  const { eager: _never, ...parameters } = base.parameters;
  return {
    name: `${base.name}-managed`,
    summary: `as ${base.name}; unpinned ranges are kept up to a budget, above which the oldest are dropped: half of it at moderate pressure, 0 at critical pressure`,
    source: `Chromium, components/discardable_memory/service/discardable_shared_memory_manager.cc; ${base.source}`,
    parameters: { ...BUDGET, ...parameters },
    // It only drops then what the program discards.
    ...(base.withoutUnpins && { withoutUnpins: base.withoutUnpins }),
    ...(base.check && { check: base.check }),
    create: (context: DiscardContext) => new Managed(base.create(context), context.values.budget as number),
  };
}
