/** Whether memory is better given back at once or later: what a verdict says of policies that wait. */
import type { LaterMetric } from '../metrics/schema.js';
import { costOrder, extraCost, savedPages, savingOrder } from './estimate.js';
import { numberIn, percent, rangeText } from './format.js';
import { referenceOf } from './front.js';
import { type Contender, rankedOf, type Setting } from './selection.js';

/** The cheapest policy that gives back at once in a setting, and the cheapest that waits. */
export interface AtOnce {
  /** The label of the trace. */
  readonly trace: string;
  readonly limit: string;
  /** Which policy gives back at once, and what it adds to stalls for each MiB that it saves, in ns. */
  readonly atOnce: string;
  readonly atOnceNsPerMib: number;
  readonly later: string;
  readonly laterNsPerMib: number;
  /** Of the memory that was discarded with `later`, the share that was in use again before it was given back. */
  readonly usedAgain: number;
  /** Whether the one that waits is clearly cheaper: it stalls less, and less for each MiB. */
  readonly loses: boolean;
}

const MIB = 1024 * 1024;
/** A price a MiB that is this share of another is lower, and not as good as the same. */
const CLEARLY_LOWER = 0.9;

/** What became of discarded pages while a policy waited; undefined of one that gives back at once. */
function usedAgain({ rows }: Contender): number | undefined {
  const sum = (column: LaterMetric) => rows.reduce((total, row) => total + numberIn(row, column), 0);
  const cancelled = sum('discard_cancelled_pages');
  const all =
    cancelled + sum('discard_late_pages') + sum('discard_unmapped_pages') + sum('discard_pending_pages');
  return all === 0 ? undefined : cancelled / all;
}

interface Priced {
  readonly one: Contender;
  readonly nsPerMib: number;
}

/** What policies of a setting add to stalls a MiB, the cheapest first; those that save nothing, or stall less than keep, have no price. */
function pricesIn(setting: Setting, reference: Contender): Priced[] {
  return rankedOf(setting)
    .filter((one) => one !== reference && savingOrder([one, reference], reference).sign(one, reference) > 0)
    .map((one) => {
      const mib = (savedPages(one, reference).mean * setting.trace.pageBytes) / MIB;
      return { one, nsPerMib: extraCost(one, reference, setting).mean / mib };
    })
    .filter(({ nsPerMib }) => nsPerMib > 0)
    .sort((a, b) => a.nsPerMib - b.nsPerMib);
}

function inSetting(setting: Setting): AtOnce[] {
  const reference = referenceOf(setting);
  if (!reference) return [];
  const prices = pricesIn(setting, reference);
  const atOnce = prices.find(({ one }) => usedAgain(one) === undefined);
  const later = prices.find(({ one }) => usedAgain(one) !== undefined);
  if (!atOnce || !later) return [];
  const fewer = costOrder([later.one, atOnce.one], setting.axis).sign(later.one, atOnce.one) < 0;
  return [
    {
      trace: setting.trace.label,
      limit: setting.limit,
      atOnce: atOnce.one.name,
      atOnceNsPerMib: atOnce.nsPerMib,
      later: later.one.name,
      laterNsPerMib: later.nsPerMib,
      usedAgain: usedAgain(later.one)!,
      loses: fewer && later.nsPerMib < CLEARLY_LOWER * atOnce.nsPerMib,
    },
  ];
}

/** Of each trace of some settings, the first setting in which policies that give back at once and later both have a price. */
export function atOnceOrLater(settings: readonly Setting[]): AtOnce[] {
  const traces = new Set(settings.map(({ trace }) => trace.label));
  return [...traces].flatMap((label) =>
    settings
      .filter(({ trace }) => trace.label === label)
      .flatMap(inSetting)
      .slice(0, 1),
  );
}

/** What that comes to, as sentences without a full stop: where giving back at once loses, or that it does not. */
export function atOnceText(all: readonly AtOnce[]): string[] {
  const price = (ns: number) => rangeText({ low: ns, high: ns }, 1e6);
  const clause = ({ trace, limit, later, laterNsPerMib, atOnceNsPerMib, usedAgain: share }: AtOnce) =>
    `${trace}, ${limit}: ${price(atOnceNsPerMib)} ms/MiB, ${price(laterNsPerMib)} with ${later} (${percent(share, 1)} used again before)`;
  const lost = all.filter(({ loses }) => loses);
  if (lost.length > 0) return [`Giving back at once loses: ${lost.map(clause).join('; ')}`];
  return all.length === 0 ? [] : [`Giving back at once does not lose: ${all.map(clause).join('; ')}`];
}
