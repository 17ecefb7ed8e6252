/**
 * What "best" means, in tables, sentences, figures and pages alike: the policies that no other one beats, saving as much for
 * less or more for as much. Differences count where they are clear, and are ties where they are not (`estimate.ts`). Of the
 * best, sentences name the two ends: what saves most, and what costs least.
 */
import { costOrder, heldPages, type Order, type Scaled, savesAny, savingOrder } from './estimate.js';
import { numberIn } from './format.js';
import { baseOf, type Contender, rankedOf, type Setting } from './selection.js';

/** The policies of a setting by what they save and cost. */
export interface Ranking {
  /** What savings are measured against: keep, or where it did not survive the survivor that holds most. Undefined where none did. */
  readonly reference: Contender | undefined;
  /** Those that no other one beats, in the order of the experiment. */
  readonly front: readonly Contender[];
  /**
   * Those that tie with the front: by means alone they would be on it, but what they are ahead in is not clear. Another draw or
   * replicate could put them there.
   */
  readonly tied: readonly Contender[];
  /** Of each of them, those of the front that it ties with. */
  readonly tiedWith: ReadonlyMap<Contender, readonly Contender[]>;
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

/**
 * The contenders of a setting that save anything against its reference. Where there is no keep, all that survived are compared
 * by what they hold.
 */
export function saversOf(setting: Setting): Contender[] {
  const base = baseOf(setting);
  if (!base) return rankedOf(setting);
  return rankedOf(setting).filter((one) => one !== base && savesAny(one, base));
}

/** Whether signs of savings and costs mean that one beats another. */
function isBetter(saved: number, cost: number): boolean {
  return saved >= 0 && cost <= 0 && (saved > 0 || cost < 0);
}

function frontOf(among: readonly Contender[], beats: (a: Contender, b: Contender) => boolean): Contender[] {
  return among.filter((one) => !among.some((other) => other !== one && beats(other, one)));
}

/** Contenders by what they save: what saves nothing to speak of saves nothing. */
function savingsOf(ranked: readonly Contender[], savers: readonly Contender[], reference: Contender): Order {
  const order = savingOrder(ranked, reference);
  const isSaver = (one: Contender) => savers.includes(one);
  const signs = new Map(
    ranked.map((a) => [
      a,
      new Map(
        ranked.map((b) => [
          b,
          isSaver(a) && isSaver(b) ? order.sign(a, b) : Number(isSaver(a)) - Number(isSaver(b)),
        ]),
      ),
    ]),
  );
  return {
    sign: (a, b) => signs.get(a)!.get(b)!,
    mean: (one) => (isSaver(one) ? order.mean(one) : order.mean(reference)),
  };
}

/** Reclaim policies hold what the limit leaves them: they compete by cost. */
const NO_SAVINGS: Order = { sign: () => 0, mean: () => 0 };

/**
 * Ranks the policies of a setting under any prices. What they save does not depend on these, and is compared once. What saves
 * nothing competes where it costs clearly less than the reference.
 *
 * @returns the ranking, with a class of cost made cheaper or dearer where one is given
 */
export function rankerOf(setting: Setting): (price?: Scaled) => Ranking {
  const reference = referenceOf(setting);
  if (!reference)
    return () => ({ reference, front: [], tied: [], tiedWith: new Map(), most: [], cheapest: [] });
  const ranked = rankedOf(setting);
  const byCost = setting.axis === 'reclaim';
  const savers = byCost ? ranked : saversOf(setting);
  const savings = byCost ? NO_SAVINGS : savingsOf(ranked, savers, reference);
  const rankAt = (price?: Scaled) => {
    const costs = costOrder(ranked, setting.axis, price);
    const among = ranked.filter(
      (one) => one === reference || savers.includes(one) || costs.sign(one, reference) < 0,
    );
    const beats = (a: Contender, b: Contender) => {
      const saved = savings.sign(a, b);
      return saved >= 0 && isBetter(saved, costs.sign(a, b));
    };
    const front = frontOf(among, beats);
    const byMeans = frontOf(among, (a, b) =>
      isBetter(savings.mean(a) - savings.mean(b), costs.mean(a) - costs.mean(b)),
    );
    const tied = byMeans.filter((one) => !front.includes(one));
    const saving = front.filter((one) => savers.includes(one));
    return {
      reference,
      front,
      tied,
      tiedWith: new Map(tied.map((one) => [one, front.filter((best) => beats(best, one))])),
      most: saving.filter((one) => !saving.some((other) => savings.sign(other, one) > 0)),
      cheapest: front.filter((one) => !front.some((other) => costs.sign(other, one) < 0)),
    };
  };
  const usual = rankAt();
  return (price) => (price && paysFor(ranked, price) ? rankAt(price) : usual);
}

/** Whether any contender pays for a class of cost. */
function paysFor(contenders: readonly Contender[], { part }: Scaled): boolean {
  const column = `stall_${part}_ns` as const;
  return contenders.some(({ rows }) => rows.some((row) => numberIn(row, column) > 0));
}

/** How a policy is marked: as one of the best, as one that ties with them, or not at all. */
export type Rank = 'best' | 'tie' | '';

/** How a policy is marked in tables, pictures and pages. */
export function rankIn({ front, tied }: Pick<Ranking, 'front' | 'tied'>, one: Contender): Rank {
  if (front.includes(one)) return 'best';
  return tied.includes(one) ? 'tie' : '';
}

/** What marks mean, in words. */
export const RANK_MEANINGS: Readonly<Record<Exclude<Rank, ''>, string>> = {
  best: 'no other policy saves as much for less, or more for as much',
  tie: 'as good as a best one within the scatter of draws and replicates, or what counts as equal',
};

/** Ranks the policies of a setting. @param price a class of cost made cheaper or dearer */
export function rank(setting: Setting, price?: Scaled): Ranking {
  return rankerOf(setting)(price);
}
