import { STALL_PARTS } from '../metrics/schema.js';
import type { Scaled } from './estimate.js';
import { type Ranking, rankerOf } from './front.js';
import type { Contender, Setting } from './selection.js';

/** Prices are medians of one machine: a verdict should not hang on any class of them being half or twice as high. */
export const FACTORS = [0.5, 2] as const;

/** A class of cost on which the front of a setting hangs. */
export interface Flip extends Scaled {
  readonly ranking: Ranking;
  /** Policies that are on the front with these costs and not with the usual ones. */
  readonly entered: readonly Contender[];
  /** Policies that are no longer on it. */
  readonly left: readonly Contender[];
}

/**
 * Each class of cost halved and doubled, one at a time: where that changes the front of a setting. Memory and events do not
 * depend on prices, since stalls delay nothing, so what a cell would have cost follows from its row.
 */
export function flips(setting: Setting): Flip[] {
  const ranking = rankerOf(setting);
  const usual = ranking().front;
  return STALL_PARTS.flatMap((part) =>
    FACTORS.flatMap((factor) => {
      const changed = ranking({ part, factor });
      const entered = changed.front.filter((one) => !usual.includes(one));
      const left = usual.filter((one) => !changed.front.includes(one));
      return entered.length + left.length > 0 ? [{ part, factor, ranking: changed, entered, left }] : [];
    }),
  );
}
