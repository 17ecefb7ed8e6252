import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { CliFolder } from '../testing/cli-folder.js';
import { cannot, runProgram } from '../testing/system.js';
import { cellText, parseCsv } from './csv.js';

const DUCKDB = '@duckdb/node-api@1.5.6-r.1';

/** What this test calls of DuckDB. */
interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{
      connect(): Promise<{
        runAndReadAll(sql: string): Promise<{ getRowObjects(): Record<string, unknown>[] }>;
      }>;
    }>;
  };
}

const cli = new CliFolder();

it('DuckDB reads the values of the CSV files, and the units in the metadata', async (context) => {
  const folder = join(cli.path, 'duckdb');
  mkdirSync(folder);
  // Its binary is a package of its own, so that no script of an installation has to fetch it.
  const install = ['install', '--no-save', '--ignore-scripts', '--prefix', folder, DUCKDB];
  if (runProgram('npm', install, folder).code !== 0)
    return context.skip(cannot(`npm cannot install ${DUCKDB} here`));
  const entry = join(folder, 'node_modules', '@duckdb', 'node-api', 'lib', 'index.js');
  const { DuckDBInstance } = (await import(pathToFileURL(entry).href)) as DuckDb;
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  const rowsOf = async (sql: string) => (await database.runAndReadAll(sql)).getRowObjects();

  expect(cli.run('compare', 'e.yaml', '--out', 'r', '--no-report', '--format', 'parquet').code).toBe(0);
  for (const name of ['runs', 'draws', 'timeline', 'spaces', 'calls'] as const) {
    const { columns, rows } = parseCsv(readFileSync(join(cli.path, 'r', `${name}.csv`), 'utf8'), name);
    const read = await rowsOf(`from '${join(cli.path, 'r', `${name}.parquet`)}'`);
    const texts = read.map((row) => columns.map((column) => cellText(row[column] as string | number | null)));
    const expected = rows.map((row) => columns.map((column) => row[column]!.replace('n/a', 'NaN')));
    expect(rows.length, name).toBeGreaterThan(0);
    expect(texts, name).toEqual(expected);
  }
  const [facts] = await rowsOf(
    `select decode(value) as text from parquet_kv_metadata('${join(cli.path, 'r', 'runs.parquet')}') where decode(key) = 'reclaim.columns'`,
  );
  expect(JSON.parse(String(facts!.text)).stall_ns.unit).toBe('ns');
});
