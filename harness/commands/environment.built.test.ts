// Constructed: what hosts do to a command. Each case stands for its kind.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { startReclaim } from '../testing/cli.js';
import { CliFolder } from '../testing/cli-folder.js';

const cli = new CliFolder('one process');
const CLI = packageFile('dist', 'harness', 'cli.js');

/** Runs a line of a shell, in which $R is the command line. */
function shell(line: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
    cwd: cli.path,
    encoding: 'utf8',
    env: { ...process.env, R: `${process.execPath} ${CLI}`, ...env },
  });
  return { code: status, stdout, stderr };
}

const MANY =
  'name: many\ntraces: [a.csv]\ndiscard: [keep, remove, punch]\nreclaim: [linux, lru]\nlimits: [none, 75%, 50%]\n';

describe('a host that is out of something is one line and exit code 3', () => {
  it('standard output is full: exit code 1 is a verdict', () => {
    for (const args of ['metrics', 'replay a.csv', 'trace convert a.csv -'])
      expect(shell(`$R ${args} > /dev/full`), args).toEqual({
        code: 3,
        stdout: '',
        stderr: 'reclaim: (standard output): no space left on the device\n',
      });
  });

  it('files may not grow: the file is named, and all workers end', () => {
    cli.write('many.yaml', MANY);
    const { code, stderr } = shell('ulimit -f 8; $R compare many.yaml --out limited --no-report');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^reclaim: limited\/unfinished\/.*: a file may not grow that large here .*\n$/);
  });

  // With fewer than 19 Node does not begin, with 24 cells finish. What is small needs no worker.
  it.each([20, 22])('%i files may be open', (most) => {
    cli.write(
      'large.yaml',
      'name: large\ntraces:\n  - { workload: zipf, params: { events: 300000, pages: 1000 } }\ndiscard: [keep]\n',
    );
    const { code, stderr } = shell(`ulimit -n ${most}; $R compare large.yaml --out few`);
    expect([code, stderr.split('\n')]).toEqual([
      3,
      [
        expect.stringMatching(
          /: too many open files \(ulimit -n\)(; finished cells are kept, --resume continues from there)?$/,
        ),
        '',
      ],
    ]);
    expect(existsSync(join(cli.path, 'few'))).toBe(stderr.includes('finished cells are kept'));
    rmSync(join(cli.path, 'few'), { recursive: true, force: true });
  });
});

it('a reader of standard output that goes away is a quiet end', () => {
  const { stdout, stderr } = shell(
    `$R metrics --help | true; $R readers | head -0; echo "\${PIPESTATUS[0]}"`,
  );
  expect(stderr).toBe('');
  expect(['0', '141']).toContain(stdout.trim());
});

describe('without a cache it works, and that is said', () => {
  it.each([
    [
      'a cache that cannot be made',
      { XDG_CACHE_HOME: '/proc/none' },
      /^reclaim: \/proc\/none\/reclaim-bench: .*; compiled traces are kept in /,
    ],
    [
      'no home',
      { XDG_CACHE_HOME: 'relative', HOME: '' },
      /^reclaim: there is no home for a cache; compiled traces are kept in /,
    ],
  ])('%s', (_name, env, message) => {
    for (const args of ['replay a.csv', 'compare e.yaml --no-report --out cacheless']) {
      const { code, stderr } = shell(`$R ${args}`, env);
      expect([code, stderr.trim().split('\n')], args).toEqual([0, [expect.stringMatching(message)]]);
    }
    expect(readdirSync(cli.path)).not.toContain('.cache');
  });
});

describe('a folder of results', () => {
  it('of others is refused, and keeps its files with --force', () => {
    mkdirSync(join(cli.path, 'mine', 'cells'), { recursive: true });
    for (const name of ['cells/thesis.txt', 'report.html', 'heatmap.csv'])
      cli.write(join('mine', name), name);
    expect(cli.run('compare', 'e.yaml', '--out', 'mine', '--no-report')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^reclaim: mine\/cells\/thesis\.txt: reclaim has not written this file.*--force.*\n$/,
      ),
    });
    expect(cli.run('compare', 'e.yaml', '--out', 'mine', '--no-report', '--force').code).toBe(0);
    for (const name of ['cells/thesis.txt', 'report.html', 'heatmap.csv'])
      expect(readFileSync(join(cli.path, 'mine', name), 'utf8')).toBe(name);
  });

  it('with a complete run keeps it when a new one is interrupted while traces are read', async () => {
    cli.run('compare', 'e.yaml', '--out', 'kept', '--no-report');
    const before = readFileSync(join(cli.path, 'kept', 'runs.csv'), 'utf8');
    cli.write(
      'slow.yaml',
      'name: slow\ntraces:\n  - { workload: zipf, params: { events: 30000000, pages: 100000 } }\ndiscard: [keep]\n',
    );
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const child = startReclaim(['compare', 'slow.yaml', '--out', 'kept'], cli.path);
      const said = text(child.stderr);
      while (!existsSync(join(cli.path, 'kept', '.reclaim-lock'))) await sleep(20);
      await sleep(300);
      child.kill(signal);
      expect((await once(child, 'exit'))[0], signal).toBe(code);
      expect(await said).toBe('reclaim: interrupted; nothing in kept was changed\n');
      expect(readFileSync(join(cli.path, 'kept', 'runs.csv'), 'utf8')).toBe(before);
      expect(readdirSync(join(cli.path, 'kept'))).not.toContain('unfinished');
    }
    expect(cli.run('gate', 'kept', 'kept').code).toBe(0);
  });
});

it('a conversion that is interrupted leaves nothing', async () => {
  cli.run('trace', 'generate', 'zipf', 'big.rtrace', '--param', 'events=1000000');
  const before = readdirSync(cli.path).sort();
  const child = startReclaim(['trace', 'convert', 'big.rtrace', 'big.csv'], cli.path);
  const isWriting = () => readdirSync(cli.path).some((name) => name.endsWith('.tmp'));
  while (!isWriting()) await sleep(5);
  child.kill('SIGINT');
  expect((await once(child, 'exit'))[1]).toBe('SIGINT');
  expect(readdirSync(cli.path).sort()).toEqual(before);
});
