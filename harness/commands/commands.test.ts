import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCsv } from '../metrics/csv.js';
import { RUN_COLUMNS } from '../metrics/schema.js';
import { reclaim, startReclaim } from '../testing/cli.js';

const TRACE = [
  'time_us,op,space,page,count,arg',
  '0,spawn,1,,,',
  '0,object,,,40,shmem:o',
  '0,map,1,0,40,shared:o@0',
  '1,write,1,0,40,',
  '50,discard,1,0,20,',
  '100,mark,,,,end',
  '',
].join('\n');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-cli-'));
  writeFileSync(join(folder, 'a.csv'), TRACE);
  writeFileSync(join(folder, 'e.yaml'), 'name: e\ntraces: [a.csv]\ndiscard: [keep, remove]\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const run = (...args: string[]) => reclaim(args, folder);

describe('reclaim', () => {
  it('helps, and names its commands', () => {
    const { code, stdout } = run('--help');
    expect(code).toBe(0);
    for (const command of [
      'compare',
      'replay',
      'mrc',
      'trace',
      'bench',
      'policies',
      'metrics',
      'workloads',
      'completion',
    ]) {
      expect(stdout).toContain(`reclaim ${command}`);
    }
    expect(run('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const command of ['compare', 'replay', 'mrc', 'bench']) expect(run(command, '--help').code).toBe(0);
  });

  it('lists policies, metrics and workloads', () => {
    expect(run('policies').stdout).toMatch(/punch\n.*hole|lookup=0/i);
    expect(run('metrics').stdout).toContain('resident_pages_mean');
    expect(run('workloads').stdout).toMatch(/zipf[\s\S]*skew=0\.99/);
    expect(run('completion').stdout).toContain('_reclaim_yargs_completions');
  });
});

describe('reclaim mrc', () => {
  const CSV = 'policy,params,size_pages,requests,misses,miss_ratio\n';

  it('counts the misses of policies at sizes', () => {
    write('pages.txt', '7\n8\n7\n9\n7\n8\n');
    // lru of 2: 7 and 8 miss, 7 hits, 9 misses and takes 8, 7 hits, 8 misses.
    const { code, stdout } = run(
      'mrc',
      'pages.txt',
      '--policy',
      'lru,linux:swappiness=10',
      '--size',
      '2,3',
      '--format',
      'csv',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(`${CSV}lru,,2,6,4,0.666667\nlru,,3,6,3,0.5\nlinux,swappiness=10,2,6,`);
  });

  it('takes traces of its own, and sizes in % of the distinct pages', () => {
    const { stdout } = run('mrc', 'a.csv', '--size', '50%,100%', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject([
      { size_pages: 20, requests: 40, misses: 40 },
      { size_pages: 40, requests: 40, misses: 40 },
    ]);
  });

  it('shows a table and a curve', () => {
    const { stdout } = run('mrc', 'pages.txt', '--size', '1,2,3');
    expect(stdout).toMatch(/6 requests\n[\s\S]*lru[\s\S]*0\.6667[\s\S]*miss ratio by size in pages[\s\S]*┤/);
  });

  it('estimates with SHARDS, and says how good the estimate is', () => {
    const { stdout } = run('mrc', 'a.csv', '--shards', '0.5', '--size', '10', '--format', 'csv');
    expect(stdout).toMatch(/^policy,.*,error\nlru,shards=0\.5,10,40,\d+,[\d.]+,[\d.]+\n$/);
  });
});

describe('reclaim replay', () => {
  it('prints one object of all columns, numbers as numbers', () => {
    const { code, stdout } = run('replay', 'a.csv', '--discard', 'remove', '--format', 'json');
    expect(code).toBe(0);
    const row = JSON.parse(stdout);
    expect(Object.keys(row)).toEqual(RUN_COLUMNS);
    expect(row).toMatchObject({
      cell: 1,
      trace: 'a',
      discard: 'remove',
      limit_pages: null,
      outcome: 'ok',
      resident_pages_mean: 29.6,
      saved_pages_mean: null,
    });
  });

  it('prints the same row as CSV', () => {
    const { stdout } = run('replay', 'a.csv', '--discard', 'remove', '--format', 'csv');
    const { columns, rows } = parseCsv(stdout, 'stdout');
    expect(columns).toEqual(RUN_COLUMNS);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ resident_pages_mean: '29.6', discard_calls: '1' });
  });

  it('reads standard input, binary and compressed traces alike', () => {
    expect(run('trace', 'convert', 'a.csv', 'a.rtrace').code).toBe(0);
    expect(run('trace', 'convert', 'a.csv', 'a2.csv.gz').code).toBe(0);
    const row = (name: string, input?: string) => {
      const values = JSON.parse(reclaim(['replay', name, '--format', 'json'], folder, input).stdout);
      return { ...values, trace: '' };
    };
    const expected = row('a.csv');
    expect(row('a.rtrace')).toEqual(expected);
    expect(row('a2.csv.gz')).toEqual(expected);
    expect(row('-', TRACE)).toEqual(expected);
  });

  it('takes a limit in percent of the peak under keep', () => {
    const { stdout } = run(
      'replay',
      'a.csv',
      '--limit',
      '50%',
      '--swap',
      'ssd',
      '--format',
      'json',
      '--check',
    );
    expect(JSON.parse(stdout)).toMatchObject({ limit_pages: 20, resident_pages_peak: 20 });
  });

  it('writes files on request', () => {
    expect(run('replay', 'a.csv', '--out', 'replayed').code).toBe(0);
    expect(readdirSync(join(folder, 'replayed')).sort()).toEqual(['runs.csv', 'spaces.csv', 'timeline.csv']);
  });
});

describe('reclaim trace', () => {
  it('converts to binary and back to the same bytes', () => {
    run('trace', 'convert', 'a.csv', 'b.rtrace');
    expect(run('trace', 'convert', 'b.rtrace', '-').stdout).toBe(TRACE);
    expect(run('trace', 'info', 'b.rtrace').stdout).toMatch(
      /events: 6[\s\S]*discard +1[\s\S]*0\.000 s {2}end/,
    );
  });

  it('validates, with warnings on standard error', () => {
    expect(run('trace', 'validate', 'a.csv')).toEqual({
      code: 0,
      stdout: 'valid: 6 events, 40 touches, 0 warnings\n',
      stderr: '',
    });
    write('warn.csv', TRACE.replace('100,mark', '60,read,1,0,1,\n100,mark'));
    const { code, stdout, stderr } = run('trace', 'validate', 'warn.csv');
    expect([code, stdout]).toEqual([0, 'valid: 7 events, 41 touches, 1 warnings\n']);
    expect(stderr).toBe(
      'warn.csv:7: warning: reads page 0 of space 1, which was discarded and not written since\n',
    );
  });

  it('generates the same bytes from the same seed', () => {
    const args = ['trace', 'generate', 'zipf', '-', '--param', 'pages=50', '--param', 'events=100', '--seed'];
    expect(run(...args, '3').stdout).toBe(run(...args, '3').stdout);
    expect(run(...args, '3').stdout).not.toBe(run(...args, '4').stdout);
  });

  it('imports a log of strace from standard input', () => {
    const log = [
      '1  10.000000 memfd_create("shm", MFD_CLOEXEC) = 5 <0.000010>',
      '1  10.000001 ftruncate(5, 8192) = 0 <0.000010>',
      '1  10.000002 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 5, 0) = 0x10000 <0.000010>',
      '1  10.000003 madvise(0x10000, 4096, MADV_REMOVE) = 0 <0.000010>\n',
    ];
    const { code, stdout } = reclaim(
      ['trace', 'import', '-', '-', '--touches', 'second-mapper', '--meta', 'source: a test'],
      folder,
      log.join('\n'),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/# source: a test\n[\s\S]*2,write,1,16,2,\n3,discard,1:1,16,1,\n$/);
  });

  it('imports requests in another format', () => {
    write('P1.lis', '8 16 0 0\n16 1 0 1\n');
    const { code, stdout } = run('trace', 'import', 'P1.lis', '-', '--split');
    expect(code).toBe(0);
    expect(stdout).toMatch(/,arg\n0,object,,,2,file:blocks\n0,pread,,0,2,blocks\n1,pread,,1,1,blocks\n$/);
  });
});

describe('reclaim trace import --format guests', () => {
  it('imports snapshots of guests from standard input', () => {
    const args = ['trace', 'import', '-', '-', '--format', 'guests', '--guests', 'a,b', '--settle', '5'];
    const { code, stdout } = reclaim(args, folder, '4 0 0 1\n4 0 1 2\n4 1 7 1\n');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /4000000,write,1,1048576,2,=1\+\n4000000,write,2,1048583,1,=1\n[\s\S]*\n9000000,mark,,,,5 s after the last snapshot\n$/,
    );
  });
});

describe('reclaim compare', () => {
  it('prints a table and writes results', () => {
    const { code, stdout, stderr } = run('compare', 'e.yaml');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/a: reclaim linux, swap ssd\n[\s\S]*remove[\s\S]*\* best/);
    expect(existsSync(join(folder, 'results', 'runs', 'e', 'runs.csv'))).toBe(true);
  });

  it('keeps finished cells at Ctrl-C, and goes on from there', async () => {
    run('trace', 'generate', 'zipf', 'long.rtrace', '--param', 'events=2000000', '--param', 'pages=20000');
    write(
      'long.yaml',
      'name: long\ntraces: [long.rtrace]\ndiscard: [keep, remove, punch, dontneed]\nreclaim: [linux, lru, fifo]\nlimits: [none, 50%]\n',
    );
    const child = startReclaim(['compare', 'long.yaml', '--out', 'long', '--workers', '1'], folder);
    const runs = join(folder, 'long', 'runs.csv');
    while (!existsSync(runs)) await sleep(20);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    const { rows } = parseCsv(readFileSync(runs, 'utf8'), 'runs.csv');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(24);
    const resumed = run('compare', 'long.yaml', '--out', 'long', '--resume');
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/^\d+ of 24 cells are finished already/);
    expect(parseCsv(readFileSync(runs, 'utf8'), 'runs.csv').rows).toHaveLength(24);
  });
});

describe('bad input is one line on standard error and exit code 2, with nothing left behind', () => {
  const cases: readonly (readonly [
    name: string,
    args: readonly string[],
    message: RegExp,
    setUp?: () => void,
  ])[] = [
    ['no command', [], /a command is missing/],
    ['an unknown command', ['rplay'], /Did you mean replay\?/],
    ['an unknown flag', ['replay', 'a.csv', '--limt', '5'], /Unknown argument: limt/],
    ['a flag without its value', ['replay', 'a.csv', '--limit'], /Not enough arguments following: limit/],
    ['a flag twice', ['replay', 'a.csv', '--limit', '5', '--limit', '6'], /--limit is given 2 times/],
    ['a format that is none', ['replay', 'a.csv', '--format', 'yaml'], /Choices: "table", "json", "csv"/],
    ['a size of 0', ['replay', 'a.csv', '--limit', '0'], /size "0" is 0, expected N or Np pages/],
    ['a negative size', ['replay', 'a.csv', '--limit=-5'], /"-5" is not a size/],
    ['a size that is none', ['replay', 'a.csv', '--limit', 'lots'], /"lots" is not a size/],
    ['an unknown policy', ['replay', 'a.csv', '--discard', 'remov'], /did you mean remove\?/],
    [
      'an unknown reclaim policy',
      ['replay', 'a.csv', '--reclaim', 'lur'],
      /unknown reclaim policy "lur", expected one of linux, lru, fifo/,
    ],
    [
      'an unknown parameter',
      ['replay', 'a.csv', '--discard', 'punch:look=1'],
      /unknown parameter of discard policy punch "look"/,
    ],
    [
      'an unknown swap',
      ['replay', 'a.csv', '--swap', 'tape'],
      /unknown kind of swap "tape", expected one of none, ssd, zram/,
    ],
    ['a cache size of 0', ['mrc', 'a.csv', '--size', '0'], /size "0" is 0, expected N or Np pages/],
    ['a cache size that is none', ['mrc', 'a.csv', '--size', '5,-1'], /"-1" is not a size/],
    ['a share that is none', ['mrc', 'a.csv', '--shards', '1.5'], /--shards is not a share above 0/],
    [
      'an estimate of another policy',
      ['mrc', 'a.csv', '--shards', '0.5', '--policy', 'fifo'],
      /--shards estimates lru only, expected no --policy fifo/,
    ],
    ['a seed that is none', ['replay', 'a.csv', '--seed', 'x'], /--seed is not a whole number/],
    [
      'workers that are none',
      ['compare', 'e.yaml', '--workers', '0'],
      /--workers is not a whole number from 1/,
    ],
    ['a missing trace', ['replay', 'none.csv'], /none\.csv: no such file/],
    ['a folder for a trace', ['replay', '.'], /is a directory, expected a file/],
    ['a missing experiment', ['compare', 'none.yaml'], /none\.yaml: no such file/],
    [
      'an experiment with an unknown key',
      ['compare', 'bad.yaml'],
      /bad\.yaml:4:1: unknown key of an experiment "limit".*did you mean limits\?/,
      () => write('bad.yaml', 'name: bad\ntraces: [a.csv]\ndiscard: [keep]\nlimit: [5]\n'),
    ],
    [
      'an unwritable output folder',
      ['compare', 'e.yaml', '--out', '/proc/none'],
      /\/proc\/none: results cannot be written there/,
    ],
    [
      'a file for an output folder',
      ['compare', 'e.yaml', '--out', 'a.csv'],
      /a\.csv: results cannot be written there: this is a file/,
    ],
    [
      'an unwritable output folder of a replay',
      ['replay', 'a.csv', '--out', 'a.csv/x'],
      /results cannot be written there/,
    ],
    [
      'a malformed line',
      ['replay', 'bad.csv'],
      /bad\.csv:5:9: "x" is wrong at space/,
      () => write('bad.csv', TRACE.replace('1,write,1', '1,write,x')),
    ],
    [
      'an unknown op',
      ['replay', 'bad.csv'],
      /bad\.csv:5:3: unknown op "wriet".*did you mean write\?/,
      () => write('bad.csv', TRACE.replace('write', 'wriet')),
    ],
    [
      'time running backwards',
      ['replay', 'bad.csv'],
      /bad\.csv:7:1: time runs backwards from 50 to 10/,
      () => write('bad.csv', TRACE.replace('100,mark', '10,mark')),
    ],
    [
      'a touch outside its mapping',
      ['replay', 'bad.csv', '--out', 'touch'],
      /bad\.csv:5: write of page 40 in space 1 is outside every mapping/,
      () => write('bad.csv', TRACE.replace('write,1,0,40', 'write,1,0,41')),
    ],
    [
      'a touch outside its mapping, in an experiment',
      ['compare', 'touch.yaml', '--out', 'touch'],
      /bad\.csv:5: write of page 40/,
      () => write('touch.yaml', 'name: touch\ntraces: [bad.csv]\ndiscard: [keep]\n'),
    ],
    [
      'a truncated .rtrace',
      ['replay', 'cut.rtrace'],
      /cut\.rtrace: .*expected a whole \.rtrace file/,
      () => write('cut.rtrace', readFileSync(join(folder, 'a.rtrace')).subarray(0, -10)),
    ],
    [
      'a corrupted .rtrace',
      ['trace', 'info', 'flip.rtrace'],
      /flip\.rtrace: the checksum of a block is wrong/,
      () => write('flip.rtrace', flipped()),
    ],
    [
      'a conversion of a broken trace',
      ['trace', 'convert', 'bad.csv', 'out.rtrace'],
      /bad\.csv:5:9/,
      () => write('bad.csv', TRACE.replace('1,write,1', '1,write,x')),
    ],
    [
      'an output that cannot be made',
      ['trace', 'convert', 'a.csv', 'none/out.csv'],
      /none\/out\.csv: no such file/,
    ],
    ['an unknown workload', ['trace', 'generate', 'zpif', 'out.csv'], /unknown workload "zpif"/],
    [
      'a parameter out of range',
      ['trace', 'generate', 'zipf', 'out.csv', '--param', 'pages=0'],
      /pages=0 is out of range/,
    ],
    ['a trace to import', ['trace', 'import', 'a.csv', 'out.csv'], /a\.csv: this is a trace already/],
    [
      'a log that is none',
      ['trace', 'import', 'a.csv', 'out.csv', '--format', 'strace'],
      /a\.csv:1: .* expected a line of strace/,
    ],
    [
      'a format that is none',
      ['trace', 'import', 'a.csv', 'out.csv', '--format', 'orcaleGeneral'],
      /unknown format "orcaleGeneral".* did you mean oracleGeneral\?/,
    ],
    [
      'guests without names',
      ['trace', 'import', 'a.csv', 'out.csv', '--format', 'guests'],
      /a\.csv: the names of the guests are missing, expected --guests base,web/,
    ],
    [
      'snapshots that are none',
      ['trace', 'import', 'a.csv', 'out.csv', '--format', 'guests', '--guests', 'a'],
      /a\.csv:1: .* is not a changed page/,
    ],
    [
      'marks that are none',
      ['trace', 'import', 'a.csv', 'out.csv', '--marks', 'a.csv'],
      /a\.csv:1: .* is not a mark/,
    ],
    [
      'a policy module that is none',
      ['replay', 'a.csv', '--policy-module', 'a.csv'],
      /a\.csv: cannot be loaded as a module/,
    ],
    [
      'a policy that needs the future',
      ['replay', 'a.csv', '--reclaim', 'opt'],
      /reclaim policy opt needs the future: use it with reclaim mrc/,
    ],
    ['a cost table that is none', ['replay', 'a.csv', '--costs', 'e.yaml'], /e\.yaml: not JSON/],
    [
      'a bench without cases',
      ['bench', '--filter', 'nothing', '--events', '10'],
      /no case is named like "nothing"/,
    ],
  ];
  for (const [name, args, message, setUp] of cases) {
    it(name, () => {
      run('trace', 'convert', 'a.csv', 'a.rtrace');
      setUp?.();
      const before = readdirSync(folder, { recursive: true }).sort();
      const { code, stdout, stderr } = run(...args);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^reclaim: [^\n]+\n$/);
      expect([code, stdout]).toEqual([2, '']);
      expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
    });
  }

  function flipped(): Uint8Array {
    const bytes = readFileSync(join(folder, 'a.rtrace'));
    const at = bytes.length - 200;
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  }
});
