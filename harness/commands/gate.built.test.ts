import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { FORMATS } from '../gate/formats/registry.js';
import { parseCsv } from '../metrics/csv.js';
import { PERF_COLUMNS } from '../metrics/files.js';
import { CliFolder, TRACE } from '../testing/cli-folder.js';

const cli = new CliFolder('one process');
const gate = (...args: string[]) => cli.run('gate', ...args);
const path = (...names: string[]) => join(cli.path, ...names);

const EXPERIMENT = [
  'name: e',
  'traces:',
  '  - a.csv',
  '  - { workload: zipf, params: { pages: 60, events: 300 } }',
  'discard: [keep, remove]',
  'limits: [none, 50%]',
  '',
].join('\n');

beforeAll(() => {
  cli.write('e.yaml', EXPERIMENT);
  expect(cli.run('compare', 'e.yaml', '--out', 'base', '--no-report').code).toBe(0);
  // The same program on a trace of another ten pages: what a change of the program would look like.
  cli.write('a.csv', TRACE.replace('1,write,1,0,40,', '1,write,1,0,40,\n2,write,1,0,40,'));
  expect(cli.run('compare', 'e.yaml', '--out', 'other-trace', '--no-report').code).toBe(0);
  cli.write('a.csv', TRACE);
  const costs = readFileSync(packageFile('harness', 'cost', 'default.json'), 'utf8');
  cli.write(
    'costs.json',
    costs.replace(/("(?:anon|shmem)_write": \{ "ns": )[\d.]+/g, (_, key) => `${key}9999`),
  );
  cli.write('dear.yaml', `${EXPERIMENT}costs: costs.json\n`);
  expect(cli.run('compare', 'dear.yaml', '--out', 'dear', '--no-report').code).toBe(0);
});

/** A copy of results; without its wall times, which say nothing here. */
function copy(from: string, to: string): void {
  cpSync(path(from), path(to), { recursive: true });
}

describe('reclaim gate', () => {
  it('passes identical runs', () => {
    copy('base', 'same');
    const { code, stdout, stderr } = gate('base', 'same', '--strict');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\npass: 8 cells compared; 1 notice \(strict: warnings fail\)\n$/);
  });

  it('fails for a changed trace with exit code 1', () => {
    const { code, stdout } = gate('base', 'other-trace');
    expect(code).toBe(1);
    expect(stdout).toMatch(/failure: trace-changed: a different trace under the same name/);
    expect(stdout).toMatch(/\nfail: 4 cells/);
  });

  it('fails for a worse metric, with commands that show it', () => {
    const { code, stdout } = gate('base', 'dear', '--format', 'json');
    expect(code).toBe(1);
    const { cells } = JSON.parse(stdout);
    expect(cells).toHaveLength(8);
    // The worst of each trace: one is a file, the other is generated first.
    const worst = ['a', 'zipf'].map((trace) =>
      cells.find(({ name }: { name: string }) => name.startsWith(trace)),
    );
    for (const { reproduce, findings } of worst) {
      const commands = reproduce.map((line: string) => line.split(' ').slice(1));
      const outputs = commands.map((args: string[]) => {
        const {
          code: ended,
          stdout: printed,
          stderr,
        } = cli.run(...args, ...(args[0] === 'replay' ? ['--format', 'json'] : []));
        expect(ended, stderr).toBe(0);
        return printed;
      });
      const replayed = JSON.parse(outputs.at(-1));
      expect(findings.length).toBeGreaterThan(0);
      for (const { metric, candidate } of findings) expect(replayed[metric], metric).toBe(candidate);
    }
  });

  it('accepts a wanted change as the new baseline, which says nothing of the host', () => {
    const { code, stdout } = gate('accepted', 'dear', '--update');
    expect([code, stdout]).toEqual([0, 'accepted: 8 cells of dear\n']);
    expect(readdirSync(path('accepted')).sort()).toEqual(['draws.csv', 'manifest.json', 'runs.csv']);
    expect(Object.keys(JSON.parse(readFileSync(path('accepted', 'manifest.json'), 'utf8')))).not.toContain(
      'host',
    );
    expect(gate('accepted', 'dear', '--strict').code).toBe(0);
  });

  it('writes a file a format', () => {
    const names = FORMATS.map(({ name }) => name).join(',');
    const { code, stdout } = gate('base', 'dear', '--format', names, '--out', 'report');
    expect([code, stdout.startsWith('baseline: base')]).toEqual([1, true]);
    expect(readdirSync(path('report')).sort()).toEqual(
      ['files.json', ...FORMATS.map(({ file }) => file)].sort(),
    );
  });

  it('compares the wall times of bench', () => {
    const perf = (host: string, ns: (sample: number) => number) =>
      [
        PERF_COLUMNS.join(','),
        ...Array.from({ length: 8 }, (_, i) => `t,${i + 1},${ns(i)},9,1,0.1.0,${host},c,2,1,o,n,v`),
        '',
      ].join('\n');
    for (const [name, text] of [
      ['quick', perf('h', (i) => 1000 + i)],
      ['slow', perf('h', (i) => 1050 + i)],
      ['elsewhere', perf('i', (i) => 1050 + i)],
    ] as const) {
      cpSync(path('base', 'manifest.json'), path(name, 'unused.json'));
      writeFileSync(path(name, 'perf.csv'), text);
    }
    expect(gate('quick', 'quick').code).toBe(0);
    const { code, stdout } = gate('quick', 'slow');
    expect(code).toBe(1);
    expect(stdout).toMatch(/│ t +│ +1\.00 µs │ +1\.05 µs │ \+5\.0 % │ 0\.00016 │ +1\.0 % │ slower │/);
    expect(gate('quick', 'slow', '--tolerance', 'wall_ns=6%').code).toBe(0);
    const other = gate('quick', 'elsewhere');
    expect([other.code, other.stderr]).toEqual([
      2,
      'reclaim: nothing to compare between quick and elsewhere: there is no runs.csv in both; wall times: different hosts (baseline h, candidate i)\n',
    ]);
  });

  it('tests itself', () => {
    const { code, stdout, stderr } = gate('--self-test');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/memory: each metric worse by 1 +│ fails/);
    const unmeasured = gate('--self-test', 'base');
    expect([unmeasured.code, unmeasured.stderr]).toEqual([0, '']);
  });

  it('has a baseline in this project, of the experiment that ships', () => {
    const baseline = packageFile('results', 'baseline');
    expect(gate(baseline, baseline).code).toBe(0);
    expect(JSON.parse(readFileSync(join(baseline, 'manifest.json'), 'utf8')).experiment.name).toBe('gate');
    const { rows } = parseCsv(readFileSync(join(baseline, 'runs.csv'), 'utf8'), 'runs.csv');
    const moves = (metric: string) => rows.some((row) => Number(row[metric]) > 0);
    for (const metric of [
      'pgmajfault',
      'cow_breaks',
      'pgscan_direct',
      'pgscan_kswapd',
      'workingset_refault_anon',
      'workingset_refault_file',
    ])
      expect(moves(metric), metric).toBe(true);
    for (const metric of [
      'pages_sharing',
      'cow_ksm',
      'pglazyfreed',
      'purged_pages',
      'regenerated_pages',
      'discard_errors',
    ])
      expect(moves(metric), metric).toBe(true);
    expect(new Set(rows.map(({ swap }) => swap))).toEqual(new Set(['ssd', 'zram']));
  });
});

describe('bad input of reclaim gate is one line and exit code 2', () => {
  const edited = (name: string, change: (text: string) => string) => {
    copy('base', 'edited');
    writeFileSync(path('edited', name), change(readFileSync(path('edited', name), 'utf8')));
  };
  const cases: readonly (readonly [name: string, args: string[], message: RegExp, setUp?: () => void])[] = [
    ['one folder', ['base'], /two folders of results are required: reclaim gate BASELINE CANDIDATE/],
    ['a missing folder', ['none', 'base'], /none: no such folder/],
    ['a file', ['base', 'a.csv'], /a\.csv: this is a file, expected a folder of results/],
    [
      'a folder of something else',
      ['base', '.'],
      /\.: no results in it, expected a folder with runs\.csv, perf\.csv/,
    ],
    [
      'an edited runs.csv',
      ['base', 'edited'],
      /edited\/runs\.csv: changed since it was written/,
      () => edited('runs.csv', (text) => text.replace(',ok,6,', ',ok,5,')),
    ],
    [
      'an empty runs.csv',
      ['edited', 'base'],
      /edited\/runs\.csv: changed since it was written/,
      () => edited('runs.csv', () => ''),
    ],
    [
      'a baseline of another schema',
      ['edited', 'base'],
      /expected schema version 2, found 0/,
      () => edited('manifest.json', (text) => text.replace('"schema": 2', '"schema": 0')),
    ],
    ['an unknown format', ['base', 'base', '--format', 'jsn'], /unknown format "jsn".*did you mean json\?/],
    [
      'several formats for one output',
      ['base', 'base', '--format', 'json,junit'],
      /names several formats, expected --out/,
    ],
    ['an invalid tolerance', ['base', 'base', '--tolerance', 'pgfault'], /expected METRIC=N% or METRIC=N/],
    [
      'an output that is a file',
      ['base', 'base', '--out', 'a.csv'],
      /a\.csv: results cannot be written there/,
    ],
    [
      'a baseline without cells to make',
      ['new', 'quick', '--update'],
      /quick: no runs\.csv, expected results of reclaim compare/,
    ],
  ];
  for (const [name, args, message, setUp] of cases) {
    it(name, () => {
      setUp?.();
      const { code, stdout, stderr } = gate(...args);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^reclaim: [^\n]+\n$/);
      expect([code, stdout]).toEqual([2, '']);
      expect(existsSync(path('new'))).toBe(false);
    });
  }
});
