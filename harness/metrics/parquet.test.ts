import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, it } from 'vitest';
import { runRow } from '../testing/results.js';
import { cellText } from './csv.js';
import { RESULT_COLUMNS, type ResultFile } from './files.js';
import { resultParquet, unitOf } from './parquet.js';
import { METRICS } from './schema.js';

function bytesOf(file: ResultFile, rows: readonly object[]): ArrayBuffer {
  const all = Buffer.concat([...resultParquet(file, () => rows)]);
  return all.buffer.slice(all.byteOffset, all.byteOffset + all.length) as ArrayBuffer;
}

it('hyparquet reads the values of the CSV', async () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({
    ...runRow({ cell: i + 1, stall_ns: i * 1e9, minor_rate: i % 3 === 0 ? 'n/a' : i / 7 }),
    limit_pages: i % 2 === 0 ? null : 'trace',
    trace: `trace "${i % 5}", é`,
  }));
  const read = await parquetReadObjects({ file: bytesOf('runs.csv', rows) });
  expect(read).toHaveLength(rows.length);
  for (const [i, row] of read.entries()) {
    expect(Object.keys(row)).toEqual(Object.keys(RESULT_COLUMNS['runs.csv']));
    for (const [name, value] of Object.entries(row)) {
      const text = cellText((rows[i] as Record<string, string | number | null>)[name]);
      const shown = Number.isNaN(value) ? 'n/a' : value === null && text === 'trace' ? text : cellText(value);
      expect(shown, `${name} of ${i}`).toBe(text);
    }
  }
});

it('has more rows than a row group', async () => {
  const rows = Array.from({ length: 70_000 }, (_, i) => ({
    cell: i,
    call: 'munmap',
    errno: 'ok',
    count: 2 * i,
    pages: 1,
  }));
  const file = bytesOf('calls.csv', rows);
  expect(parquetMetadata(file).row_groups.map(({ num_rows }) => num_rows)).toEqual([65_536n, 4464n]);
  const read = await parquetReadObjects({ file, columns: ['count'] });
  expect(read.map(({ count }) => count)).toEqual(rows.map(({ count }) => count));
});

it('its metadata has the unit of each number, and the meaning of each metric', () => {
  const kv = parquetMetadata(bytesOf('runs.csv', [runRow({ cell: 1 })])).key_value_metadata!;
  const facts = JSON.parse(kv.find(({ key }) => key === 'reclaim.columns')!.value!);
  for (const { name, unit, better, meaning } of METRICS)
    expect(facts[name]).toEqual({ unit, better, meaning });
  expect(facts.trace).toEqual({});
  expect([facts.limit_pages, facts.trace_time_us, facts.touches, facts.seed]).toEqual([
    { unit: 'pages' },
    { unit: 'us' },
    { unit: 'count' },
    { unit: 'number' },
  ]);
});

it('knows the unit of every number in every file, none of them by accident', () => {
  const counts = Object.values(RESULT_COLUMNS).flatMap((columns) =>
    Object.entries(columns)
      .filter(([name, kind]) => !kind.startsWith('text') && kind !== 'outcome' && unitOf(name) === 'count')
      .map(([name]) => name),
  );
  const known = METRICS.filter(({ unit }) => unit === 'count').map(({ name }) => name as string);
  expect([...new Set(counts)].filter((name) => !known.includes(name)).sort()).toEqual([
    'cores',
    'count',
    'cpus',
    'difference',
    'draws',
    'events',
    'events_high',
    'events_low',
    'events_max',
    'events_oom',
    'events_oom_kill',
    'humps',
    'ksm_rmap_items',
    'live_max',
    'live_min',
    'misses',
    'requests',
    'runs',
    'simulated',
    'touches',
    'vmas',
  ]);
});

it('a file without rows has its columns', async () => {
  const file = bytesOf('calls.csv', []);
  expect(await parquetReadObjects({ file })).toEqual([]);
  expect(parquetMetadata(file).schema.map(({ name }) => name)).toEqual([
    'root',
    'cell',
    'call',
    'errno',
    'count',
    'pages',
  ]);
});
