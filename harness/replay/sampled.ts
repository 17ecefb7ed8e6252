import { Refusal } from '../contract/refusal.js';
import { resizedSwap } from '../contract/swap.js';
import type { Target } from '../contract/target.js';
import { sampledCosts } from '../cost/sampled.js';
import type { DrawTimes, GroupCount, Moment, Paid } from '../metrics/files.js';
import {
  LATER_METRICS,
  METRICS,
  type MetricName,
  type Metrics,
  NOT_APPLICABLE,
  PRESSURE_METRICS,
} from '../metrics/schema.js';
import type { ReplayOptions } from './options.js';

/**
 * Metrics that a replay of a sample of the pages has as they are: what is counted once for a call, a mapping or a page table,
 * ranges as calls name them, the time of one touch, and memory pressure, whose stalls the machine has made as many times longer.
 */
const AS_COUNTED: ReadonlySet<MetricName> = new Set<MetricName>([
  'page_table_pages_peak',
  'struct_page_bytes',
  'vmas_peak',
  'oom_events',
  'discard_calls',
  'discard_pages',
  'discard_errors',
  'discard_failed_pages',
  'discard_refused',
  ...LATER_METRICS,
  'purged_ranges',
  'call_errors',
  'advice_ignored',
  'touch_ns_p99',
  'touch_ns_p999',
  'touch_ns_max',
  ...PRESSURE_METRICS,
]);

/** How many accesses a few hot pages have decides how many a sample has: nothing is said of one access in a thousand. */
const RATES = Object.fromEntries(
  METRICS.filter(({ kind }) => kind === 'rate').map(({ name }) => [name, NOT_APPLICABLE]),
);

const MOMENT_AS_COUNTED: ReadonlySet<string> = new Set([
  'time_us',
  'label',
  'page_table_pages',
  'vmas',
  ...PRESSURE_METRICS,
]);
const PAID_AS_COUNTED: ReadonlySet<string> = new Set(['space', 'name', 'struct_page_bytes']);

/**
 * The replay of a sample of one in `rate` pages that says what one of the whole trace says: sizes of memory and prices of
 * calls are as many times smaller.
 *
 * @throws Refusal for what a sample of pages does not show
 */
export function sampledOptions<T extends Target>(options: ReplayOptions<T>, rate: number): ReplayOptions<T> {
  const { merge, limit, memory, costs } = options;
  if (merge && merge.info.name !== 'none')
    throw new Refusal(
      `the trace is a sample of 1/${rate} of its pages, and two equal pages are seldom both in it: expected merge policy none, not ${merge.info.name}`,
    );
  return {
    ...options,
    limit: typeof limit === 'number' ? sampledPages(limit, rate) : limit,
    memory: memory === undefined ? undefined : sampledPages(memory, rate),
    swap: resizedSwap(options.swap, (pages) => sampledPages(pages, rate)),
    costs: sampledCosts(costs, rate),
  };
}

/** A size of memory in pages, as a sample has it. */
export function sampledPages(pages: number, rate: number): number {
  return Math.max(1, Math.round(pages / rate));
}

function scaled<R extends object>(row: R, rate: number, asCounted: ReadonlySet<string>): R {
  const values = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === 'number' && !asCounted.has(name) ? value * rate : value,
  ]);
  return Object.fromEntries(values) as R;
}

const GROUPS_AS_COUNTED: ReadonlySet<string> = new Set(['cgroup', 'events_oom', ...PRESSURE_METRICS]);

/** What a replay measured that a sample has less of. */
interface Measured {
  readonly touches: number;
  readonly metrics: Metrics;
  readonly draws: readonly DrawTimes[];
  readonly timeline: readonly Moment[];
  readonly spaces: readonly Paid[];
  readonly groups: readonly GroupCount[];
}

/** What a replay of a sample of one in `rate` pages says of the whole. */
export function scaledResult<R extends Measured>(result: R, rate: number): R {
  return {
    ...result,
    touches: result.touches * rate,
    metrics: { ...scaled<Metrics>(result.metrics, rate, AS_COUNTED), ...RATES },
    draws: result.draws.map((row) => scaled<DrawTimes>(row, rate, AS_COUNTED)),
    timeline: result.timeline.map((row) => scaled<Moment>(row, rate, MOMENT_AS_COUNTED)),
    spaces: result.spaces.map((row) => scaled<Paid>(row, rate, PAID_AS_COUNTED)),
    groups: result.groups.map((row) => scaled<GroupCount>(row, rate, GROUPS_AS_COUNTED)),
  };
}
