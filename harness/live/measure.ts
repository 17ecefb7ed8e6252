import { type CountedMetrics, type MemoryGauges, NOT_MEASURED } from '../contract/target.js';
import type { DrawTimes, Moment, Paid } from '../metrics/files.js';
import { DRAWN_METRICS, METRICS, stallColumns } from '../metrics/schema.js';
import type { Counted } from './account.js';
import { type Census, residentPages, sumOfSpaces } from './census.js';
import type { LiveSpace } from './layout.js';

/** Faults and touches of a space. */
export interface SpaceCounts {
  readonly minor: number;
  readonly major: number;
  readonly touches: number;
}

/** What was counted besides memory. */
export interface LiveCounts {
  readonly faults: SpaceCounts;
  readonly sigbus: number;
  readonly regeneratedPages: number;
  readonly regeneratedRanges: number;
  readonly discardCalls: number;
  readonly discardPages: number;
  readonly discardErrors: number;
  readonly callErrors: number;
  readonly ignoredAdvice: number;
  readonly unmadeTouches: number;
  readonly ooms: number;
}

/** All metrics, without a census where the executor was given up; those that are not measured are NaN. */
export function liveMetrics(
  census: Census | undefined,
  counted: Counted,
  counts: LiveCounts,
): CountedMetrics {
  const unmeasured = Object.fromEntries(METRICS.map(({ name }) => [name, NOT_MEASURED])) as CountedMetrics;
  return {
    ...unmeasured,
    ...(census && {
      resident_pages_end: residentPages(census),
      rss_pages_end: sumOfSpaces(census, 'rss'),
      swap_pages_end: sumOfSpaces(census, 'swap'),
      anon_huge_pages_end: sumOfSpaces(census, 'huge'),
    }),
    pgmajfault: counts.faults.major,
    ...counted,
    pgfault: counts.faults.minor + counts.faults.major,
    sigbus: counts.sigbus,
    regenerated_pages: counts.regeneratedPages,
    regenerated_ranges: counts.regeneratedRanges,
    discard_calls: counts.discardCalls,
    discard_pages: counts.discardPages,
    discard_errors: counts.discardErrors,
    discard_refused: 0,
    call_errors: counts.callErrors,
    advice_ignored: counts.ignoredAdvice,
    unmade_touches: counts.unmadeTouches,
    oom_events: counts.ooms,
  };
}

/** A row of timeline.csv. */
export function liveMoment(census: Census | undefined): Omit<Moment, 'time_us' | 'label'> {
  const of = (field: 'rss' | 'swap' | 'lazyfree' | 'vmas') =>
    census ? sumOfSpaces(census, field) : NOT_MEASURED;
  return {
    limit_pages: null,
    resident_pages: census ? residentPages(census) : NOT_MEASURED,
    rss_pages: of('rss'),
    swap_pages: of('swap'),
    swapcache_pages: NOT_MEASURED,
    footprint_pages: NOT_MEASURED,
    lazyfree_pages: of('lazyfree'),
    volatile_pages: NOT_MEASURED,
    page_table_pages: NOT_MEASURED,
    pages_shared: NOT_MEASURED,
    pages_sharing: NOT_MEASURED,
    ksm_zero_pages: NOT_MEASURED,
    vmas: of('vmas'),
    psi_some_us: NOT_MEASURED,
    psi_some_avg10: NOT_MEASURED,
    psi_full_us: NOT_MEASURED,
    psi_full_avg10: NOT_MEASURED,
  };
}

/** Means over time are not measured: memory is looked at only now and then. */
export function noMeans(sums: MemoryGauges): void {
  for (const name of Object.keys(sums) as (keyof MemoryGauges)[]) sums[name] = NOT_MEASURED;
}

/** Times are not measured. */
export function noTimes(): DrawTimes {
  return Object.fromEntries(DRAWN_METRICS.map((name) => [name, NOT_MEASURED])) as DrawTimes;
}

/** A row of spaces.csv. */
export function livePaid({ id, name }: LiveSpace, { minor, major, touches }: SpaceCounts): Paid {
  return {
    space: id,
    name,
    touches,
    pgfault: minor + major,
    pgmajfault: major,
    stall_ns: null,
    ...stallColumns(() => null),
    page_seconds: NOT_MEASURED,
    struct_page_bytes: null,
    ksm_rmap_items: null,
    ksm_merging_pages: null,
    ksm_zero_pages: null,
    ksm_process_profit: null,
    outcome: null,
    ended_us: null,
  };
}
