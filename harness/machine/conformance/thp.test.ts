import { expect } from 'vitest';
import { type Case, conform, csvLines } from '../../testing/conformance.js';
import { simulatedReadings, type ThpReading } from '../../testing/thp.js';
import { SCENARIOS } from '../../testing/thp-scenarios.js';

/** Pages that each of the two CPUs charges in advance, in KiB (MEMCG_CHARGE_BATCH). */
const CHARGED_AHEAD_KIB = 2 * 64 * 4;
/** Pages that wait on a CPU before they are marked lazily freed (a folio_batch). */
const BATCH = 31;
/** khugepaged slept as long between two scans. */
const SCAN_MS = 100;

/** Faults of the probe's own stack and heap. */
const OWN_FAULTS = 4;

/** What a count may differ from the kernel's by; all others are exact, or within the range of the kernel's runs. */
const TOLERANCE: Readonly<Record<string, number>> = {
  memcg_user_kib: CHARGED_AHEAD_KIB,
  lazyfree_kib: BATCH * 4,
  pglazyfree: BATCH,
  ms_until_all_collapsed: SCAN_MS,
  faults: OWN_FAULTS,
};
/** The same, of steps after the limit was lowered to what was charged less a size: how much that was depends on what was charged ahead. */
const UNDER_LIMIT: Readonly<Record<string, number>> = {
  ...TOLERANCE,
  rss_kib: CHARGED_AHEAD_KIB,
  lazyfree_kib: CHARGED_AHEAD_KIB,
  swap_kib: CHARGED_AHEAD_KIB,
  pglazyfreed: CHARGED_AHEAD_KIB / 4,
  pswpin: CHARGED_AHEAD_KIB / 4,
  pswpout: CHARGED_AHEAD_KIB / 4,
};

const simulated = new Map<string, Promise<Map<string, ThpReading[]>>>();

/** The readings of a test, made once. */
function readingsOf(test: string): Promise<Map<string, ThpReading[]>> {
  const known = simulated.get(test) ?? simulatedReadings(SCENARIOS[test]!, 'events');
  simulated.set(test, known);
  return known;
}

/** Memory of the test of khugepaged, in KiB. */
const ALL_KIB = 32 * 2048;

/** How long khugepaged took until all was huge again; undefined if it did not get there. */
function msUntilCollapsed(readings: readonly ThpReading[], all: number): number | undefined {
  const index = readings.findIndex(({ anonhuge_kib }) => anonhuge_kib === all);
  return index < 0 ? undefined : (index + 1) * SCAN_MS;
}

/** Whether a count of the model is as the kernel's at a step. */
function rowCase(line: string): Case {
  const [test, step, field, low, high] = line.split(',') as [string, string, string, string, string];
  const by = (/^(limit|rewritten)/.test(step) ? UNDER_LIMIT : TOLERANCE)[field] ?? 0;
  return async () => {
    const readings = (await readingsOf(test)).get(step)!;
    const found: ThpReading = {
      ...readings.at(-1),
      ms_until_all_collapsed: msUntilCollapsed(readings, ALL_KIB) ?? -1,
    };
    expect(found[field]).toBeGreaterThanOrEqual(Number(low) - by);
    expect(found[field]).toBeLessThanOrEqual(Number(high) + by);
  };
}

const { rows } = csvLines('thp.csv');
const ids = rows.map((line) => line.split(',', 3).join(' '));

conform('thp.csv', ids, Object.fromEntries(ids.map((id, i) => [id, rowCase(rows[i]!)])));
