import type { RunRow } from '../metrics/files.js';
import type { TraceFacts } from '../report/facts.js';
import { runRow } from './results.js';

/** A trace of 1024 pages, of shared memory. */
export const FACTS: TraceFacts = {
  label: 't',
  pageBytes: 4096,
  peakPages: 1024,
  touches: 'recorded',
  origin: { whole: 'recorded', parts: {} },
  durationUs: 10e6,
  givesBack: { privatePages: 0, sharedPages: 512 },
};

let cells = 0;

/**
 * A cell on a trace of 1024 pages: what a policy saved, in pages, and the stalls in ms, three quarters of them in discard calls.
 */
export function comparedCell(
  discard: string,
  saved: number,
  stallMs: number,
  more: Partial<RunRow> = {},
): RunRow {
  return runRow({
    cell: ++cells,
    trace: 't',
    discard,
    footprint_pages_mean: 1024 - saved,
    resident_pages_mean: 1024 - saved,
    saved_pages_mean: saved,
    major_rate: 0.5,
    stall_ns: stallMs * 1e6,
    stall_discard_ns: discard === 'keep' ? 0 : stallMs * 0.75e6,
    discard_calls: discard === 'keep' ? 0 : 4,
    discard_errors: 0,
    trace_time_us: 10e6,
    ...more,
  });
}
