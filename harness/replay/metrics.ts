import type { Touches } from '../base/touches.js';
import type { CountedMetrics, MemoryGauges } from '../contract/target.js';
import type { DrawTimes, Paid } from '../metrics/files.js';
import {
  applies,
  type ClosedMetric,
  type LaterMetric,
  METRICS,
  type Metrics,
  NOT_APPLICABLE,
} from '../metrics/schema.js';
import type { LaterPages } from '../policy/discard/contract.js';
import type { ClosedSchedule } from './closed/schedule.js';

const PER = 1000;

/** The accesses of a trace, and what they can show. */
export interface Accesses {
  /** Touches of the trace's own reads and writes. */
  readonly count: number;
  readonly known: Touches;
  /** Whether memory could be short: there was a limit, or memory had a size. */
  readonly short: boolean;
}

/** What a policy that gives back later counts itself. One that makes its calls at once leaves nothing for later. */
export function laterMetrics(pages: LaterPages | undefined): Record<LaterMetric, number> {
  return {
    discard_late_pages: pages?.late ?? 0,
    discard_cancelled_pages: pages?.cancelled ?? 0,
    discard_unmapped_pages: pages?.unmapped ?? 0,
    discard_pending_pages: pages?.pending ?? 0,
  };
}

/** What a closed clock measures; empty with an open one. A slowdown is filled in when the base is known. */
export function closedMetrics(closed: ClosedSchedule | undefined): Pick<Metrics, ClosedMetric> {
  return {
    run_time_ns: closed ? Math.round(closed.runNs) : null,
    late_events: closed ? closed.late : null,
    slowdown: null,
  };
}

/**
 * All metrics of a finished replay, in the order of the schema: those that the machine counted, means over draws and over
 * trace time, and rates. Those that the trace's accesses cannot show are `n/a`. Savings are filled in when the base is known.
 */
export function collectMetrics(
  counted: CountedMetrics &
    DrawTimes &
    Record<LaterMetric | 'events_skipped', number> &
    Pick<Metrics, ClosedMetric>,
  means: MemoryGauges,
  { count, known, short }: Accesses,
): Metrics {
  const rate = (events: number) => (count === 0 ? 0 : (events * PER) / count);
  const { pgfault, pgmajfault, pswpin, regenerated_pages } = counted;
  const values: Metrics = {
    ...counted,
    resident_pages_mean: means.resident,
    swap_pages_mean: means.swap,
    footprint_pages_mean: means.footprint,
    saved_pages_mean: null,
    saved_pages_net_mean: null,
    volatile_pages_mean: means.volatile,
    reported_pages_mean: means.reported,
    anon_huge_pages_mean: means.anonHuge,
    hugetlb_pages_mean: means.hugetlb,
    minor_rate: rate(pgfault - pgmajfault),
    major_rate: rate(pgmajfault),
    swapin_rate: rate(pswpin),
    regen_rate: rate(regenerated_pages),
  };
  const shown = METRICS.map(({ name, kind }) => [
    name,
    applies(kind, known, short) ? values[name] : NOT_APPLICABLE,
  ]);
  return Object.fromEntries(shown) as Metrics;
}

/** What spaces paid, without the faults that the trace's accesses cannot show. */
export function applicablePaid(paid: readonly Paid[], { known, short }: Accesses): readonly Paid[] {
  if (applies('fault', known, short)) return paid;
  // A row that is of no space took no fault and says nothing of them.
  const shown = ({ pgfault, pgmajfault }: Paid): Pick<Paid, 'pgfault' | 'pgmajfault'> => ({
    pgfault: pgfault === null ? null : NOT_APPLICABLE,
    pgmajfault: pgmajfault === null ? null : NOT_APPLICABLE,
  });
  return paid.map((row) => ({ ...row, ...shown(row) }));
}
