import { describe, expect, it } from 'vitest';
import type { RunRow } from '../metrics/files.js';
import { runRow } from '../testing/results.js';
import type { TraceFacts } from './comparison.js';
import { familyTables } from './family-table.js';
import { findings, findingText } from './findings.js';
import { comparisonTables } from './table.js';

const FACTS = ['a', 'b'].map(
  (label): TraceFacts => ({
    label,
    family: 'f',
    pageBytes: 4096,
    peakPages: label === 'a' ? 1024 : 2048,
    touches: 'recorded',
  }),
);

/** A cell of each of two policies on each trace, on machines of these shares of its peak; 0 is a machine that is never short. */
function rows(shares: readonly number[]): RunRow[] {
  return FACTS.flatMap(({ label, peakPages }) =>
    shares.flatMap((share) =>
      ['keep', 'remove'].map((discard) =>
        runRow({
          trace: label,
          memory_pages: share === 0 ? null : peakPages * share,
          discard,
          footprint_pages_mean: discard === 'keep' ? 1024 : 512,
          saved_pages_mean: discard === 'keep' ? 0 : 512,
          stall_ns: discard === 'keep' ? 1e6 : 2e6,
          discard_calls: discard === 'keep' ? 0 : 4,
          discard_errors: 0,
        }),
      ),
    ),
  );
}

describe('machines of several sizes', () => {
  it('have a table each, that says which', () => {
    const text = comparisonTables({ runs: rows([0, 0.5]), traces: FACTS }, FACTS);
    expect(text.match(/^a: reclaim linux, swap ssd, memory (none|2.0 MiB);/gm)).toHaveLength(2);
    expect(text.match(/^b: reclaim linux, swap ssd, memory (none|4.0 MiB);/gm)).toHaveLength(2);
  });

  it('have a sentence each', () => {
    const results = { runs: rows([0, 0.5]), spaces: [], traces: FACTS };
    const family = findings(results, FACTS).map(findingText).join('\n');
    expect(family).toMatch(/a, memory none: .*a, memory 2.0 MiB: /);
  });
});

describe('machines of one share of the peak', () => {
  it('differ in pages from trace to trace and share the table of their family', () => {
    const { tables } = familyTables('f', rows([0.5]), FACTS);
    expect(tables.map(({ title }) => title)).toEqual(['f: reclaim linux, swap ssd']);
  });
});
