/** How far a count may be from the simulated one. */
const BOUND_PERCENT = 1.5;
/** Pages that a CPU charges in advance (MEMCG_CHARGE_BATCH); spaces run on one. */
const CHARGE_PAGES = 64;
/** Live runs differ by more than this before they can have two humps. */
const HUMPS_PERCENT = 1.5;
/** The share of their range that one gap is then. */
const HUMPS_GAP = 2 / 3;

/**
 * What came of a comparison of one number: `same`; `within` its bound; `outside`; `n/a`, not comparable, for the reason; `shown`,
 * where nothing is promised.
 */
export type Verdict = 'same' | 'within' | 'outside' | 'n/a' | 'shown';

/** What a bound is: equal; near enough, or among the live values; as charges are, made by the batch; among the live values; none. */
export type Bound = 'exact' | 'near' | 'charge' | 'spread' | 'shown';

/** What a row is of. */
export interface RowKey {
  readonly trace: string;
  readonly discard: string;
  readonly reclaim: string;
  readonly merge: string;
  readonly controller: string;
  readonly swap: string;
  readonly thp: string;
  readonly readahead: string;
  /** In pages; null for none. */
  readonly limit: number | null;
}

/** One number of a trace under a policy, simulated and live. */
export interface FidelityRow extends RowKey {
  readonly metric: string;
  readonly simulated: number | null;
  /** Over the live runs. */
  readonly live_min: number | null;
  readonly live_max: number | null;
  /** Of each live run; whether they fall into two groups. */
  readonly live: readonly number[];
  readonly humps: 1 | 2;
  /** Of the live run that is farthest away, less the simulated number. */
  readonly difference: number | null;
  /** `exact`, how far it may be, `live runs` where it is to be as one of these, or `none`. */
  readonly bound: string;
  readonly verdict: Verdict;
  /** What explains it, by its name where it is a probe, or why it was not run. */
  readonly reason: string | null;
}

const BOUND_TEXT: Readonly<Record<Bound, string>> = {
  exact: 'exact',
  near: `±${BOUND_PERCENT} %`,
  charge: `±${CHARGE_PAGES} pages`,
  spread: 'live runs',
  shown: 'none',
};

function roomOf(value: number, bound: Bound): number {
  if (bound === 'spread') return 0;
  return bound === 'charge' ? CHARGE_PAGES : (value * BOUND_PERCENT) / 100;
}

function verdictOf(value: number, low: number, high: number, bound: Bound): Verdict {
  if (value === low && value === high) return 'same';
  if (bound === 'shown') return 'shown';
  if (bound === 'exact') return 'outside';
  // Also between two live values with a distance: the kernel itself does not repeat better.
  const room = roomOf(value, bound);
  return high >= value - room && low <= value + room ? 'within' : 'outside';
}

/** Whether values fall into two groups: one gap is most of their range, and is no matter of a few pages. */
export function humpsOf(values: readonly number[]): 1 | 2 {
  const sorted = values.toSorted((a, b) => a - b);
  const range = sorted.at(-1)! - sorted[0]!;
  const gap = Math.max(0, ...sorted.slice(1).map((value, i) => value - sorted[i]!));
  const matters = values.length > 2 && range > (sorted.at(-1)! * HUMPS_PERCENT) / 100;
  return matters && gap > range * HUMPS_GAP ? 2 : 1;
}

/**
 * Compares a number.
 *
 * @param value the simulated one; NaN, as among the live ones, where it is not known
 * @param why explains a row outside its bound: a probe, or words
 * @param uncounted why a live value is not known
 */
export function rowOf(
  key: RowKey,
  metric: string,
  value: number,
  values: readonly number[],
  bound: Bound,
  why?: string,
  uncounted = 'this kernel does not count it',
): FidelityRow {
  const row = { ...key, metric, bound: BOUND_TEXT[bound], live: values, humps: humpsOf(values) };
  if (Number.isNaN(value))
    return { ...row, ...NOTHING, verdict: 'n/a', reason: 'the trace lacks the accesses that it would need' };
  if (values.some(Number.isNaN))
    return { ...row, ...NOTHING, simulated: value, verdict: 'n/a', reason: uncounted };
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const verdict = verdictOf(value, low, high, bound);
  const farthest = Math.abs(low - value) > Math.abs(high - value) ? low : high;
  const explained = verdict === 'outside' && why !== undefined;
  return {
    ...row,
    simulated: value,
    live_min: low,
    live_max: high,
    difference: farthest - value,
    verdict: explained ? 'n/a' : verdict,
    reason: explained ? why : null,
  };
}

const NOTHING = {
  simulated: null,
  live_min: null,
  live_max: null,
  live: [],
  humps: 1,
  difference: null,
} as const;

/** The row of what could not be run. */
export function nothingCompared(key: RowKey, reason: string): FidelityRow {
  return { ...key, metric: 'all', ...NOTHING, bound: 'exact', verdict: 'n/a', reason };
}
