/**
 * What "best" means, in tables, sentences, figures and pages alike: the policies that no other one beats, saving as much for
 * less or more for as much. Differences count where they are clear (`estimate.ts`). Of these, sentences name the two ends:
 * what saves most, and what costs least.
 */
import { compareCosts, compareSavings, heldPages, type Scaled, savedPages, savesAny } from './estimate.js';
import { baseOf, type Contender, rankedOf, type Setting } from './selection.js';

/** The policies of a setting by what they save and cost. */
export interface Ranking {
  /** What savings are measured against: keep, or where it did not survive the survivor that holds most. Undefined where none did. */
  readonly reference: Contender | undefined;
  /** Those that no other one beats, in the order of the experiment. */
  readonly front: readonly Contender[];
  /** Those of the front that save most: more than one where they tie. Empty where none saves anything. */
  readonly most: readonly Contender[];
  /** Those of the front that cost least: more than one where they tie. */
  readonly cheapest: readonly Contender[];
}

/** The contender with the least of a number; undefined for none. */
function least(all: readonly Contender[], of: (one: Contender) => number): Contender | undefined {
  return all.reduce<Contender | undefined>(
    (best, one) => (best === undefined || of(one) < of(best) ? one : best),
    undefined,
  );
}

/** What savings of a setting are measured against. */
export function referenceOf(setting: Setting): Contender | undefined {
  return baseOf(setting) ?? least(rankedOf(setting), (one) => -heldPages(one).mean);
}

/** The contenders that may be on the front: what the others are measured against, and what saves anything. */
function competitors(setting: Setting, reference: Contender): Contender[] {
  const ranked = rankedOf(setting);
  // Reclaim policies hold what the limit leaves them: they compete by cost.
  if (setting.axis === 'reclaim') return ranked;
  const most = Math.max(...ranked.map((one) => savedPages(one, reference).mean));
  return ranked.filter((one) => one === reference || savesAny(one, reference, most));
}

/**
 * Ranks the policies of a setting.
 *
 * @param price a class of cost made cheaper or dearer
 */
export function rank(setting: Setting, price?: Scaled): Ranking {
  const reference = referenceOf(setting);
  if (!reference) return { reference, front: [], most: [], cheapest: [] };
  const among = competitors(setting, reference);
  const savings = (a: Contender, b: Contender) => compareSavings(a, b, reference);
  const costs = (a: Contender, b: Contender) => compareCosts(a, b, setting.axis, price);
  const beats = (a: Contender, b: Contender) => {
    const saved = savings(a, b);
    const cost = costs(a, b);
    return saved >= 0 && cost <= 0 && (saved > 0 || cost < 0);
  };
  const front = among.filter((one) => !among.some((other) => other !== one && beats(other, one)));
  const saving = front.filter((one) => one !== reference || setting.axis === 'reclaim');
  return {
    reference,
    front,
    most: saving.filter((one) => !saving.some((other) => savings(other, one) > 0)),
    cheapest: front.filter((one) => !front.some((other) => costs(other, one) < 0)),
  };
}
