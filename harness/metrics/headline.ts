import type { MetricName } from './schema.js';

/**
 * The ten metrics that say most of a cell: what it holds, what it saves, its faults, what was given back and made again, and
 * what that costs. Tools that keep histories are given these, and `reclaim diff` shows them; all others are there when asked.
 */
export const HEADLINE_METRICS = [
  'resident_pages_peak',
  'footprint_pages_mean',
  'saved_pages_mean',
  'pgfault',
  'pgmajfault',
  'discard_pages',
  'regenerated_pages',
  'stall_ns',
  'touch_ns_p99',
  'cpu_ns',
] as const satisfies readonly MetricName[];
