import { describe, expect, it } from 'vitest';
import type { Claim } from '../metrics/claim.js';
import type { RunRow } from '../metrics/files.js';
import { runRow } from '../testing/results.js';
import { CLAIM_COLUMNS, claimRows, claimsTable, judgeClaims } from './claims.js';

const ROWS: readonly RunRow[] = [
  runRow({ cell: 1, discard: 'keep', limit_pages: null, outcome: 'ok', pgfault: 100, saved_pages_mean: 0 }),
  runRow({
    cell: 2,
    discard: 'remove',
    limit_pages: null,
    outcome: 'ok',
    pgfault: 150,
    saved_pages_mean: 50,
  }),
  runRow({ cell: 3, discard: 'keep', limit_pages: 9, outcome: 'oom', oom_events: 1, pgfault: 10 }),
  runRow({
    cell: 4,
    discard: 'remove',
    limit_pages: 9,
    outcome: 'ok',
    pgfault: 10,
    saved_pages_mean: null,
    pgmajfault: 'n/a',
  }),
];

const of = (column: string, discard: string, limit: number | null = null) => ({
  column,
  where: { discard, limit_pages: limit },
});

function claim(values: Partial<Claim> = {}): Claim {
  return {
    id: 'F',
    claim: 'removing costs faults',
    source: 'a thread',
    claimed: 150,
    relation: '=',
    tolerance: 0,
    value: of('pgfault', 'remove'),
    times: 1,
    plus: 0,
    unit: 'faults',
    ...values,
  };
}

const judge = (values?: Partial<Claim>) => judgeClaims([claim(values)], ROWS)[0];

describe('a claim', () => {
  it('is computed as (value - minus) / over x times + plus', () => {
    expect(judge()?.computed).toBe(150);
    expect(judge({ minus: of('pgfault', 'keep') })?.computed).toBe(50);
    const all = { minus: of('pgfault', 'keep'), over: of('saved_pages_mean', 'remove'), times: 3, plus: 7 };
    expect(judge(all)?.computed).toBe(10);
  });

  const verdicts: readonly (readonly [Partial<Claim>, holds: boolean])[] = [
    [{ claimed: 150 }, true],
    [{ claimed: 151 }, false],
    [{ claimed: 151, tolerance: 0.01 }, true],
    [{ claimed: 149, tolerance: 0.005 }, false],
    [{ claimed: 150, relation: '>' }, false],
    [{ claimed: 150, relation: '>=' }, true],
    [{ claimed: 149, relation: '>' }, true],
    [{ claimed: 150, relation: '<' }, false],
    [{ claimed: 150, relation: '<=' }, true],
    [{ claimed: 151, relation: '<' }, true],
  ];
  for (const [values, holds] of verdicts) {
    it(`of ${JSON.stringify(values)} ${holds ? 'holds' : 'does not hold'} with 150`, () => {
      expect(judge(values)?.verdict).toBe(holds ? 'holds' : 'does not hold');
    });
  }

  it('that something runs out of memory can be checked', () => {
    const oom = { claimed: 1, relation: '>=' } as const;
    expect(judge({ ...oom, value: of('oom_events', 'keep', 9) })).toMatchObject({ verdict: 'holds' });
    expect(judge({ ...oom, value: of('oom_events', 'remove') })?.verdict).not.toBe('holds');
  });

  const missing: readonly (readonly [what: string, Partial<Claim>, reason: string])[] = [
    ['a cell that ran out of memory', { value: of('pgfault', 'keep', 9) }, 'cell 3 ended with outcome oom'],
    [
      'a cell without the number',
      { value: of('saved_pages_mean', 'remove', 9) },
      'saved_pages_mean of cell 4 is empty',
    ],
    [
      'a number that does not apply',
      { value: of('pgmajfault', 'remove', 9) },
      'pgmajfault of cell 4 is n/a: the trace lacks the accesses that it would need',
    ],
    ['no cell', { value: of('pgfault', 'free') }, 'pgfault is not of one cell'],
    [
      'a divisor of zero',
      { over: of('saved_pages_mean', 'keep') },
      'saved_pages_mean is 0, and nothing can be divided by it',
    ],
  ];
  for (const [what, values, reason] of missing) {
    it(`about ${what} is not computed, and says why`, () => {
      expect(judge(values)).toMatchObject({ computed: undefined, verdict: 'not computed', reason });
    });
  }
});

describe('the table of claims', () => {
  const judged = judgeClaims(
    [
      claim(),
      claim({ id: 'R', relation: '<', claimed: 1, over: of('pgfault', 'keep'), unit: '' }),
      claim({ id: 'T', claimed: 100, tolerance: 0.6 }),
      claim({ id: 'O', value: of('pgfault', 'keep', 9) }),
    ],
    ROWS,
  );

  it('shows what was claimed, what was computed, and whether it holds', () => {
    expect(`\n${claimsTable(judged)}\n`).toMatchInlineSnapshot(`
      "
      ┌───────────────┬────────────────────────────────────────────────┬─────────────────┬──────────────┬────────────────┐
      │               │ claim                                          │         claimed │     computed │ verdict        │
      ├───────────────┼────────────────────────────────────────────────┼─────────────────┼──────────────┼────────────────┤
      │ F             │ removing costs faults                          │      150 faults │          150 │ holds          │
      ├───────────────┼────────────────────────────────────────────────┼─────────────────┼──────────────┼────────────────┤
      │ R             │ removing costs faults                          │             < 1 │          1.5 │ does not hold  │
      ├───────────────┼────────────────────────────────────────────────┼─────────────────┼──────────────┼────────────────┤
      │ T             │ removing costs faults                          │      100 ± 60 % │          150 │ holds          │
      │               │                                                │          faults │              │                │
      ├───────────────┼────────────────────────────────────────────────┼─────────────────┼──────────────┼────────────────┤
      │ O             │ removing costs faults                          │      150 faults │              │ not computed:  │
      │               │                                                │                 │              │ cell 3 ended   │
      │               │                                                │                 │              │ with outcome   │
      │               │                                                │                 │              │ oom            │
      └───────────────┴────────────────────────────────────────────────┴─────────────────┴──────────────┴────────────────┘
      "
    `);
  });

  it('is claims.csv with sources, and reasons', () => {
    const rows = claimRows(judged);
    for (const row of rows) expect(Object.keys(row)).toEqual(CLAIM_COLUMNS);
    expect(rows.map(({ id, computed, verdict, reason }) => [id, computed, verdict, reason])).toEqual([
      ['F', 150, 'holds', null],
      ['R', 1.5, 'does not hold', null],
      ['T', 150, 'holds', null],
      ['O', null, 'not computed', 'cell 3 ended with outcome oom'],
    ]);
  });
});
