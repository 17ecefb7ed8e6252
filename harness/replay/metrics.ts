import type { Row, Value } from '../metrics/csv.js';
import { METRICS, NOT_APPLICABLE } from '../metrics/schema.js';
import type { MemoryGauges } from '../target/contract.js';

const PER = 1000;

/** What a replay knows of a trace's touches: how many there were, and whether they were inferred. */
interface Touches {
  readonly count: number;
  readonly inferred: boolean;
}

/** Events per 1000 touches; not applicable where touches were not seen but derived. */
function rate(events: Value, { count, inferred }: Touches): Value {
  if (inferred) return NOT_APPLICABLE;
  return count === 0 ? 0 : ((events as number) * PER) / count;
}

/**
 * All metrics of a finished replay, in schema order: those that the machine counted, means over trace time, and rates.
 * Savings are filled in when the base is known.
 */
export function collectMetrics(
  counted: Readonly<Record<string, Value>>,
  means: MemoryGauges,
  touches: Touches,
): Row {
  const { pgfault, pgmajfault, pswpin, regenerated_pages } = counted as Readonly<Record<string, number>>;
  const values: Record<string, Value> = {
    ...counted,
    resident_pages_mean: means.resident,
    swap_pages_mean: means.swap,
    footprint_pages_mean: means.footprint,
    saved_pages_mean: null,
    saved_pages_net_mean: null,
    volatile_pages_mean: means.volatile,
    reported_pages_mean: means.reported,
    minor_rate: rate(pgfault! - pgmajfault!, touches),
    major_rate: rate(pgmajfault!, touches),
    swapin_rate: rate(pswpin!, touches),
    regen_rate: rate(regenerated_pages!, touches),
  };
  return Object.fromEntries(METRICS.map(({ name }) => [name, values[name] ?? (name in values ? null : 0)]));
}
