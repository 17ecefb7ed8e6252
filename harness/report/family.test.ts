import { describe, expect, it } from 'vitest';
import type { DrawsByCell } from '../metrics/draws.js';
import type { RunRow } from '../metrics/files.js';
import { runRow, spaceRow } from '../testing/results.js';
import type { TraceFacts } from './comparison.js';
import { paretoFront } from './pareto.js';
import { comparisonText } from './text.js';

const FACTS: TraceFacts = {
  label: 't',
  family: 'browser',
  pageBytes: 4096,
  peakPages: 1024,
  touches: 'recorded',
};

/** A cell that saved some pages for some stall time, most of it in discard calls. */
function cell(discard: string, saved: number, stallMs: number, more: Partial<RunRow> = {}): RunRow {
  return runRow({
    trace: 't',
    discard,
    footprint_pages_mean: 1024 - saved,
    saved_pages_mean: saved,
    major_rate: 0.5,
    stall_ns: stallMs * 1e6,
    stall_discard_ns: stallMs * 0.75e6,
    discard_calls: discard === 'keep' ? 0 : 4,
    discard_errors: 0,
    ...more,
  });
}

const KEEP = cell('keep', 0, 10, { stall_discard_ns: 0 });
const names = (rows: readonly RunRow[]) => rows.map((row) => row.discard);

const NO_DRAWS: DrawsByCell = new Map();

describe('the Pareto front', () => {
  it('has the cells that no other cell beats: in saving at the same cost, or in cost at the same saving', () => {
    const rows = [KEEP, cell('remove', 512, 20), cell('punch', 256, 15), cell('free', 256, 16)];
    expect(names(paretoFront(rows))).toEqual(['keep', 'remove', 'punch']);
  });

  it('counts differences below what can be told as none', () => {
    const rows = [cell('remove', 512, 20), cell('punch', 511, 20.1), cell('free', 511, 20.4)];
    expect(names(paretoFront(rows))).toEqual(['remove', 'punch']);
  });

  it('has no cell that saves nothing, was refused or did not end', () => {
    const rows = [
      KEEP,
      cell('dontneed', 0, 10),
      cell('free', 900, 1, { discard_errors: 4 }),
      cell('remove', 900, 1, { outcome: 'oom' }),
    ];
    expect(names(paretoFront(rows))).toEqual(['keep']);
  });
});

describe('the text of a family', () => {
  const limited = { limit_pages: 512 };
  const runs = [
    KEEP,
    cell('remove', 512, 20, { cell: 2 }),
    cell('free', 0, 10, { discard_errors: 4 }),
    cell('keep', 0, 90, limited),
    cell('remove', 512, 20, { ...limited, cell: 5 }),
    cell('free', 0, 90, { ...limited, discard_errors: 4 }),
  ];
  const spaces = [
    spaceRow({ cell: 5, space: 1, name: 'browser', stall_ns: 15e6 }),
    spaceRow({ cell: 5, space: 2, name: 'renderer', stall_ns: 5e6 }),
    spaceRow({ cell: 5, space: null, name: '(mapped by no space)', stall_ns: null }),
  ];
  const text = comparisonText({ draws: NO_DRAWS, runs, spaces, traces: [FACTS] });

  it('has one table, a column group per limit, with marks', () => {
    expect(text).toMatch(/^browser: reclaim linux, swap ssd\n/);
    expect(text).toMatch(/no limit.*limit 50 %/);
    expect(text).toMatch(/│ t +│ keep +│ +0\* │ +0\.50 │ +10\.0 │ +0 {2}│ +0\.50 │ +90\.0 │/);
    expect(text).toMatch(/│ +│ remove +│ +2\.0\* │ +0\.50 │ +20\.0 │ +2\.0\* │/);
    expect(text).toMatch(/│ free +│ +refused │ +│ +│ +refused │/);
  });

  it('says in three sentences which save most, which stall least and which space pays, and whether a price decides', () => {
    expect(text).toContain(
      [
        'What the browser family shows:',
        '- Most memory saved, no limit: t: remove (2.0 MiB, 50 % of what keep holds).',
        '- Shortest stalls, limit 50 %: t: remove (20.0 ms against 90.0 with keep, 75 % of it paid by browser).',
        '- Halving or doubling any one class of cost changes no mark.',
      ].join('\n'),
    );
  });

  it('leaves out a kind of memory that a trace cannot have, and says so', () => {
    const refused = runs.map((row) => ({ ...row, backing: 'shmem', outcome: 'refused' as const }));
    const both = comparisonText({
      draws: NO_DRAWS,
      runs: [...runs, ...refused],
      spaces: [],
      traces: [FACTS],
    });
    expect(both).toContain('Left out: t on shmem (not possible).');
    expect(both).not.toContain('│ on shmem');
  });

  it('leaves out a kind of memory that changes nothing, and puts equal policies on one line', () => {
    const anon = runs.map((row) => ({ ...row, backing: 'anon' }));
    const equal = [cell('punch', 512, 20), cell('punch', 512, 20, limited)];
    const both = comparisonText({
      draws: NO_DRAWS,
      runs: [...runs, ...equal, ...anon],
      spaces: [],
      traces: [FACTS],
    });
    expect(both).toMatch(/│ +│ remove, punch +│ +2\.0\* │/);
    expect(
      comparisonText({ draws: NO_DRAWS, runs: [...runs, ...anon], spaces: [], traces: [FACTS] }),
    ).toContain('Left out: t on anon (same as recorded).');
  });

  it('says that prices of volatile ranges are proxies where there are some', () => {
    expect(text).not.toContain('proxies');
    const volatile = [...runs, cell('volatile', 10, 10)];
    expect(comparisonText({ draws: NO_DRAWS, runs: volatile, spaces: [], traces: [FACTS] })).toContain(
      'are proxies',
    );
  });

  it('names the kind of memory where it is not the recorded one', () => {
    const anon = [KEEP, cell('free', 100, 10)].map((row) => ({ ...row, backing: 'anon' }));
    const both = comparisonText({ draws: NO_DRAWS, runs: [...runs, ...anon], spaces: [], traces: [FACTS] });
    expect(both).toMatch(/│ t +│ keep[\s\S]*│ t +│ keep[\s\S]*│ on anon +│/);
    expect(both).toContain('t on anon: free (0.4 MiB');
  });
});

describe('an experiment that compares ways to purge', () => {
  const purged = (purge: string, more: Partial<RunRow>) => [
    cell('keep', 0, 10, { purge }),
    cell('volatile', 256, 20, { purge, regenerated_pages: 512, ...more }),
  ];
  const runs = [...purged('range-lru', {}), ...purged('page-lru', { saved_pages_mean: 0 })];

  it('has keep once, a row a purge policy, and what had to be made again', () => {
    const text = comparisonText({ draws: NO_DRAWS, runs, spaces: [], traces: [FACTS] });
    expect(text).toMatch(/^browser: reclaim linux, swap ssd, discard volatile\n/);
    expect(text.match(/│ keep/g)).toHaveLength(1);
    expect(text).toMatch(/│ range-lru +│ +1\.0\* │ +2\.0 │ +20\.0 │/);
    expect(text).toContain('t: range-lru (1.0 MiB, 25 % of what keep holds)');
  });

  it('has the same rows where the trace has no family', () => {
    const text = comparisonText({
      draws: NO_DRAWS,
      runs,
      spaces: [],
      traces: [{ ...FACTS, family: undefined }],
    });
    expect(text.match(/│ none {2}│ keep/g)).toHaveLength(1);
    expect(text).toMatch(/│ range-lru [\s\S]*│ page-lru /);
  });
});
