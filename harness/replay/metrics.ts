import type { CountedMetrics, MemoryGauges } from '../contract/target.js';
import { METRICS, type Metrics, NOT_APPLICABLE } from '../metrics/schema.js';

const PER = 1000;

/** The touches of a trace's own reads and writes. */
interface Touches {
  readonly count: number;
  /** Whether they were not seen but derived: rates then say nothing. */
  readonly inferred: boolean;
}

function rate(events: number, { count, inferred }: Touches): Metrics['major_rate'] {
  if (inferred) return NOT_APPLICABLE;
  return count === 0 ? 0 : (events * PER) / count;
}

/**
 * All metrics of a finished replay, in the order of the schema: those that the machine counted, means over trace time, and
 * rates. Savings are filled in when the base is known.
 */
export function collectMetrics(counted: CountedMetrics, means: MemoryGauges, touches: Touches): Metrics {
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
    minor_rate: rate(pgfault - pgmajfault, touches),
    major_rate: rate(pgmajfault, touches),
    swapin_rate: rate(pswpin, touches),
    regen_rate: rate(regenerated_pages, touches),
  };
  return Object.fromEntries(METRICS.map(({ name }) => [name, values[name]])) as Metrics;
}
