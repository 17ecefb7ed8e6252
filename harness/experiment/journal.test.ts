import fc from 'fast-check';
import { expect, it } from 'vitest';
import { meanOfDraws } from '../metrics/draws.js';
import type { DrawRow, RunRow } from '../metrics/files.js';
import { thisHost } from '../metrics/host.js';
import { drawRows, momentOf, runRow } from '../testing/results.js';
import { entryText, type KeptResult, readEntry } from './journal.js';
import { packed } from './moments.js';

const INPUTS = 'a'.repeat(64);
const keys = runRow({ cell: 1, stall_ns: 1000, stall_minor_ns: 1000 });
const draws = drawRows([keys], 0.1);
const result: KeptResult = {
  cell: 1,
  outcome: 'ok',
  reason: undefined,
  run: { ...keys, ...meanOfDraws(draws) },
  draws,
  overheadPagesMean: 0,
  timeline: packed([momentOf({ time_us: 0.5, limit_pages: null }), momentOf({ label: 'a mark' })]),
  spaces: [],
  groups: [],
  calls: [],
  wallNs: 1,
  host: thisHost(),
};
const read = (changed: KeptResult) => readEntry(entryText(INPUTS, changed), INPUTS, keys);

it('reads what was written', () => {
  expect(read(result)).toEqual({ ...JSON.parse(JSON.stringify(result)), timeline: result.timeline });
  expect(readEntry(entryText(INPUTS, result), 'b'.repeat(64), keys)).toBeUndefined();
});

it('the result of another cell counts as missing, although its checksum is right', () => {
  for (const other of [{ discard: 'other' }, { limit: '10%' }, { trace_sha256: 'f'.repeat(64) }, { seed: 7 }])
    expect(read({ ...result, run: { ...result.run, ...other } })).toBeUndefined();
});

it('so does one that was edited, with a checksum made again, where it no longer agrees with itself', () => {
  const withRun = (run: Record<string, unknown>) => ({ ...result, run: { ...result.run, ...run } as RunRow });
  expect(read(withRun({ stall_ns: 999_999 }))).toBeUndefined();
  expect(read(withRun({ pgfault: 'many' }))).toBeUndefined();
  expect(read(withRun({ outcome: 'fine' }))).toBeUndefined();
  const edited = draws.map((row, i): DrawRow => (i === 1 ? { ...row, stall_minor_ns: 1 } : row));
  expect(read({ ...result, draws: edited })).toBeUndefined();
  expect(read({ ...result, draws: draws.slice(1) })).toBeUndefined();
  for (const numbers of [[1], [...Array(17).fill(0), 'none']])
    expect(read({ ...result, timeline: { labels: [], numbers } } as unknown as KeptResult)).toBeUndefined();
  expect(
    read({ ...result, host: { ...result.host, cores: 'two' } } as unknown as KeptResult),
  ).toBeUndefined();
});

it('whatever else a file holds counts as missing', () => {
  const text = entryText(INPUTS, result);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, other) => {
      fc.pre(text.slice(at, at + other.length) !== other);
      expect(
        readEntry(text.slice(0, at) + other + text.slice(at + other.length), INPUTS, keys),
      ).toBeUndefined();
    }),
    { numRuns: 300 },
  );
  for (const other of [
    '',
    '{}',
    'null',
    '[]',
    '{"result":null}',
    `{"inputs":"${INPUTS}","sha256":"","result":1}`,
  ])
    expect(readEntry(other, INPUTS, keys)).toBeUndefined();
});
