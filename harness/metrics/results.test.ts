import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Papa from 'papaparse';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeComparison } from '../testing/results.js';
import { cellText, csvHeader, csvRows } from './csv.js';
import { DEFAULT_DRAWS } from './draws.js';
import { parseNumbers, parseTable, ResultsFolder } from './results.js';

const COLUMNS = { cell: 'number', trace: 'text', outcome: 'outcome', pgfault: 'number?' } as const;
const table = (text: string) => parseTable(text, 'runs.csv', COLUMNS, { major_rate: 'applicable?' }).rows;

const field = {
  number: fc.oneof(
    fc.nat(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt(0n, 10n ** 17n).map(Number),
  ),
  text: fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
};
const anyRow = fc.record({
  cell: field.number,
  trace: field.text,
  outcome: fc.constantFrom('ok', 'oom', 'failed'),
  pgfault: fc.option(field.number),
});

it('rows are those of CSV, as Papa Parse reads and writes it, with quotes and without', () => {
  fc.assert(
    fc.property(fc.array(anyRow), (rows) => {
      const columns = ['cell', 'trace', 'outcome', 'pgfault'] as const;
      const data = rows.map((row) => columns.map((column) => cellText(row[column])));
      const text = csvHeader(columns) + csvRows(columns, rows);
      expect(text).toBe(`${Papa.unparse([[...columns], ...data], { newline: '\n' })}\n`);
      const unquoted = rows.filter(({ trace }) => !/["\r\n]/.test(trace));
      for (const some of [rows, unquoted]) {
        const body = csvRows(columns, some);
        // Where a header has quotes the records are read as CSV.
        const asCsv = table(`"cell",trace,outcome,pgfault\n${body}`);
        expect(table(csvHeader(columns) + body)).toEqual(asCsv);
      }
    }),
  );
});

it('numbers by column are those of the rows, with quotes and without', () => {
  const needed = { cell: 'number', trace: 'text?', pgfault: 'number?' } as const;
  fc.assert(
    fc.property(fc.array(anyRow), (rows) => {
      const columns = ['trace', 'cell', 'other', 'pgfault'] as const;
      const text =
        csvHeader(columns) +
        csvRows(
          columns,
          rows.map((row, i) => ({ ...row, other: i % 2 === 0 ? 'n/a' : i })),
        );
      const found = parseNumbers(Buffer.from(text), 'timeline.csv', needed);
      const expected = parseTable(text, 'timeline.csv', needed).rows;
      expect([...found.keys()]).toEqual(['cell', 'other', 'pgfault']);
      for (const column of ['cell', 'pgfault'] as const)
        expect([...found.get(column)!]).toEqual(expected.map((row) => row[column] ?? Number.NaN));
    }),
  );
});

it.each([
  ['cell,pgfault\n1,2\n1O,2\n', 'timeline.csv:3: cell is "1O", expected a number'],
  ['cell,pgfault\n1,2\n3\n', 'timeline.csv:3: 1 fields, expected 2 as in the header'],
  ['cell,pgfault\n1,2\n\n', 'timeline.csv:3: 1 fields, expected 2 as in the header'],
  ['cell\n1\n', 'timeline.csv:1: missing column pgfault'],
  ['', 'timeline.csv: is empty'],
])('numbers by column are refused as rows are: %j', (text, message) => {
  const needed = { cell: 'number', pgfault: 'number?' } as const;
  expect(() => parseNumbers(Buffer.from(text), 'timeline.csv', needed)).toThrow(message);
});

describe('a result file', () => {
  it('is read by names of columns: numbers, texts, and null for what was not measured', () => {
    const rows =
      'pgfault,trace,cell,outcome,other,major_rate\n-1.5e3,1e5,7,ok,,0.5\n,"a\nb",8,oom,9,n/a\n3,t,9,ok,n/a,\n';
    expect(table(rows)).toEqual([
      // A trace may be called like a number.
      { pgfault: -1500, trace: '1e5', cell: 7, outcome: 'ok', other: null, major_rate: 0.5 },
      { pgfault: null, trace: 'a\\x0ab', cell: 8, outcome: 'oom', other: 9, major_rate: 'n/a' },
      { pgfault: 3, trace: 't', cell: 9, outcome: 'ok', other: 'n/a', major_rate: null },
    ]);
  });

  it.each([
    ['', 'runs.csv: is empty'],
    [
      'cell,trace,outcome\n',
      'runs.csv:1: missing column pgfault: the file was edited, or written by another version',
    ],
    ['a\n', 'runs.csv:1: missing columns cell, trace, outcome and 1 more'],
    ['cell,cell,trace,outcome,pgfault\n', 'runs.csv:1: column "cell" appears twice'],
    ['cell,trace,outcome,pgfault\n1,t,ok\n', 'runs.csv:2: 3 fields, expected 4 as in the header'],
    ['cell,trace,outcome,pgfault\n1,t,ok,1\n\n', 'runs.csv:3: 1 fields, expected 4'],
    [
      'cell,trace,outcome,pgfault\n1,"t\nu",ok,1\n2,t,ok,1O\n',
      'runs.csv:4: pgfault is "1O", expected a number or nothing',
    ],
    [
      'cell,trace,outcome,pgfault\n1,t,ok,n/a\n',
      'runs.csv:2: pgfault is "n/a", expected a number or nothing',
    ],
    ['cell,trace,outcome,pgfault\n,t,ok,1\n', 'runs.csv:2: cell is "", expected a number'],
    ['cell,trace,outcome,pgfault\n1,,ok,1\n', 'runs.csv:2: trace is empty, expected a text'],
    [
      'cell,trace,outcome,pgfault,major_rate\n1,t,ok,1,no\n',
      'runs.csv:2: major_rate is "no", expected a number, nothing or n/a',
    ],
    [
      'cell,trace,outcome,pgfault\n1,t,fine,1\n',
      'runs.csv:2: unknown outcome "fine", expected one of ok, refused',
    ],
    ['cell,trace,outcome,pgfault\n1,"t,ok,1\n', 'runs.csv:2: Quoted field unterminated'],
  ])('is refused: %j', (text, message) => {
    expect(() => table(text)).toThrow(message);
  });
});

describe('a folder of results', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reclaim-results-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('returns its rows and its manifest', () => {
    writeComparison(folder);
    const results = ResultsFolder.open(folder);
    expect(results.rows('runs.csv')).toHaveLength(20);
    expect(results.rows('runs.csv')[5]).toMatchObject({ cell: 6, limit_pages: 768, major_rate: 'n/a' });
    expect(results.draws.get(6)).toHaveLength(DEFAULT_DRAWS);
    expect(results.draws.get(5)).toBeUndefined(); // refused
    expect(results.manifest.traces.map(({ trace }) => trace)).toEqual(['browser', 'cache']);
  });

  it('is refused when it holds none', () => {
    expect(() => ResultsFolder.open(join(folder, 'none'))).toThrow(/none: no such folder/);
    expect(() => ResultsFolder.open(folder)).toThrow(/no results in it, expected a folder with runs.csv/);
  });

  it('is refused where draws.csv was edited', () => {
    writeComparison(folder);
    const path = join(folder, 'draws.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replace('2000', '2001'));
    expect(() => ResultsFolder.open(folder).draws).toThrow(/draws.csv: changed since it was written/);
  });

  it('is refused with a manifest of another version, or a wrong one', () => {
    writeComparison(folder);
    const path = join(folder, 'manifest.json');
    const json = JSON.parse(readFileSync(path, 'utf8'));
    const opened = (content: unknown) => {
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return () => ResultsFolder.open(folder).manifest;
    };
    expect(opened({ ...json, schema: 1 })).toThrow(
      /manifest.json: expected schema version 2, found 1: .* run the experiment again/,
    );
    expect(opened({ ...json, schema: undefined })).toThrow(/expected schema version 2, found none/);
    expect(opened({ ...json, traces: [{ ...json.traces[0], page_bytes: 'x' }] })).toThrow(
      /manifest.json: traces.0.page_bytes: Invalid input: expected number/,
    );
    expect(opened('{')).toThrow(/manifest.json:1:2: not JSON: /);
    rmSync(path);
    expect(() => ResultsFolder.open(folder).manifest).toThrow(
      /manifest.json: no such file, expected the one that reclaim compare/,
    );
  });
});
