import { flag, type Parameters } from '../../input/parameters.js';
import type { DiscardContext, DiscardPolicy, Errno, PageRange, Unpinned } from './contract.js';
import { RangeSet } from './range-set.js';

/** Parameters of every policy that drops contents with one call. */
export const DROPPING_PARAMETERS: Parameters = {
  eager: flag(
    0,
    '1: the call is also made at unpin, not only at discard; 0: unpinned memory is left to reclaim',
  ),
  regen: {
    kind: 'choice',
    default: 'range',
    choices: ['range', 'page'],
    meaning: 'what pin makes again when a part is gone: the whole range, or only the pages that were dropped',
  },
};

/**
 * Drops contents with a call that takes effect at once. The program remembers what it dropped, by what its calls
 * returned: a call that failed dropped nothing as far as it knows.
 */
export abstract class Dropping implements DiscardPolicy {
  private readonly dropped = new RangeSet();
  protected readonly context: DiscardContext;

  constructor(context: DiscardContext) {
    this.context = context;
  }

  /** The call that drops a range; its error. */
  protected abstract drop(range: PageRange): Errno;

  discard(range: PageRange): void {
    // ENOMEM says that a part was not mapped; what was mapped is dropped all the same.
    const errno = this.drop(range);
    if (errno === 0 || errno === 'ENOMEM') this.dropped.add(range);
  }

  unpin(range: Unpinned): void {
    this.dropped.delete(range); // its contents are whole now
    if (this.context.values.eager === 1) this.discard(range);
  }

  pin(range: PageRange, unpinned: Unpinned | undefined): void {
    const gone = this.dropped.within(range);
    if (gone.length === 0) return;
    this.dropped.delete(range);
    const { program, values } = this.context;
    const regenNs = unpinned?.regenNs ?? 0;
    if (values.regen === 'range') {
      program.regenerate(range, regenNs);
      return;
    }
    for (const part of gone) program.regenerate(part, (regenNs * part.count) / range.count);
  }
}
