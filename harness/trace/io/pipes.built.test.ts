import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import type { CliResult } from '../../testing/cli.js';
import { CliFolder, TRACE } from '../../testing/cli-folder.js';

const cli = new CliFolder('one process');
const RECLAIM = `${process.execPath} ${packageFile('dist', 'harness', 'cli.js')}`;

/** Runs a line of bash in the folder, where `$R` is the command line; its cache is the folder `cache`. */
function bash(line: string): Promise<CliResult> {
  const env = { ...process.env, R: RECLAIM, XDG_CACHE_HOME: join(cli.path, 'cache') };
  const child = spawn('bash', ['-c', line], { cwd: cli.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (text.stdout += chunk));
  child.stderr.on('data', (chunk) => (text.stderr += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })));
}

/** A named pipe with a writer. The pipe has one reader and one writer: opened twice, it would lose bytes or wait for ever. */
function pipe(name: string): string {
  execFileSync('mkfifo', [join(cli.path, name)]);
  return name;
}

const requestsOf = ({ stdout }: CliResult) => stdout.split('\n')[1]?.split(',')[3];

/** A trace longer than what detection reads. */
function longTrace(): string {
  return `${TRACE}${Array.from({ length: 8000 }, (_, i) => `${101 + i},read,1,${i % 40},1,\n`).join('')}`;
}

describe('requests through a pipe', () => {
  it('are all counted, whatever the pipe is called', async () => {
    const fifo = pipe('requests');
    const lines = [
      'seq 100000 | $R mrc /dev/stdin --size 10 --format csv',
      'seq 100000 | $R mrc - --size 10 --format csv',
      '$R mrc <(seq 100000) --size 10 --format csv',
      '$R mrc <(seq 100000) --reader txt --size 10 --format csv',
      '$R mrc <(seq 100000 | gzip) --size 10 --format csv',
      `seq 100000 > ${fifo} & $R mrc ${fifo} --size 10 --format csv; wait`,
    ];
    for (const line of lines) expect(requestsOf(await bash(line)), line).toBe('100000');
  });

  it('that would have to be read twice are refused, or kept until they have been', async () => {
    const { code, stderr } = await bash('$R mrc <(seq 100000) --policy opt --size 10');
    expect(code).toBe(2);
    expect(stderr.split('\n')).toHaveLength(2);
    const fifo = pipe('imported');
    const expected = await bash('seq 50000 > plain.txt; $R trace import plain.txt - --reader txt');
    expect(expected.stdout.split('\n').length).toBeGreaterThan(50_000);
    const lines = [
      'seq 50000 | $R trace import - - --reader txt',
      'seq 50000 | gzip | $R trace import /dev/stdin - --reader txt',
      '$R trace import <(seq 50000) - --reader txt',
      `seq 50000 > ${fifo} & $R trace import ${fifo} - --reader txt; wait`,
    ];
    const events = (text: string) => text.split('\n').filter((line) => !line.startsWith('#'));
    for (const line of lines)
      expect(events((await bash(line)).stdout), line).toEqual(events(expected.stdout));
    expect(readdirSync(join(cli.path, 'cache', 'reclaim-bench'))).toEqual([]);
  });

  it('leave no temporary file when what comes is wrong, or the process is killed', async () => {
    const wrong = await bash('(seq 50000; echo x) | $R trace import - out.csv --reader txt');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^reclaim: \(standard input\):50001:1: .*\n$/);
    await bash('(seq 50000; sleep 3) | (timeout -s KILL 1.5 $R trace import - out.csv --reader txt)');
    expect(readdirSync(join(cli.path, 'cache', 'reclaim-bench'))).toEqual([]);
    expect(readdirSync(cli.path)).not.toContain('out.csv');
  });
});

describe('traces through a pipe', () => {
  it('are whole for every command', async () => {
    cli.write('long.csv', longTrace());
    cli.write('long.csv.gz', gzipSync(longTrace()));
    const fifo = pipe('trace');
    const commands = ['trace info T', 'trace validate T', 'trace convert T -', 'replay T --format csv'];
    for (const command of commands) {
      const of = (name: string) => `$R ${command.replace('T', name)}`;
      const events = ({ stdout }: CliResult) =>
        stdout
          .split('\n')
          .slice(1)
          .join('\n')
          .replaceAll(/,(long|stdin|63|trace),/g, ',X,');
      const expected = events(cli.run(...command.replace('T', 'long.csv').split(' ')));
      expect(expected.length).toBeGreaterThan(command.includes('validate') ? -1 : 100);
      const lines = [
        `cat long.csv.gz | ${of('/dev/stdin')}`,
        of('<(cat long.csv)'),
        `cat long.csv > ${fifo} & ${of(fifo)}; wait`,
        `cat long.csv | ${of('-')}`,
      ];
      for (const line of lines) expect(events(await bash(line)), line).toBe(expected);
    }
  });

  it('are kept nowhere by mrc, unless it reads them twice', async () => {
    const folder = join(cli.path, 'cache', 'reclaim-bench');
    cli.write('short.csv', TRACE);
    for (const [flags, kept] of [
      ['--size 2 --policy lru,random', 0],
      ['--size 50% --shards 1', 0],
      ['--size 50%', 1],
      ['--size 2 --policy opt', 1],
    ] as const) {
      rmSync(folder, { recursive: true, force: true });
      const command = `$R mrc - ${flags} --format csv`;
      const piped = await bash(`cat short.csv | ${command}`);
      expect(existsSync(folder) ? readdirSync(folder).length : 0, flags).toBe(kept);
      const args = command.split(' ').slice(1);
      expect(piped, flags).toEqual(cli.run(...args.map((arg) => (arg === '-' ? 'short.csv' : arg))));
    }
  });

  it('that are wrong end the command, though the writer stays', async () => {
    const fifo = pipe('idle');
    // The writer is ended only once the command has: waiting for it would be for ever.
    const line = `(yes | head -c 70000; exec sleep 1000) > ${fifo} & S=$!; $R trace info ${fifo}; C=$?; kill $S; exit $C`;
    const { code, stderr } = await bash(line);
    expect(code).toBe(2);
    expect(stderr).toMatch(/idle:1:1: "y" is not a trace's header/);
  });

  it('are written to pipes and devices, which stay what they are', async () => {
    const fifo = pipe('output');
    const piped = await bash(`cat ${fifo} & $R trace convert a.csv ${fifo}; wait; test -p ${fifo}`);
    expect(piped).toMatchObject({ code: 0, stdout: TRACE });
    expect(await bash('$R trace convert a.csv /dev/stdout')).toMatchObject({ code: 0, stdout: TRACE });
    expect(await bash('$R trace convert a.csv /dev/null && test -c /dev/null')).toMatchObject({ code: 0 });
  });
});

describe('what is neither a file nor a pipe', () => {
  it('is refused in one line', () => {
    mkdirSync(join(cli.path, 'empty'));
    for (const command of ['mrc T', 'trace info T', 'trace import T -', 'replay T']) {
      const refused = (name: string) => {
        const { code, stderr } = cli.run(...command.replace('T', name).split(' '));
        expect(code, command).toBe(2);
        return stderr;
      };
      expect(refused('empty')).toBe('reclaim: empty: is a directory, expected a file\n');
      expect(refused('/dev/zero')).toBe(
        'reclaim: /dev/zero: is a device, expected a file, a pipe, or - for standard input\n',
      );
    }
  });
});
