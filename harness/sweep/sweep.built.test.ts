import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { cellText, parseCsv } from '../metrics/csv.js';
import { sha256 } from '../output/owned.js';
import { startReclaim } from '../testing/cli.js';
import { CliFolder } from '../testing/cli-folder.js';
import { FileServer } from '../testing/file-server.js';
import { policyModule } from '../testing/offences.js';

const FILES = [
  'runs.csv',
  'draws.csv',
  'timeline.csv',
  'spaces.csv',
  'calls.csv',
  'claims.csv',
  'verdict.json',
];
/** Some cells share a run, one policy is refused, some run out of memory. */
const EXPERIMENT = `name: sweep
traces: [a.csv, { workload: zipf, params: { events: 20000, pages: 2000 } }]
discard: [keep, remove, "remove:eager=1", free]
reclaim: [linux, lru]
limits: [none, 50%]
claims:
  - { id: C1, claim: nothing, source: none, claimed: 0, value: { column: sigbus, where: { trace: a, discard: keep, reclaim: lru, limit: none } } }
`;

const cli = new CliFolder('one process');
const at = (...parts: string[]) => join(cli.path, ...parts);
const cells = (folder: string) => readdirSync(at(folder)).filter((name) => name.endsWith('.json'));

beforeAll(() => {
  cli.write('sweep.yaml', EXPERIMENT);
  expect(cli.run('compare', 'sweep.yaml', '--out', 'whole', '--no-report', '--quiet').code).toBe(0);
  expect(cli.run('plan', 'sweep.yaml', '-o', 'p.jsonl').code).toBe(0);
});

/** Starts a shard and kills it once it has finished a cell. */
async function killed(shard: string, results: string): Promise<void> {
  const before = existsSync(at(results)) ? cells(results).length : 0;
  const child = startReclaim(
    ['run', 'p.jsonl', '--shard', shard, '--results', results, '--workers', '1'],
    cli.path,
  );
  const exited = once(child, 'exit');
  while (child.exitCode === null && (!existsSync(at(results)) || cells(results).length === before))
    await sleep(5);
  child.kill('SIGKILL');
  await exited;
}

/** All cells of the plan, run at once. */
function complete(results: string): void {
  expect(cli.run('run', 'p.jsonl', '--results', results, '--quiet').code).toBe(0);
}

describe('a sweep', () => {
  it('in 7 shards in any order, two of them killed, merges to what compare writes, byte for byte', async () => {
    for (const shard of ['4/7', '2/7']) await killed(shard, 'r');
    const left = 32 - cells('r').length;
    expect(left).toBeGreaterThan(20);
    for (const shard of [4, 7, 1, 3, 6, 2, 5]) {
      const { code, stderr, stdout } = cli.run(
        'run',
        'p.jsonl',
        '--shard',
        `${shard}/7`,
        '--results',
        'r',
        '--quiet',
      );
      expect([code, stderr]).toEqual([0, '']);
      if (shard === 4) expect(stdout).toMatch(/^\d+ cells in r \(\d+ of them were finished before\)\n$/);
    }
    const merged = cli.run('merge', 'p.jsonl', 'r', '--out', 'merged', '--no-report', '--format', 'parquet');
    expect([merged.code, merged.stderr]).toEqual([0, '']);
    expect(merged.stdout).toMatch(/host +│ cells │[\s\S]*│ +32 │[\s\S]*Results: merged/);
    expect(merged.stdout.replace(/\s+/g, ' ')).toContain('manifest.json, and the tables as .parquet)');
    for (const name of FILES)
      expect(readFileSync(at('merged', name), 'utf8'), name).toBe(readFileSync(at('whole', name), 'utf8'));
    expect(cli.run('gate', 'whole', 'merged', '--strict').code).toBe(0);
    const [one, other] = ['whole', 'merged'].map((name) =>
      JSON.parse(readFileSync(at(name, 'manifest.json'), 'utf8')),
    );
    expect({ ...other, command: one.command }).toEqual(one);
  });

  it('is planned the same each time, and a task of an array job runs its part of it', () => {
    expect(cli.run('plan', 'sweep.yaml', '-o', 'again.jsonl').stdout).toMatch(
      /^again\.jsonl: 32 cells in \d+ runs, their traces in again\.traces\n[\s\S]*│ +1000 │/,
    );
    expect(readFileSync(at('again.jsonl'), 'utf8')).toBe(readFileSync(at('p.jsonl'), 'utf8'));
    process.env.SLURM_ARRAY_TASK_ID = '2';
    try {
      const { code, stdout, stderr } = cli.run(
        'run',
        'p.jsonl',
        '--shards',
        '3',
        '--results',
        'array',
        '--quiet',
      );
      expect([code, stderr]).toEqual([0, 'sweep 3/3, as Slurm says\n']);
      expect(Number(/^\d+/.exec(stdout))).toBe(cells('array').length);
    } finally {
      delete process.env.SLURM_ARRAY_TASK_ID;
    }
  });

  it('keeps a cell once where two processes run the same shard', async () => {
    const runs = [0, 1].map(() =>
      startReclaim(['run', 'p.jsonl', '--results', 'twice', '--workers', '1'], cli.path),
    );
    const codes = await Promise.all(runs.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0]);
    expect(readdirSync(at('twice'))).toHaveLength(32);
    const flags = ['--out', 'merged-twice', '--no-report', '--format', 'json,parquet'];
    const { stdout, stderr } = cli.run('merge', 'p.jsonl', 'twice', ...flags);
    // Standard output is one object: the hosts are on standard error.
    expect(JSON.parse(stdout).cells).toHaveLength(32);
    expect(stderr).toMatch(/host +│ cells/);
    expect(readFileSync(at('merged-twice', 'runs.csv'))).toEqual(readFileSync(at('whole', 'runs.csv')));
    for (const name of ['runs', 'draws', 'timeline', 'spaces', 'calls'] as const) {
      const { columns, rows } = parseCsv(readFileSync(at('whole', `${name}.csv`), 'utf8'), name);
      const file = new Uint8Array(readFileSync(at('merged-twice', `${name}.parquet`))).buffer;
      const texts = (await parquetReadObjects({ file })).map((row) =>
        columns.map((column) => cellText(row[column])),
      );
      const expected = rows.map((row) => columns.map((column) => row[column]!.replace('n/a', 'NaN')));
      expect(texts, name).toEqual(expected);
    }
  });
});

describe('traces on a server', () => {
  const runs = (...args: string[]) => cli.runMeanwhile(...args);

  it('are fetched once by the shards of a sweep, and read by any command', async () => {
    const before = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = at('cache');
    const server = new FileServer(cli.path);
    const address = await server.start();
    try {
      for (const shard of ['1/2', '2/2'])
        expect(
          await runs(
            'run',
            'p.jsonl',
            '--shard',
            shard,
            '--results',
            'fetched',
            '--traces',
            `${address}/p.traces/`,
            '--quiet',
          ),
        ).toMatchObject({ code: 0, stderr: '' });
      const bytes = readdirSync(at('p.traces')).reduce(
        (sum, name) => sum + statSync(at('p.traces', name)).size,
        0,
      );
      // Each process looks at the start of each file.
      expect(server.sent).toBeLessThan(bytes + 6 * 2 ** 16);
      expect(cells('fetched')).toHaveLength(32);
      const [local, remote] = [
        cli.run('replay', 'a.csv', '--format', 'csv'),
        await runs('replay', `${address}/a.csv`, '--format', 'csv'),
      ];
      expect(remote).toEqual(local);
      const mrc = await runs('mrc', `${address}/a.csv`, '--size', '50%', '--format', 'csv');
      expect(mrc).toEqual(cli.run('mrc', 'a.csv', '--size', '50%', '--format', 'csv'));
      expect((await runs('trace', 'validate', `${address}/a.csv`)).code).toBe(0);
      expect((await runs('trace', 'import', `${address}/a.csv`, 'copy.csv')).stderr).not.toContain(
        'internal',
      );
      expect(await runs('replay', `${address}/none.csv`)).toMatchObject({
        code: 2,
        stderr: `reclaim: ${address}/none.csv: the server answers HTTP 404 Not Found, expected a file\n`,
      });
    } finally {
      server.stop();
      process.env.XDG_CACHE_HOME = before;
    }
    // Another process knows nothing of it.
    expect(cli.start('replay', `${address}/a.csv`)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/cannot be fetched: ECONNREFUSED\n$/),
    });
  });
});

describe('policies from outside', () => {
  it('run in shards as in compare; one that fails is a result, and one that was changed is refused', () => {
    cli.write('mine.mjs', policyModule('mine', { method: 'evict', code: 'throw new Error("no");' }));
    cli.write(
      'mine.yaml',
      'name: mine\ntraces: [a.csv]\ndiscard: [keep, remove]\nreclaim: [linux, mine]\nlimits: [50%]\n',
    );
    const module = ['--policy-module', 'mine.mjs'];
    expect(cli.start('compare', 'mine.yaml', ...module, '--out', 'mine', '--no-report').code).toBe(2);
    expect(cli.start('plan', 'mine.yaml', ...module, '-o', 'mine.jsonl').code).toBe(0);
    const shard = cli.start('run', 'mine.jsonl', '--quiet');
    expect([shard.code, shard.stdout]).toEqual([2, '4 cells in mine.results (2 of them failed)\n']);
    expect(shard.stderr).toMatch(/^cell \d+ \(a, .*, mine, limit \d+\) failed: .*mine\.mjs: /);
    expect(cli.start('merge', 'mine.jsonl', '--out', 'mine-merged', '--no-report').code).toBe(2);
    const runs = (folder: string) => readFileSync(at(folder, 'runs.csv'), 'utf8');
    expect(runs('mine-merged')).toBe(runs('mine'));
    expect(runs('mine')).toMatch(/,failed,/);
    rmSync(at('mine.results'), { recursive: true });
    cli.write('mine.mjs', policyModule('mine', undefined));
    const changed = cli.start('run', 'mine.jsonl');
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringMatching(/mine\.mjs: this module is not as it was planned/),
    ]);
  });
});

describe('what is wrong with a sweep ends with one line, and nothing is lost', () => {
  const fails = (args: string[], message: RegExp) => {
    const { code, stdout, stderr } = cli.run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  };
  const merge = (...folders: string[]) => ['merge', 'p.jsonl', ...folders, '--out', 'whole', '--no-report'];
  const edited = (name: string, edit: (lines: string[]) => string[]) => {
    const lines = readFileSync(at('p.jsonl'), 'utf8').trimEnd().split('\n');
    writeFileSync(at(name), `${edit(lines).join('\n')}\n`);
    cpSync(at('p.traces'), at(name.replace('.jsonl', '.traces')), { recursive: true });
  };
  let before = '';

  beforeAll(() => {
    complete('all');
    before = readFileSync(at('whole', 'manifest.json'), 'utf8');
  });

  it('a missing shard', () => {
    cli.run('run', 'p.jsonl', '--shard', '1/3', '--results', 'third', '--quiet');
    fails(
      merge('third'),
      /p\.jsonl: \d+ cells of 32 have no result, the first is cell \d+ \(.*\): run their shards again/,
    );
    fails(merge('nowhere'), /nowhere: no such file/);
    expect(readFileSync(at('whole', 'manifest.json'), 'utf8')).toBe(before);
  });

  it('a cell that is there twice, and one under the name of another', () => {
    const [first, second] = cells('all');
    mkdirSync(at('more'));
    copyFileSync(at('all', first!), at('more', first!));
    fails(merge('all', 'more'), /\.json: this cell is there twice, also as more\//);
    cpSync(at('all'), at('swapped'), { recursive: true });
    copyFileSync(at('all', first!), at('swapped', second!));
    fails(merge('swapped'), /swapped\/[0-9a-f]{64}\.json: the result of cell \d+ is damaged/);
  });

  it('half a file: merge refuses it, its shard runs the cell again', () => {
    cpSync(at('all'), at('half'), { recursive: true });
    const name = cells('half')[5]!;
    const whole = readFileSync(at('half', name), 'utf8');
    writeFileSync(at('half', name), whole.slice(0, whole.length / 2));
    fails(
      merge('half'),
      /half\/[0-9a-f]{64}\.json: the result of cell \d+ is damaged, .*: run its shard again/,
    );
    const { code, stderr } = cli.run('run', 'p.jsonl', '--results', 'half', '--quiet');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^half\/.*\.json: this file is damaged, cell \d+ is run again\n$/);
    expect(cli.run('merge', 'p.jsonl', 'half', '--out', 'mended', '--no-report').code).toBe(0);
    expect(readFileSync(at('mended', 'runs.csv'))).toEqual(readFileSync(at('whole', 'runs.csv')));
  });

  it('results of another plan, of other code or other traces', () => {
    cli.write('other.yaml', EXPERIMENT.replace('events: 20000', 'events: 20001'));
    cli.run('plan', 'other.yaml', '-o', 'other.jsonl');
    fails(['run', 'other.jsonl', '--results', 'all'], /all\/.*\.json: this is no cell of the plan/);
    fails(
      ['merge', 'other.jsonl', 'all'],
      /all\/.*\.json: this is no cell of the plan: it is of another plan, or of other code/,
    );
    edited('code.jsonl', ([first, ...lines]) => {
      const { reclaim_plan, sha256: _sum, ...header } = JSON.parse(first!);
      const other = { ...header, program: { ...header.program, code: '0'.repeat(64) } };
      const sum = sha256(`${JSON.stringify(other)}${lines.join('\n')}\n`);
      return [JSON.stringify({ reclaim_plan, sha256: sum, ...other }), ...lines];
    });
    fails(
      ['run', 'code.jsonl'],
      /code\.jsonl: it was planned with other code \(version .*, 000000000000\) than this .*: use the same build everywhere, or plan again/,
    );
  });

  it('a plan that was changed or cut short', () => {
    edited('twice.jsonl', (lines) => [...lines, lines[7]!]);
    fails(['run', 'twice.jsonl'], /twice\.jsonl:34: cell 7 is there twice, expected it once/);
    edited('short.jsonl', (lines) => lines.slice(0, -1));
    fails(['merge', 'short.jsonl', 'all'], /short\.jsonl: cell 32 of 32 is not there/);
    edited('cut.jsonl', (lines) => lines.map((line, i) => (i === 32 ? line.slice(0, 40) : line)));
    fails(
      ['run', 'cut.jsonl'],
      /cut\.jsonl:33: this is not a line of a plan: it was changed, or the file was cut short/,
    );
    edited('seed.jsonl', (lines) =>
      lines.map((line, i) => (i === 3 ? line.replace('"seed":1', '"seed":2') : line)),
    );
    fails(['run', 'seed.jsonl'], /seed\.jsonl: it was changed since/);
    fails(['run', 'a.csv'], /a\.csv:1: this is not a line of a plan/);
    fails(['run', 'p.jsonl', '--shard', '8/7'], /--shard is 8\/7, expected a shard from 1 to N of N/);
    fails(['plan', 'sweep.yaml', '-o', 'p.json'], /expected a name that ends with \.jsonl/);
  });

  it('cells on a live kernel, before a trace is read', () => {
    cli.write('live.yaml', 'name: live\ntraces: [a.csv]\ndiscard: keep\nmachine: [sim, vm]\n');
    fails(
      ['plan', 'live.yaml', '-o', 'live.jsonl'],
      /live\.yaml:4:16: machine vm runs cells on a live kernel, which reclaim compare does on one host; expected sim in a plan/,
    );
  });

  it('a trace that is not there, or is another one', () => {
    cpSync(at('p.traces'), at('lacking'), { recursive: true });
    const [trace, another] = readdirSync(at('lacking'));
    renameSync(at('lacking', trace!), at('kept'));
    fails(
      ['run', 'p.jsonl', '--results', 'none', '--traces', 'lacking'],
      /lacking\/.*\.rtrace: .*no such file/,
    );
    copyFileSync(at('lacking', another!), at('lacking', trace!));
    fails(
      ['run', 'p.jsonl', '--results', 'none', '--traces', 'lacking'],
      /lacking\/.*\.rtrace: this is not the trace \S+ that was planned/,
    );
    rmSync(at('lacking'), { recursive: true });
  });
});
