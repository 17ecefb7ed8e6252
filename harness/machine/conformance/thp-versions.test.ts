import { expect } from 'vitest';
import { type Case, conform, csvLines, each, skip } from '../../testing/conformance.js';
import { simulatedReadings, type ThpReading } from '../../testing/thp.js';
import { SCENARIOS, TOLERANCE_OF_VERSIONS, unlimitedEvents } from '../../testing/thp-scenarios.js';

const FIRST_PAGE_ALONE = skip(
  '6.1 takes the first page for all where it asks whether others share them (folio_estimated_sharers): with it unmapped, FREE does nothing',
);
const ALLOCATED_IN_VAIN = skip('a huge page is allocated, and counted, for a collapse that then fails');

/** Rows that the model does not have. */
const SKIPPED: Readonly<Record<string, Case>> = {
  ...each(
    ['lazyfree_kib', 'thp_split_page', 'pglazyfree', 'memcg_user_kib'].map(
      (field) => `6.1 part_after_mprotect freed_after_unmapping ${field}`,
    ),
    () => FIRST_PAGE_ALONE,
  ),
  ...each(
    [
      '6.12 collapse_after_fork child_collapsed thp_collapse_alloc',
      '6.12 collapse_after_fork collapsed_without_child thp_collapse_alloc',
      '6.12 collapse_after_fork collapsed_with_one_written thp_collapse_alloc',
      '7.2 collapse_after_fork collapsed_with_one_written thp_collapse_alloc',
    ],
    () => ALLOCATED_IN_VAIN,
  ),
};

const simulated = new Map<string, Promise<Map<string, ThpReading[]>>>();

/** The readings of a test on the model of a kernel, made once; thp.test.ts checks the same events one by one. */
function readingsOf(kernel: string, test: string): Promise<Map<string, ThpReading[]>> {
  const key = `${kernel} ${test}`;
  const scenario = SCENARIOS[test]!;
  const events = [
    `set,,,,kernel.version=${kernel}`,
    'set,,,,thp.enabled=madvise',
    ...unlimitedEvents(scenario),
  ];
  const known = simulated.get(key) ?? simulatedReadings({ ...scenario, events }, 'marks');
  simulated.set(key, known);
  return known;
}

function rowCase(line: string): Case {
  const [kernel, test, step, field, value] = line.split(',') as [string, string, string, string, string];
  const by = TOLERANCE_OF_VERSIONS[field] ?? 0;
  return async () => {
    const found = (await readingsOf(kernel, test)).get(step)!.at(-1)![field]!;
    expect(Math.abs(found - Number(value)), `${found}, not ${value}`).toBeLessThanOrEqual(by);
  };
}

const { rows } = csvLines('thp_versions.csv');
const ids = rows.map((line) => line.split(',', 4).join(' '));

conform('thp_versions.csv', ids, {
  ...Object.fromEntries(ids.map((id, i) => [id, rowCase(rows[i]!)])),
  ...SKIPPED,
});
