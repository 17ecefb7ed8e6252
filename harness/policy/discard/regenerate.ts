import type { Parameter } from '../../base/parameters.js';
import type { DiscardContext, PageRange } from './contract.js';
import type { RangeSet } from './range-set.js';

/** What a program makes again that has lost a part of a range. */
export const REGEN: Parameter = {
  kind: 'choice',
  default: 'range',
  choices: ['range', 'page'],
  meaning:
    'what is made again when a part is gone: the whole range, or only the pages that were dropped or purged',
};

/**
 * Makes again what a range has lost, as `regen` says: all of it for `ns`, or the lost pages for their share.
 *
 * @param lost what is known to be gone; nothing of the range, and nothing is done
 */
export function regenerateLost(
  { program, values }: DiscardContext,
  range: PageRange,
  ns: number,
  lost: RangeSet,
): void {
  const gone = lost.within(range);
  if (gone.length === 0) return;
  if (values.regen === 'range') program.regenerate(range, ns);
  else for (const part of gone) program.regenerate(part, (ns * part.count) / range.count);
}
