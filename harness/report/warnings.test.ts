import { describe, expect, it } from 'vitest';
import type { RunRow } from '../metrics/files.js';
import { runRow } from '../testing/results.js';
import type { TraceFacts } from './comparison.js';
import { warningsOf } from './warnings.js';

const FACTS: TraceFacts = { label: 't', pageBytes: 4096, peakPages: 1024, touches: 'recorded' };
const row = (discard: string, more: Partial<RunRow> = {}): RunRow =>
  runRow({ trace: 't', discard, discard_calls: 4, ...more });
const whats = (runs: readonly RunRow[], planned?: number, traces = [FACTS]) =>
  warningsOf(runs, traces, planned).map(({ what }) => what);

describe('warnings', () => {
  it('say what a closed clock is, and what was slowed most', () => {
    const slow = row('dontneed', { clock: 'closed', slowdown: 1.25, limit: '50%', late_events: 3 });
    const [warning] = warningsOf([row('keep'), slow], [FACTS], 2);
    expect(warning?.what).toBe(
      "1 cell of 2 ran with a closed clock: a thread's stalls delay its own later events.",
    );
    expect(warning?.advice).toBe(
      'The largest slowdown is 1.25 times (t, dontneed, linux, limit 50%), against keep without a limit. Their means are over the time that the run took, from one draw of devices; what halved or doubled prices change is worked out as if events stayed where they are. With an open clock stalls are summed and delay nothing: compare within one clock. In 1 cell a thread was so far ahead of another that events came late (late_events): their run time is too long.',
    );
  });

  it('say why a slowdown is empty, and what to add', () => {
    const closed = { clock: 'closed', slowdown: null } as const;
    const adviceOf = (...runs: RunRow[]) =>
      warningsOf(runs, [FACTS], runs.length).find(({ what }) => /closed clock/.test(what))?.advice;
    const base = 'it is against the same with discard keep, merge none, no limit and no size of memory';
    expect(adviceOf(row('dontneed', { ...closed, limit: '50%' }))).toMatch(
      `In 1 cell there is no slowdown: ${base}, which is not among the cells: add none to limits, keep to discard.`,
    );
    const slowed = row('keep', { ...closed, slowdown: 1 });
    expect(adviceOf(slowed, row('free', { ...closed, limit: '50%', outcome: 'oom' }))).toMatch(
      /^The largest slowdown is 1\.00 times .*\. In 1 cell there is no slowdown: .*, and one of the two is missing, or did not run to its end\./,
    );
    expect(adviceOf(slowed)).not.toMatch('no slowdown');
    // The base of another trace is no base of this one.
    expect(adviceOf(slowed, row('keep', { ...closed, trace: 'u', limit: '50%' }))).toMatch(
      'add none to limits.',
    );
  });

  it('are none where all is well', () => {
    expect(whats([row('keep'), row('remove', { discard_errors: 3 })], 2)).toEqual([]);
  });

  it.each([
    ['inferred accesses', [row('keep')], 'The accesses of t were inferred, not recorded.'],
    ['first accesses', [row('keep')], 'Only first accesses were seen of t.'],
    [
      'prices that are proxies',
      [row('volatile:age=1')],
      'No kernel has volatile ranges today, so the prices of their calls are proxies.',
    ],
    [
      'cells that were not run',
      [row('free', { outcome: 'refused' }), row('keep')],
      '1 of 2 cells are not ranked: in 1 memory cannot be of that kind.',
    ],
    [
      'policies that are refused',
      [row('free', { discard_errors: 4 })],
      '1 of 1 cells are not ranked: in 1 every call is refused on that kind of memory.',
    ],
    ['memory that did not suffice', [row('keep', { outcome: 'oom' })], '1 cell ran out of memory (t).'],
    [
      'workers that died',
      [row('keep', { outcome: 'failed' })],
      '1 cell without a result: the run was interrupted, or a worker died.',
    ],
  ])('tell of %s, with advice', (_what, runs, expected) => {
    const traces = [
      {
        ...FACTS,
        touches: expected.includes('inferred')
          ? ('inferred' as const)
          : expected.startsWith('Only first')
            ? ('first-access' as const)
            : ('recorded' as const),
      },
    ];
    const warnings = warningsOf(runs, traces, runs.length);
    expect(warnings.map(({ what }) => what)).toEqual([expected]);
    expect(warnings[0]?.advice).toMatch(/\.$/);
  });

  it('tell of cells that an interrupted run lacks', () => {
    expect(whats([row('keep')], 3)).toEqual([
      '2 cells without a result: the run was interrupted, or a worker died.',
    ]);
  });

  it('name the traces that are composed, and what of them', () => {
    const origin = { whole: 'composed', parts: { accesses: 'recorded', placement: 'inferred' } } as const;
    const [warning] = warningsOf([row('keep')], [{ ...FACTS, origin }], 1);
    expect(warning?.what).toBe('t is composed, not recorded as a whole.');
    expect(warning?.advice).toContain('t: composed (accesses recorded, placement inferred)');
  });
});
