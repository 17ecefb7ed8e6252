import { describe, expect, it } from 'vitest';
import type { RunRow } from '../metrics/files.js';
import { runRow } from '../testing/results.js';
import { isRanked, isRefused, type TraceFacts } from './comparison.js';
import { findings } from './findings.js';
import { listed, mib, ms, percent } from './format.js';
import { bestOf } from './pareto.js';
import { comparisonTables } from './table.js';

const FACTS: TraceFacts = { label: 't', pageBytes: 4096, peakPages: 1024, touches: 'recorded' };

function row(discard: string, values: Partial<RunRow> = {}): RunRow {
  return runRow({
    trace: 't',
    discard,
    footprint_pages_mean: 1024,
    resident_pages_mean: 1024,
    saved_pages_mean: 0,
    stall_ns: 1e6,
    discard_calls: 0,
    discard_errors: 0,
    ...values,
  });
}

const KEEP = row('keep');
const REMOVE = row('remove', {
  saved_pages_mean: 512,
  footprint_pages_mean: 512,
  discard_calls: 4,
  stall_ns: 1_000_000,
  stall_discard_ns: 4000,
});
const PUNCH = row('punch', {
  saved_pages_mean: 511,
  footprint_pages_mean: 513,
  discard_calls: 4,
  stall_ns: 1_005_000,
  stall_discard_ns: 3000,
});
const LOOKUP = row('punch:lookup=1', { saved_pages_mean: 511, discard_calls: 4, stall_ns: 2_000_000 });
const FREE = row('free', { discard_calls: 4, discard_errors: 4 });
const DONTNEED = row('dontneed', { discard_calls: 4 });

describe('the best cell', () => {
  it('saves most and, among equals, costs least; equals share the mark', () => {
    expect(bestOf([KEEP, REMOVE, PUNCH, LOOKUP])).toEqual([REMOVE, PUNCH]);
  });

  it('is never one that was refused, ran out of memory or saves nothing', () => {
    const refused = row('free', { saved_pages_mean: 900, discard_calls: 4, discard_errors: 4 });
    const oom = row('remove', { saved_pages_mean: 900, outcome: 'oom' });
    expect(bestOf([KEEP, refused, oom])).toEqual([]);
  });

  it('is not refused where no call was made: a managed policy within its budget is as keep', () => {
    const idle = row('remove-managed', { discard_calls: 0 });
    expect([isRefused(idle), isRanked(idle)]).toEqual([false, true]);
    expect(bestOf([KEEP, idle])).toEqual([]);
    // One call of many that succeeded is enough to be ranked.
    const some = row('volatile', { discard_calls: 9, discard_errors: 8, saved_pages_mean: 5 });
    expect(bestOf([KEEP, idle, some])).toEqual([some]);
  });
});

describe('the table', () => {
  it('marks the best, the refused, and cells that did not end', () => {
    const text = comparisonTables(
      [KEEP, REMOVE, FREE, row('punch', { outcome: 'oom', saved_pages_mean: null })],
      [FACTS],
    );
    expect(text).toMatch(/^t: reclaim linux, swap ssd\n/);
    expect(text).toMatch(/│ remove +│ +2\.0 │ 50 % │.*│ \* best +│/);
    expect(text).toMatch(/│ free .*│ refused │/);
    expect(text).toMatch(/│ punch .*│ oom +│/);
  });

  it('has fault columns only where touches were recorded', () => {
    expect(comparisonTables([KEEP, REMOVE], [FACTS])).toContain('major');
    expect(comparisonTables([KEEP, REMOVE], [{ ...FACTS, touches: 'inferred' }])).not.toContain('major');
  });
});

describe('the findings', () => {
  it('say what is best, what is equal, what frees nothing and what is refused', () => {
    const text = findings(
      [KEEP, REMOVE, { ...REMOVE, discard: 'punch', stall_discard_ns: 3000 }, DONTNEED, FREE],
      FACTS,
    ).join('\n');
    expect(text).toContain(
      'Without a limit, remove and punch tie for best: each saves 2.0 MiB on average (50 % of what keep holds), for 1.00 ms of stalls.',
    );
    expect(text).toContain(
      'remove and punch hold exactly the same memory and take the same faults under every limit; only the cost of a call differs: 1.0 and 0.8 \u00b5s on average.',
    );
    expect(text).toContain('dontneed: the calls succeed and free nothing.');
    expect(text).toContain('free: all 4 calls are refused');
  });

  it('say which calls were not made to spare files', () => {
    const sparing = { ...FREE, discard: 'remove', discard_refused: 4 };
    const text = findings([KEEP, sparing], FACTS).join('\n');
    expect(text).toContain('remove: the calls would destroy files that others use, so they were not made');
    expect(text).not.toContain('as the kernel does');
  });

  it('say of lazily freed memory that it stays while there is enough, and nothing once it went', () => {
    const free = row('free', { discard_calls: 4, pglazyfree: 100 });
    expect(findings([KEEP, free], FACTS)).toEqual([
      'free: the calls succeed, but the pages go only when memory is short, and it never was.',
    ]);
    const short = { limit_pages: 512 };
    const saving = [row('keep', short), row('free', { ...short, discard_calls: 4, saved_pages_mean: 9 })];
    expect(findings([KEEP, free, ...saving], FACTS).join('\n')).not.toContain('free: the calls succeed');
  });

  it('distinguish kinds of swap, and compare with no cell that ran out of memory', () => {
    const none = { swap: 'none', limit_pages: 512 };
    const oom = row('keep', { ...none, outcome: 'oom', saved_pages_mean: null, footprint_pages_mean: 9 });
    const text = findings([oom, row('remove', { ...none, saved_pages_mean: null }), KEEP, REMOVE], FACTS);
    expect(text).toEqual([
      'Without a limit, with swap ssd, remove is best: it saves 2.0 MiB on average (50 % of what keep holds), for 1.00 ms of stalls.',
      '1 cell ran out of memory: keep.',
    ]);
  });

  it('say nothing of a trace without rows', () => {
    expect(findings([KEEP], { ...FACTS, label: 'other' })).toEqual([]);
  });
});

describe('formats', () => {
  it('are short', () => {
    expect([mib(256, 4096), mib(10 * 256, 4096), mib(0, 4096)]).toEqual(['1.0', '10', '0']);
    expect([ms(1_234_567), ms(12_345_678), ms(123_456_789), ms(0)]).toEqual(['1.23', '12.3', '123', '0']);
    expect([percent(1, 3), percent(1, 0)]).toEqual(['33 %', '0 %']);
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});

describe('an experiment that compares ways to merge', () => {
  const ksm = row('keep', { merge: 'ksm', saved_pages_mean: 256, pages_sharing: 256, ksmd_cpu_ns: 5e6 });
  const runs = [row('keep'), ksm];

  it('has them in one table, with what ksmd did', () => {
    const text = comparisonTables(runs, [FACTS]);
    expect(text).toMatch(/^t: reclaim linux, swap ssd, discard keep\n/);
    expect(text).toMatch(/merge .*of .*\n.*none/);
    expect(text).toMatch(/none +│ none [\s\S]*│ ksm +│ +1\.0 │ 25 %[\s\S]*256 │[\s\S]*5\.00 │ \* best/);
  });

  it('says which is best, and what it costs', () => {
    expect(findings(runs, FACTS)).toEqual([
      'Without a limit, ksm is best: it saves 1.0 MiB on average (25 % of what none holds), for 5.00 ms of ksmd.',
    ]);
  });
});
