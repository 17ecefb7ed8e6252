import { flag, formatPolicy, type Parameters, type ParameterValues } from '../../base/parameters.js';
import type { DiscardContext, DiscardPolicy, Errno, PageRange, Unpinned } from './contract.js';
import { RangeSet } from './range-set.js';
import { REGEN, regenerateLost } from './regenerate.js';

/** Parameters of every policy that drops contents with one call. */
export const DROPPING_PARAMETERS: Parameters = {
  eager: flag(
    0,
    '1: the call is also made at unpin, not only at discard; 0: unpinned memory is left to reclaim',
  ),
  regen: REGEN,
};

/** Parameters of those whose call takes the contents from every mapping of the object. */
export const DESTROYING_PARAMETERS: Parameters = {
  ...DROPPING_PARAMETERS,
  destroy: flag(
    0,
    '1: contents of files are destroyed too, for everyone who uses the file; 0: such a discard is refused and counted',
  ),
};

/**
 * What a policy that drops is where nothing is unpinned: whether it drops at unpin makes no difference.
 *
 * @param parameters of the policy `name`, and possibly of what is around it, which has no effect there either
 */
export function droppingOnly(name: string, parameters: Parameters): (values: ParameterValues) => string {
  return (values) => formatPolicy(name, parameters, { ...values, eager: 0 });
}

/**
 * Drops contents with a call that takes effect at once. The program remembers what it dropped, by what its calls
 * returned: a call that failed dropped nothing as far as it knows.
 */
export abstract class Dropping implements DiscardPolicy {
  private readonly dropped = new RangeSet();
  protected readonly context: DiscardContext;
  /** Whether the call is made at unpin. */
  private readonly eager: boolean;

  constructor(context: DiscardContext, eager = context.values.eager === 1) {
    this.context = context;
    this.eager = eager;
  }

  /** The call that drops a range; its error. */
  protected abstract drop(range: PageRange): Errno;

  discard(range: PageRange): void {
    // ENOMEM says that a part was not mapped; what was mapped is dropped anyway.
    const errno = this.drop(range);
    if (errno === 0 || errno === 'ENOMEM') this.dropped.add(range);
  }

  unpin(range: Unpinned): void {
    this.dropped.delete(range); // its contents are whole now
    if (this.eager) this.discard(range);
  }

  unmapped(range: PageRange): void {
    this.dropped.delete(range);
  }

  moved(range: PageRange, to: number): void {
    this.dropped.move(range, to);
  }

  pin(range: PageRange, unpinned: Unpinned | undefined): void {
    regenerateLost(this.context, range, unpinned?.regenNs ?? 0, this.dropped);
    this.dropped.delete(range);
  }
}
