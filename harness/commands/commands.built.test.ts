import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { parseCsv } from '../metrics/csv.js';
import { RUN_COLUMNS } from '../metrics/files.js';
import { reclaim, startReclaim } from '../testing/cli.js';

import { CliFolder, TRACE } from '../testing/cli-folder.js';
import { EVENT_SAMPLES } from '../testing/event-samples.js';
import { READERS } from '../trace/readers/registry.js';

const cli = new CliFolder('one process');

describe('reclaim', () => {
  it('helps, and names its commands', () => {
    const { code, stdout } = cli.run('--help');
    expect(code).toBe(0);
    for (const command of [
      'compare',
      'replay',
      'mrc',
      'trace',
      'gate',
      'bench',
      'policies',
      'metrics',
      'workloads',
      'completion',
    ]) {
      expect(stdout).toContain(`reclaim ${command}`);
    }
    expect(cli.run('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const command of ['compare', 'replay', 'mrc', 'gate', 'bench'])
      expect(cli.run(command, '--help').code).toBe(0);
  });

  it('lists policies, metrics and workloads', () => {
    expect(cli.run('policies').stdout).toMatch(/punch\n.*hole|lookup=0/i);
    expect(cli.run('metrics').stdout).toContain('resident_pages_mean');
    expect(cli.run('workloads').stdout).toMatch(/zipf[\s\S]*skew=0\.99/);
    expect(cli.run('completion').stdout).toContain('_reclaim_yargs_completions');
  });
});

describe('reclaim mrc', () => {
  const CSV = 'policy,params,size_pages,requests,misses,miss_ratio,backend\n';

  it('counts the misses of policies at sizes', () => {
    cli.write('pages.txt', '7\n8\n7\n9\n7\n8\n');
    // lru of 2: 7 and 8 miss, 7 hits, 9 misses and takes 8, 7 hits, 8 misses.
    const { code, stdout } = cli.run(
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
    expect(stdout).toMatch(`${CSV}lru,,2,6,4,0.666667,wasm\nlru,,3,6,3,0.5,wasm\nlinux,swappiness=10,2,6,`);
  });

  it('takes traces of its own, and sizes in % of the distinct pages', () => {
    const { stdout } = cli.run('mrc', 'a.csv', '--size', '50%,100%', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject([
      { size_pages: 20, requests: 40, misses: 40 },
      { size_pages: 40, requests: 40, misses: 40 },
    ]);
  });

  it('shows a table and a curve', () => {
    const { stdout } = cli.run('mrc', 'pages.txt', '--size', '1,2,3');
    expect(stdout).toMatch(
      /6 requests, counted in WebAssembly\n[\s\S]*lru[\s\S]*0\.6667[\s\S]*miss ratio by size in pages[\s\S]*┤/,
    );
  });

  it('says what counted the misses, and counts in what was asked for', () => {
    const counted = (...flags: string[]) => cli.run('mrc', 'pages.txt', '--size', '2', ...flags).stdout;
    expect(counted('--policy', 'lru,mru,fifo')).toMatch(
      /^6 requests, counted in WebAssembly \(lru, fifo\) and JavaScript \(mru\)\n/,
    );
    const [wasm, js] = ['wasm', 'js'].map((backend) => counted('--format', 'csv', '--backend', backend));
    expect(wasm).toBe(`${CSV}lru,,2,6,4,0.666667,wasm\n`);
    expect(js).toBe(`${CSV}lru,,2,6,4,0.666667,js\n`);
  });

  it('estimates with SHARDS, and says how good the estimate is', () => {
    const { stdout } = cli.run('mrc', 'a.csv', '--shards', '0.5', '--size', '10', '--format', 'csv');
    expect(stdout).toMatch(/^policy,.*,error,backend\nlru,shards=0\.5,10,40,\d+,[\d.]+,[\d.]+,js\n$/);
  });
});

describe('reclaim replay', () => {
  it('begins with what was asked for, memory, faults and stalls, within 80 columns; --full lists the rest', () => {
    const { stdout } = cli.run('replay', 'a.csv', '--discard', 'remove');
    expect(stdout).toMatch(/^trace +a\n/);
    expect(stdout).toMatch(/\n\nmetric .*\nfootprint_pages_mean +29\.6 +pages/);
    expect(stdout).toMatch(/\n\d+ more metrics are not 0: --full lists them/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    const { stdout: full } = cli.run('replay', 'a.csv', '--discard', 'remove', '--full');
    expect(full.startsWith(stdout.slice(0, stdout.indexOf('metric ')))).toBe(true);
    expect(full).toMatch(/\nresident_pages_mean +29\.6 +pages/);
    expect(full).toContain('trace_sha256');
  });

  it('prints one object of all columns, numbers as numbers', () => {
    const { code, stdout } = cli.run('replay', 'a.csv', '--discard', 'remove', '--format', 'json');
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
    const { stdout } = cli.run('replay', 'a.csv', '--discard', 'remove', '--format', 'csv');
    const { columns, rows } = parseCsv(stdout, 'stdout');
    expect(columns).toEqual(RUN_COLUMNS);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ resident_pages_mean: '29.6', discard_calls: '1' });
  });

  it('reads standard input, binary and compressed traces alike', () => {
    expect(cli.run('trace', 'convert', 'a.csv', 'a.rtrace').code).toBe(0);
    expect(cli.run('trace', 'convert', 'a.csv', 'a2.csv.gz').code).toBe(0);
    const row = (name: string, input?: string) => {
      const values = JSON.parse(reclaim(['replay', name, '--format', 'json'], cli.path, input).stdout);
      return { ...values, trace: '' };
    };
    const expected = row('a.csv');
    expect(row('a.rtrace')).toEqual(expected);
    expect(row('a2.csv.gz')).toEqual(expected);
    expect(row('-', TRACE)).toEqual(expected);
  });

  it('takes a limit in percent of the peak under keep', () => {
    const { stdout } = cli.run(
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
    expect(cli.run('replay', 'a.csv', '--out', 'replayed').code).toBe(0);
    expect(readdirSync(join(cli.path, 'replayed')).sort()).toEqual([
      'calls.csv',
      'draws.csv',
      'files.json',
      'runs.csv',
      'spaces.csv',
      'timeline.csv',
    ]);
  });

  it('shows what memory cgroups had, and writes groups.csv', () => {
    const events = [
      '0,cgroup,,,,web memory.max=8',
      '0,spawn,1,,,cgroup=web/db',
      '0,map,1,0,20,anon',
      '1,write,1,0,20,',
    ];
    cli.write('groups.csv', `time_us,op,space,page,count,arg\n${events.join('\n')}\n`);
    const { stdout } = cli.run('replay', 'groups.csv', '--swap', 'ssd', '--out', 'grouped');
    expect(stdout).toMatch(
      /│ cgroup │ peak │ end │ swap │ pgmajfault │ pgsteal │ held ms │ some ms │ full ms │[\s\S]*│ web {4}│ {4}8 │/,
    );
    const groups = readFileSync(join(cli.path, 'grouped', 'groups.csv'), 'utf8');
    const { rows } = parseCsv(groups, 'groups.csv', ['cgroup', 'memory_max_pages']);
    expect(rows.map(({ cgroup, memory_max_pages }) => [cgroup, memory_max_pages])).toEqual([
      ['web', '8'],
      ['web/db', ''],
    ]);
  });
});

describe('reclaim trace', () => {
  it('converts to binary and back to the same bytes', () => {
    cli.run('trace', 'convert', 'a.csv', 'b.rtrace');
    expect(cli.run('trace', 'convert', 'b.rtrace', '-').stdout).toBe(TRACE);
    expect(cli.run('trace', 'info', 'b.rtrace').stdout).toMatch(
      /events: 6[\s\S]*discard +1[\s\S]*0\.000 s {2}end/,
    );
  });

  it('says what a trace contains as one object', () => {
    const said = JSON.parse(cli.run('trace', 'info', 'a.csv', '--format', 'json').stdout);
    expect(said).toMatchObject({ name: 'a.csv', events: 6, touches: 40, first_time_us: 0, spaces: 1 });
    expect(said.ops).toMatchObject({ discard: 1, mark: 1 });
    expect(said.marks.at(-1)).toMatchObject({ label: 'end' });
  });

  it('validates, with warnings on standard error', () => {
    expect(cli.run('trace', 'validate', 'a.csv')).toEqual({
      code: 0,
      stdout: 'valid: 6 events, 40 touches, 0 warnings\n',
      stderr: '',
    });
    cli.write('warn.csv', TRACE.replace('100,mark', '60,read,1,0,1,\n100,mark'));
    const { code, stdout, stderr } = cli.run('trace', 'validate', 'warn.csv');
    expect([code, stdout]).toEqual([0, 'valid: 7 events, 41 touches, 1 warnings\n']);
    expect(stderr).toBe(
      'warn.csv:7: warning: reads page 0 of space 1, which was discarded and not written since\n',
    );
  });

  it('generates the same bytes from the same seed', () => {
    const args = ['trace', 'generate', 'zipf', '-', '--param', 'pages=50', '--param', 'events=100', '--seed'];
    expect(cli.run(...args, '3').stdout).toBe(cli.run(...args, '3').stdout);
    expect(cli.run(...args, '3').stdout).not.toBe(cli.run(...args, '4').stdout);
  });

  it('imports a log of strace from standard input', () => {
    const log = [
      '1  10.000000 memfd_create("shm", MFD_CLOEXEC) = 5 <0.000010>',
      '1  10.000001 ftruncate(5, 8192) = 0 <0.000010>',
      '1  10.000002 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 5, 0) = 0x10000 <0.000010>',
      '1  10.000003 madvise(0x10000, 4096, MADV_REMOVE) = 0 <0.000010>\n',
    ];
    const { code, stdout } = reclaim(
      ['trace', 'import', '-', '-', '--reader', 'strace:touches=second-mapper', '--meta', 'source: a test'],
      cli.path,
      log.join('\n'),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/# source: a test\n[\s\S]*2,write,1,16,2,\n3,discard,1:1,16,1,[^\n]*\n$/);
  });

  it('imports a log of Chromium with its marks, and says which mark makes no sense', () => {
    const log = readFileSync(packageFile('harness', 'trace', 'readers', 'chromium', 'excerpt.strace'));
    const args = ['trace', 'import', '-', '-', '--reader', 'chromium', '--with', 'marks=tabs'];
    cli.write('tabs', '2026-11-21T03:56:13.404Z open p0\n2026-11-21T03:56:14.623Z open p1\n');
    const { code, stdout } = reclaim(args, cli.path, log);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n2577148,unpin,2191,16777217,1875,regen_ns=11028750 id=p0-1\n/);
    cli.write('tabs', '2026-11-21T03:56:13.404Z open p0\n2026-11-21T03:56:14.623Z front p1\n');
    expect(reclaim(args, cli.path, log)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^reclaim: tabs:2: tab p1 is not open here, expected a mark "open p1" before\n$/,
      ),
    });
  });

  it('imports requests in another format', () => {
    cli.write('P1.lis', '8 16 0 0\n16 1 0 1\n');
    const { code, stdout } = cli.run('trace', 'import', 'P1.lis', '-', '--split');
    expect(code).toBe(0);
    expect(stdout).toMatch(/,arg\n0,object,,,2,file:blocks\n0,pread,,0,2,blocks\n1,pread,,1,1,blocks\n$/);
  });
});

describe('reclaim trace import --reader guests', () => {
  it('imports snapshots of guests from standard input', () => {
    const args = ['trace', 'import', '-', '-', '--reader', 'guests:names=a+b,settle=5'];
    const { code, stdout } = reclaim(args, cli.path, '4 0 0 1\n4 0 1 2\n4 1 7 1\n');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /4000000,write,1,1048576,2,=1\+\n4000000,write,2,1048583,1,=1\n[\s\S]*\n9000000,mark,,,,5 s after the last snapshot\n$/,
    );
  });
});

describe('reclaim trace import --reader postgresql', () => {
  it('plays page accesses on a pool that is resized, and says how often the recording agrees', () => {
    const accesses = '5 7 m 1 0 0\n1000000 7 h 1 0 0\n';
    const pool = 'postgresql:shared_buffers=16KiB,resize=0.5:8KiB+0.75:16KiB';
    const args = ['trace', 'import', '-', 'pool.csv', '--reader', pool];
    const { code, stderr } = reclaim(args, cli.path, accesses);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^pool\.csv: 13 events\nthe model finds blocks as recorded in 2 of 2 uses \(100\.0 %\)\n/,
      ),
    ]);
    expect(readFileSync(join(cli.path, 'pool.csv'), 'utf8')).toMatch(
      /\n500000,mark,,,,pool of 1 buffers\n500000,discard,1,1048578,2,\n750000,mark,,,,pool of 2 buffers\n/,
    );
  });
});

describe('reclaim trace import --reader mariadb', () => {
  it('takes the faults as another file, before or behind the names, and says what it leaves out', () => {
    const sample = EVENT_SAMPLES.mariadb!;
    cli.write('log', sample.bytes);
    cli.write(
      'faults',
      `${sample.sides!.faults}x-1 [0] d 102.500000: page_fault_user: address=0x1000 error_code=0x6\n`,
    );
    const flags = ['--reader', 'mariadb', '--with', 'faults=faults'];
    for (const args of [
      [...flags, 'log', 'out.csv'],
      ['log', 'out.csv', ...flags],
    ])
      expect(cli.run('trace', 'import', ...args)).toEqual({
        code: 0,
        stdout: '',
        stderr: [
          'out.csv: 9 events',
          'log: 3 lines read = 3 used + 0 joined to others + 0 left out',
          'faults: 3 lines read = 2 used + 0 joined to others + 1 left out',
          'faults: left out: page faults outside the buffer pool (1)',
          '',
        ].join('\n'),
      });
  });
});

describe('reclaim readers', () => {
  it('lists every reader with its parameters and the files that it takes', () => {
    const { code, stdout } = cli.run('readers');
    expect(code).toBe(0);
    for (const { name } of READERS) expect(stdout).toContain(`\n  ${name}\n`);
    expect(stdout).toContain('\n      names=base+web (required): names of the guests, by their numbers\n');
    expect(stdout).toContain('\n      --with faults=FILE (required): the page faults of the database');
  });
});

describe('reclaim compare', () => {
  it('prints a table and writes results', () => {
    const { code, stdout, stderr } = cli.run('compare', 'e.yaml');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Use: memory saved and stalls added, against keep/);
    expect(stdout).toMatch(/\na: reclaim linux, swap ssd\n[\s\S]*\n {2}remove/);
    const folder = join('results', 'runs', 'e');
    expect(existsSync(join(cli.path, folder, 'runs.csv'))).toBe(true);
    expect(stdout).toMatch(
      /\nFigures: .*figures \(2, as PDF, SVG, Vega-Lite, TeX\)\n {2}all others: reclaim report results\/runs\/e\nReport: .*report\.html\n$/,
    );
    expect(existsSync(join(cli.path, folder, 'report.html'))).toBe(true);
    const endings = ['.pdf', '.svg', '.tex', '.txt', '.vl.json'];
    expect(readdirSync(join(cli.path, folder, 'figures'))).toEqual(
      ['glance', 'saving-stall'].flatMap((name) => endings.map((ending) => `${name}${ending}`)),
    );
  });

  it('draws all figures where asked', () => {
    const { stdout } = cli.run('compare', 'e.yaml', '--out', 'all', '--figures', 'all');
    expect(stdout).toMatch(/\nFigures: .*figures \(\d+, as PDF, SVG, Vega-Lite, TeX\)\n/);
    for (const name of ['glance', 'memory', 'stalls'])
      expect(existsSync(join(cli.path, 'all', 'figures', `${name}.pdf`)), name).toBe(true);
  });

  it('leaves the report out where asked, and takes away one of an earlier run', () => {
    const { stdout } = cli.run('compare', 'e.yaml', '--no-report');
    expect(stdout).not.toContain('Report:');
    expect(existsSync(join(cli.path, 'results', 'runs', 'e', 'report.html'))).toBe(false);
  });

  it('judges claims, and writes them', () => {
    cli.write(
      'claims.yaml',
      [
        'name: claims',
        'traces: [a.csv]',
        'discard: [keep, remove]',
        'claims:',
        '  - id: F1',
        '    claim: removing takes no faults',
        '    source: a thread',
        '    claimed: 0',
        '    value: { column: pgfault, where: { discard: remove } }',
        '    minus: { column: pgfault, where: { discard: keep } }',
      ].join('\n'),
    );
    const { code, stdout } = cli.run('compare', 'claims.yaml', '--out', 'judged', '--no-report');
    expect(code).toBe(0);
    expect(stdout).toMatch(/F1 +│ removing takes no faults +│ +0 │ +0 │ holds/);
    expect(stdout).toMatch(/perf\.csv, claims\.csv, verdict\.json,\s+manifest\.json/);
    expect(readFileSync(join(cli.path, 'judged', 'claims.csv'), 'utf8')).toBe(
      [
        'id,claim,source,relation,claimed,tolerance,computed,unit,verdict,reason',
        'F1,removing takes no faults,a thread,=,0,0,0,,holds,',
        '',
      ].join('\n'),
    );
    expect(cli.run('compare', 'e.yaml', '--out', 'judged', '--no-report').code).toBe(0);
    expect(readdirSync(join(cli.path, 'judged'))).not.toContain('claims.csv');
  });

  it('keeps finished cells at Ctrl-C, and goes on from there', async () => {
    cli.run('trace', 'generate', 'zipf', 'long.rtrace', '--param', 'events=500000', '--param', 'pages=20000');
    cli.write(
      'long.yaml',
      'name: long\ntraces: [long.rtrace]\ndiscard: [keep, remove, punch, dontneed]\nreclaim: [linux, lru, fifo]\nlimits: [none, 50%]\n',
    );
    const child = startReclaim(['compare', 'long.yaml', '--out', 'long', '--workers', '1'], cli.path);
    const said = text(child.stderr);
    const unfinished = join(cli.path, 'long', 'unfinished', 'runs.csv');
    while (!existsSync(unfinished)) await sleep(20);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    const { rows } = parseCsv(readFileSync(unfinished, 'utf8'), 'runs.csv');
    expect(await said).toBe(
      `reclaim: interrupted; ${rows.length} of 24 cells are finished and kept in long/unfinished, --resume continues from there\n`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(24);
    const resumed = cli.run('compare', 'long.yaml', '--out', 'long', '--resume', '--no-report');
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toBe(`${rows.length} of 24 cells are already finished\n`);
    const runs = readFileSync(join(cli.path, 'long', 'runs.csv'), 'utf8');
    expect(parseCsv(runs, 'runs.csv').rows).toHaveLength(24);
    expect(existsSync(join(cli.path, 'long', 'unfinished'))).toBe(false);
  });
});

describe('a cost table of a user', () => {
  const NOTE = /^costs\.json: not in this cost table and taken from the default: faults\.anon_write, .*\n$/;

  it('names once the rows that it lacks, and says so in the manifest', () => {
    cli.write('costs.json', '{ "touch": { "ns": 5 }, "faults": { "shmem_write": { "ns": 1000 } } }');
    const { code, stdout, stderr } = cli.run('replay', 'a.csv', '--costs', 'costs.json', '--format', 'json');
    expect([code, stderr]).toEqual([0, expect.stringMatching(NOTE)]);
    expect(JSON.parse(stdout).stall_minor_ns).toBe(40 * 1000);
    cli.write('cheap.yaml', 'name: cheap\ntraces: [a.csv]\ndiscard: [keep, remove]\ncosts: costs.json\n');
    expect(
      cli.run('compare', 'cheap.yaml', '--out', 'cheap', '--workers', '2', '--no-report').stderr,
    ).toMatch(NOTE);
    const manifest = JSON.parse(readFileSync(join(cli.path, 'cheap', 'manifest.json'), 'utf8'));
    expect(manifest.costs.from_default).toEqual(
      expect.arrayContaining(['faults.anon_write', 'calls', 'devices']),
    );
  });
});

describe('reclaim trace list', () => {
  it('lists the shipped traces with where they are from, in every format', () => {
    const rows = JSON.parse(cli.run('trace', 'list', '--format', 'json').stdout) as Record<string, unknown>[];
    expect(rows.map(({ trace }) => trace)).toEqual(
      cli
        .run('trace', 'list', '--format', 'csv')
        .stdout.trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ trace: 'chromium-drops', events: 8504, touches: 'inferred' }),
    );
    expect(cli.run('trace', 'list').stdout).toContain('chromium-drops');
  });
});

describe('lists for programs', () => {
  it('are JSON or CSV, of all entries or one', () => {
    const policies = JSON.parse(cli.run('policies', '--format', 'json').stdout);
    expect(policies).toContainEqual(
      expect.objectContaining({ kind: 'discard', name: 'remove', parameters: expect.any(Array) }),
    );
    const [one] = JSON.parse(cli.run('policies', 'ksm', '--format', 'json').stdout);
    expect(one.parameters[0]).toMatchObject({ name: expect.any(String), kind: expect.any(String) });
    const lines = cli.run('metrics', 'stall_ns', '--format', 'csv').stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('name,group,unit,better,meaning');
    expect(JSON.parse(cli.run('workloads', 'zipf', '--format', 'json').stdout)).toHaveLength(1);
    expect(JSON.parse(cli.run('readers', '--format', 'json').stdout).length).toBeGreaterThan(10);
    expect(cli.run('metrics', 'stal_ns')).toMatchObject({ code: 2 });
  });

  it('compare prints its cells as CSV or JSON, the same as its files', () => {
    const args = ['compare', 'e.yaml', '--no-report', '--out', 'printed'];
    const csv = cli.run(...args, '--format', 'csv').stdout;
    expect(csv).toBe(readFileSync(join(cli.path, 'printed', 'runs.csv'), 'utf8'));
    const json = JSON.parse(cli.run(...args, '--format', 'json').stdout);
    expect(json.cells).toHaveLength(2);
    expect(json.verdict).toEqual(JSON.parse(readFileSync(join(cli.path, 'printed', 'verdict.json'), 'utf8')));
  });

  it('compare --dry-run says what would run, and writes nothing', () => {
    const { code, stdout } = cli.run('compare', 'e.yaml', '--dry-run', '--out', 'dry');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^e: 2 cells in 1 run on 1 trace\n\ntrace +events +cells +runs +time +memory\na +6 +2 +1 /,
    );
    expect(stdout).toMatch(/Estimated: .* with \d+ workers?, .*Nothing\s+was run\.\n$/s);
    expect(existsSync(join(cli.path, 'dry'))).toBe(false);
  });
});
