import { describe, expect, it } from 'vitest';
import type { RunRow } from '../metrics/files.js';
import { comparedCell as cell, FACTS } from '../testing/comparison.js';
import { familyTables } from './family-table.js';
import { findings, findingText } from './findings.js';
import { glanceOf } from './glance.js';
import { select } from './selection.js';
import { verdictOf } from './verdict.js';
import { verdictText } from './verdict-text.js';

const OTHER = { ...FACTS, label: 'o' };
const traces = [OTHER, FACTS];

/** Policies by what they save in pages, on one trace. */
function cells(thp: string, saved: Readonly<Record<string, number>>, more: Partial<RunRow> = {}): RunRow[] {
  return Object.entries(saved).map(([discard, pages]) =>
    cell(discard, pages, 100 + Math.max(0, pages), { thp, ...more }),
  );
}

const NEVER = { keep: 0, dontneed: 512, free: 100 };

/** A trace without huge pages, and one also with them. */
function results(always: Readonly<Record<string, number>>, more: Partial<RunRow> = {}) {
  const runs = [
    ...cells('never', NEVER, { trace: 'o' }),
    ...cells('never', NEVER, more),
    ...cells('always', always, more),
  ];
  return { runs, traces };
}

const textOf = (given: ReturnType<typeof results>) => verdictText(verdictOf(given)).replace(/\n/g, ' ');

describe('huge pages in a verdict', () => {
  it('are named where what is best saves less with them', () => {
    const given = results({ keep: 0, dontneed: 256, free: 100 });
    expect(verdictOf(given).parts[0]!.hugePages).toMatchObject([
      { trace: 't', limit: 'no limit', usual: 'never', thp: 'always', policy: 'dontneed', changes: true },
    ]);
    expect(textOf(given)).toContain('With thp always dontneed saves 1.0, not 2.0 MiB on t.');
  });

  it('are named where another policy is best with them, or none saves', () => {
    expect(textOf(results({ keep: 0, dontneed: 470, free: 900 }, { limit_pages: 512 }))).toContain(
      'With thp always dontneed saves 1.8, not 2.0 MiB on t (limit 50 %); free saves most.',
    );
    expect(textOf(results({ keep: 0, dontneed: -256, free: 0 }))).toContain(
      'With thp always dontneed costs 1.0 MiB on t.',
    );
  });

  it('are named where what is best has no result with them', () => {
    const given = results({ keep: 0, free: 100 });
    given.runs.push(cell('dontneed', 0, 1, { thp: 'always', outcome: 'oom', saved_pages_mean: null }));
    expect(textOf(given)).toContain('dontneed has no result on t; it saves 2.0 MiB with never');
  });

  it('change nothing where the same is best and saves about as much; without them there is no word of them', () => {
    expect(textOf(results({ keep: 0, dontneed: 500, free: 90 }))).toContain(
      'Huge pages change neither what is best nor what it saves.',
    );
    expect(textOf(results({}))).not.toMatch(/thp|Huge/);
  });

  it('do not take part in what to use, nor in its numbers', () => {
    const [only] = verdictOf(results({ keep: 0, dontneed: 1, free: 900 })).parts[0]!.use;
    expect(only).toMatchObject({ shown: ['dontneed'], best: 2, of: 2 });
    expect(only!.numbers.savedBytes).toEqual({ low: 512 * 4096, high: 512 * 4096 });
  });

  it('say that another way to reclaim is best', () => {
    const reclaim = (thp: string, linux: number, lru: number) => [
      cell('keep', 0, linux, { thp, reclaim: 'linux' }),
      cell('keep', 0, lru, { thp, reclaim: 'lru' }),
    ];
    const runs = [...reclaim('never', 10, 90), ...reclaim('always', 90, 10)];
    expect(textOf({ runs, traces: [FACTS] })).toContain('With thp always lru is best, not linux, on t');
  });
});

describe('huge pages of one trace of several', () => {
  const given = results({ keep: 0, dontneed: 256, free: 100 });

  it('are settings of their own, named on this trace alone', () => {
    const { settings } = select(given);
    expect(settings.map(({ trace, labels }) => [trace.label, ...labels])).toEqual([
      ['o'],
      ['t', 'thp never'],
      ['t', 'thp always'],
    ]);
  });

  it('have a table of their own', () => {
    const tables = [OTHER, FACTS].flatMap((trace) => familyTables('f', given.runs, [trace]).tables);
    expect(tables.map(({ title, traces: [block] }) => [title, block!.lines[1]!.cells[0]!.text])).toEqual([
      ['f: reclaim linux, swap ssd', '2.0'],
      ['f: reclaim linux, swap ssd, thp never', '2.0'],
      ['f: reclaim linux, swap ssd, thp always', '1.0'],
    ]);
  });

  it('leave the trace in the picture of the whole, without huge pages', () => {
    const rows = glanceOf(select(given))!.rows;
    expect(rows.map(({ trace, mostBytes }) => [trace.label, mostBytes])).toEqual([
      ['o', 512 * 4096],
      ['t', 512 * 4096],
    ]);
  });

  it('have a sentence each', () => {
    const sentences = findings({ ...given, spaces: [] }, [FACTS]).map(findingText);
    expect(sentences).toContain('With thp always dontneed saves 1.0, not 2.0 MiB on t.');
  });
});
