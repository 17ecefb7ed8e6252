import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvHeader, csvRows } from '../../metrics/csv.js';
import { DEFAULT_DRAWS } from '../../metrics/draws.js';
import { DRAW_COLUMNS, RUN_COLUMNS } from '../../metrics/files.js';
import { SCHEMA_VERSION } from '../../metrics/schema.js';
import { sha256 } from '../../output/owned.js';
import { runRow } from '../../testing/results.js';
import { readResults } from './results.js';

const ROW = runRow({
  ...{ experiment: 'e', trace: 'a', trace_sha256: 'a'.repeat(64), discard: 'keep' },
  ...{ events: 7, touches: 40, trace_time_us: 100 },
});
const header = csvHeader(RUN_COLUMNS);
const rows = csvRows(RUN_COLUMNS, [
  { ...ROW, pgfault: 40, resident_pages_mean: 29.6, minor_rate: 'n/a' },
  { ...ROW, cell: 2, discard: 'remove', general_profit: -64, struct_page_bytes: 1e21 },
]);
const TRACE = {
  ...{ trace: 'a', source: 'a.csv', trace_sha256: 'a'.repeat(64) },
  ...{ peak_pages: 8, page_bytes: 4096, touches_inferred: false },
};
const PERF_HEADER = 'name,sample,wall_ns,events,host\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-gate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

/** Writes runs.csv, and the manifest that belongs to it. */
function writeRuns(text: string, changes: object = {}): void {
  const draws = csvHeader(DRAW_COLUMNS);
  write('runs.csv', text);
  write('draws.csv', draws);
  const manifest = {
    schema: SCHEMA_VERSION,
    program: { name: 'reclaim-bench', version: '0.1.0', commit: 'c0ffee' },
    experiment: { name: 'e', traces: [{ entry: 'a.csv' }] },
    costs: { sha256: 'c'.repeat(64) },
    policy_modules: [],
    traces: [TRACE],
    draws: DEFAULT_DRAWS,
    cells: { planned: 2, ok: 2 },
    files: { 'runs.csv': sha256(text), 'draws.csv': sha256(draws) },
  };
  write('manifest.json', JSON.stringify({ ...manifest, ...changes }));
}

describe('a folder of results', () => {
  it('is read: numbers as numbers, nothing as null', () => {
    writeRuns(header + rows);
    write('perf.csv', `${PERF_HEADER}t,1,100,7,h\nt,2,110,7,h\ncell/9,1,0,0,h\n`);
    mkdirSync(join(folder, 'rerun'));
    write('rerun/perf.csv', `${PERF_HEADER}t,1,90,7,h\n`);
    const { experiment, perf, rerun } = readResults(folder);
    const [first, second] = experiment?.cells ?? [];
    expect(first?.values).toMatchObject({
      events: 7,
      pgfault: 40,
      resident_pages_mean: 29.6,
      minor_rate: 'n/a',
    });
    expect(first?.values.pgmajfault).toBeNull();
    expect(second).toMatchObject({ cell: '2', identity: { discard: 'remove', limit: 'none' } });
    expect(second?.values).toMatchObject({ general_profit: -64, struct_page_bytes: 1e21 });
    expect(experiment?.columns).not.toContain('cell');
    expect(perf).toEqual({
      host: 'h',
      samples: new Map([['t', { events: 7, wallNs: [100, 110], host: 'h' }]]),
    });
    expect(rerun?.samples.get('t')?.wallNs).toEqual([90]);
  });

  const runsCases: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    ['an empty file', '', /runs\.csv: is empty, expected a header line/],
    [
      'a missing column',
      csvHeader(RUN_COLUMNS.filter((column) => column !== 'swap')),
      /runs\.csv:1: missing column swap: the file was edited, or written by another version/,
    ],
    ['a column twice', header.replace(',pgfault,', ',pswpin,') + rows, /column "pswpin" appears twice/],
    [
      'a value that is no number',
      header + rows.replace('29.6', '29,6'),
      /runs\.csv:2: \d+ fields, expected \d+ as in the header/,
    ],
    [
      'a number with something behind it',
      header + rows.replace('29.6', '29.6 MiB'),
      /runs\.csv:2: resident_pages_mean is "29\.6 MiB", expected a number or nothing/,
    ],
    ['not a number', header + rows.replace('29.6', 'NaN'), /runs\.csv:2: resident_pages_mean is "NaN"/],
    [
      'an unknown outcome',
      header + rows.replace(',ok,', ',okay,'),
      /runs\.csv:2: unknown outcome "okay".* did you mean ok\?/,
    ],
    [
      'a cell twice',
      header + rows.replace(',remove,', ',keep,'),
      /runs\.csv:3: the same cell as in line 2, expected each cell once/,
    ],
    ['a quote that does not end', `${header}"${rows}`, /runs\.csv:\d+: /],
  ];
  for (const [name, text, message] of runsCases) {
    it(`is refused for ${name} in runs.csv`, () => {
      writeRuns(text);
      expect(() => readResults(folder)).toThrow(message);
    });
  }

  const manifestCases: readonly (readonly [name: string, set: () => void, message: RegExp])[] = [
    [
      'without a manifest',
      () => write('runs.csv', header + rows),
      /manifest\.json: no such file, expected the one that reclaim compare/,
    ],
    [
      'with an edited runs.csv',
      () => {
        writeRuns(header + rows);
        write('runs.csv', header + rows.replace('29.6', '29.5'));
      },
      /runs\.csv: changed since it was written: its SHA-256 is [0-9a-f]{12}…, expected [0-9a-f]{12}… as in manifest\.json/,
    ],
    [
      'of another schema version',
      () => writeRuns(header + rows, { schema: SCHEMA_VERSION + 1 }),
      /manifest\.json: expected schema version \d+, found \d+: .* run the experiment again/,
    ],
    [
      'without a schema version',
      () => writeRuns(header + rows, { schema: undefined }),
      /expected schema version \d+, found none/,
    ],
    [
      'with a manifest that is no JSON',
      () => {
        writeRuns(header + rows);
        write('manifest.json', '{');
      },
      /manifest\.json:\d+:\d+: not JSON: /,
    ],
    [
      'with an incomplete manifest',
      () => writeRuns(header + rows, { cells: {} }),
      /manifest\.json: cells\.planned: /,
    ],
  ];
  for (const [name, set, message] of manifestCases) {
    it(`is refused ${name}`, () => {
      set();
      expect(() => readResults(folder)).toThrow(message);
    });
  }

  const perfCases: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    ['an empty file', ' \n', /perf\.csv: is empty/],
    [
      'a missing column',
      'name,sample\na,1\n',
      /perf\.csv:1: missing columns wall_ns, events, host: the file was edited/,
    ],
    [
      'a time that is not a number',
      `${PERF_HEADER}t,1,fast,7,h\n`,
      /perf\.csv:2: wall_ns is "fast", expected a whole number/,
    ],
    ['two hosts', `${PERF_HEADER}t,1,5,7,h\nt,2,5,7,i\n`, /perf\.csv:3: host i after host h/],
  ];
  for (const [name, text, message] of perfCases) {
    it(`is refused for ${name} in perf.csv`, () => {
      write('perf.csv', text);
      expect(() => readResults(folder)).toThrow(message);
    });
  }

  it('is refused when it is not one', () => {
    expect(() => readResults(folder)).toThrow(
      /no results in it, expected a folder with runs\.csv, perf\.csv/,
    );
    expect(() => readResults(join(folder, 'none'))).toThrow(/none: no such folder/);
    write('file', '');
    expect(() => readResults(join(folder, 'file'))).toThrow(/this is a file, expected a folder of results/);
    mkdirSync(join(folder, 'perf.csv'));
    expect(() => readResults(folder)).toThrow(/perf\.csv: is a directory, expected a file/);
  });
});
