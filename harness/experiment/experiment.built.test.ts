import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WORKLOADS } from '../../workloads/registry.js';
import { HostError } from '../base/errors.js';
import { parseCsv } from '../metrics/csv.js';
import { KEY_COLUMNS, RUN_COLUMNS } from '../metrics/files.js';
import { METRICS } from '../metrics/schema.js';
import { memoryFolder } from '../testing/folder.js';
import { openTrace, type TraceHandle } from '../trace/trace.js';
import { writeTrace } from '../trace/write.js';
import { readExperiment } from './file.js';
import { Pool } from './pool.js';
import { type RunOptions, runExperiment } from './run.js';
import { resolveTrace } from './traces.js';
import { chooseWorkload, generate } from './workload.js';

const TRACE = [
  'time_us,op,space,page,count,arg',
  '0,spawn,1,,,',
  '0,object,,,40,shmem:o',
  '0,map,1,0,40,shared:o@0',
  '1,write,1,0,40,',
  '50,discard,1,0,20,',
  '60,read,1,20,20,',
  '100,mark,,,,end',
  '',
].join('\n');

const EXPERIMENT = `# a comment
name: small
traces: [a.csv]
discard: [keep, remove, dontneed, free]
reclaim: [linux, lru]
limits: [none, 50%]
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(memoryFolder(), 'reclaim-experiment-'));
  writeFileSync(join(folder, 'a.csv'), TRACE);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function experiment(text = EXPERIMENT) {
  const path = join(folder, 'e.yaml');
  writeFileSync(path, text);
  return path;
}

function options(out = 'out', more: Partial<RunOptions> = {}): RunOptions {
  return {
    out: join(folder, out),
    // Most of these small experiments need no worker; what is about several asks for them.
    workers: 1,
    resume: false,
    policyModules: [],
    command: 'reclaim compare e.yaml',
    ...more,
  };
}

const run = (out?: string, more?: Partial<RunOptions>, text?: string) =>
  runExperiment(readExperiment(experiment(text)), options(out, more));
const file = (out: string, name: string) => readFileSync(join(folder, out, name), 'utf8');

describe('an experiment', () => {
  it('runs the product of its axes, and writes what design says', async () => {
    const { runs, failed } = await run();
    expect(failed).toBe(0);
    expect(runs).toHaveLength(16);
    const { columns, rows } = parseCsv(file('out', 'runs.csv'), 'runs.csv');
    expect(columns).toEqual([...KEY_COLUMNS, ...METRICS.map(({ name }) => name)]);
    expect(rows.map((row) => `${row.limit_pages}/${row.reclaim}/${row.discard}`).slice(0, 6)).toEqual([
      '/linux/keep',
      '/linux/remove',
      '/linux/dontneed',
      '/linux/free',
      '/lru/keep',
      '/lru/remove',
    ]);
    expect(rows[8]?.limit_pages).toBe('20');
    expect(readdirSync(join(folder, 'out')).sort()).toEqual([
      'calls.csv',
      'cells',
      'draws.csv',
      'files.json',
      'manifest.json',
      'perf.csv',
      'runs.csv',
      'spaces.csv',
      'timeline.csv',
    ]);
    const manifest = JSON.parse(file('out', 'manifest.json'));
    expect(manifest).toMatchObject({
      command: 'reclaim compare e.yaml',
      seed: [1],
      cells: { planned: 16, ok: 16 },
      not_ok: [],
    });
    expect(manifest.traces[0]).toMatchObject({ trace: 'a', events: 7, peak_pages: 40 });
    expect(JSON.stringify(manifest)).not.toContain(folder);
  });

  it('saves against keep with all else equal', async () => {
    const { runs } = await run();
    const row = (discard: string) =>
      runs.find((r) => r.discard === discard && r.limit_pages === null && r.reclaim === 'linux');
    // 20 of 40 pages are gone for the second half of the time.
    expect(row('remove')?.saved_pages_mean).toBe(10);
    expect(row('keep')?.saved_pages_mean).toBe(0);
    expect(row('dontneed')?.saved_pages_mean).toBe(0);
  });

  it('has the memory of the machine as an axis, and saves against a cell with as much', async () => {
    const text = EXPERIMENT.replace('reclaim: [linux, lru]', 'memory: [none, 400p, 4GiB]');
    const { runs } = await run('out', {}, text.replace('[keep, remove, dontneed, free]', '[keep, remove]'));
    const row = (memory: number | null, discard: string) =>
      runs.find((r) => r.discard === discard && r.limit_pages === null && r.memory_pages === memory);
    expect(runs).toHaveLength(12);
    for (const pages of [null, 400, 4 * 2 ** 18]) {
      expect(row(pages, 'keep')?.saved_pages_mean, String(pages)).toBe(0);
      expect(row(pages, 'remove')?.saved_pages_mean, String(pages)).toBe(10);
    }
    const [one] = (await run('one', {}, `${EXPERIMENT}memory: 50%\n`)).runs;
    expect(one?.memory_pages).toBe(20);
  });

  it('generates a trace again for each replicate, under one name, with limits of its own; one that was recorded is there once', async () => {
    const text = [
      'name: e',
      'traces: [a.csv, { workload: zipf, params: { pages: 60, events: 300 } }]',
      'discard: [keep, remove]',
      'limits: 50%',
      'draws: 2',
      '',
    ].join('\n');
    const first = await run('first', {}, text);
    const { runs, traces, draws } = await run('out', {}, `${text}replicates: 3\n`);
    expect(traces.map(({ label }) => label)).toEqual(['a', 'zipf:pages=60,events=300']);
    expect(runs.map(({ trace, replicate, limit }) => `${trace.slice(0, 4)} ${replicate} ${limit}`)).toEqual(
      ['a 1', 'zipf 1', 'zipf 2', 'zipf 3'].flatMap((name) => [`${name} 50%`, `${name} 50%`]),
    );
    expect([...draws.values()].every((rows) => rows.length === 2)).toBe(true);
    // The first replicate is the trace without replicates, byte for byte.
    expect(runs.slice(0, 4)).toEqual(first.runs);
    const hashes = runs.map(({ trace_sha256 }) => trace_sha256);
    expect(new Set(hashes).size).toBe(4);
    // Each is compared with the base of its own replicate.
    for (const row of runs.filter(({ discard }) => discard === 'keep')) expect(row.saved_pages_mean).toBe(0);
    const manifest = JSON.parse(file('out', 'manifest.json'));
    expect(manifest).toMatchObject({ draws: 2, replicates: 3 });
    const [recorded, generated] = manifest.traces;
    expect(recorded.replicates).toEqual([
      { replicate: 1, trace_sha256: hashes[0], events: 7, peak_pages: 40 },
    ]);
    expect(generated.replicates.map((one: { trace_sha256: string }) => one.trace_sha256)).toEqual([
      hashes[2],
      hashes[4],
      hashes[6],
    ]);
    expect(generated.replicates[0].seed).toBe(1);
    // The seed of a replicate generates it.
    const again = {
      workload: 'zipf',
      params: { pages: '60', events: '300' },
      seed: generated.replicates[1].seed,
    };
    const handle = await resolveTrace(again, folder).compile();
    const hash = (await openTrace(handle)).totals.sha256;
    expect(hash).toBe(hashes[4]);
  });

  it('writes the same bytes with one worker, with two, and again, and without any', async () => {
    // What is compressed is read in a worker, which then runs the cells, too.
    writeFileSync(join(folder, 'a.csv.gz'), gzipSync(TRACE));
    const compressed = EXPERIMENT.replace('a.csv', 'a.csv.gz');
    await run('one', { workers: 1 }, compressed);
    await run('two', { workers: 2 }, compressed);
    await run('two', { workers: 2 }, compressed);
    await run('none', { workers: 2 });
    for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv']) {
      expect(file('one', name), name).toBe(file('two', name));
      expect(file('one', name), name).toBe(file('none', name));
    }
  });

  it('resumes cells whose inputs are the same, and runs the others', async () => {
    const started: [number, number][] = [];
    const events = { started: (cells: number, resumed: number) => void started.push([cells, resumed]) };
    const whole = await run('out', { events });
    await run('out', { events, resume: true });
    await run(
      'out',
      { events, resume: true },
      EXPERIMENT.replace('discard: [keep,', 'discard: [keep, punch,'),
    );
    writeFileSync(join(folder, 'a.csv'), TRACE.replace('100,mark', '101,mark'));
    await run('out', { events, resume: true });
    await run('out', { events });
    expect(started).toEqual([
      [16, 0],
      [16, 16],
      [20, 16],
      [16, 0],
      [16, 0],
    ]);
    expect(whole.runs).toHaveLength(16);
  });

  it('a resumed run writes the bytes of a whole one', async () => {
    await run('out', {}, EXPERIMENT.replace('reclaim: [linux, lru]', 'reclaim: [lru]'));
    await run('out', { resume: true });
    await run('whole');
    for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'])
      expect(file('out', name), name).toBe(file('whole', name));
  });

  it('an ended run keeps finished cells', async () => {
    const abort = new AbortController();
    let finished = 0;
    const ended = await run('out', {
      workers: 1,
      signal: abort.signal,
      events: {
        finishedCell: () => {
          if (++finished === 3) abort.abort();
        },
      },
    });
    expect(ended.aborted).toBe(true);
    expect(ended.runs).toHaveLength(3);
    expect([ended.finished, ended.planned]).toEqual([3, 16]);
    expect(ended.folder).toBe(join(folder, 'out', 'unfinished'));
    expect(parseCsv(file('out/unfinished', 'runs.csv'), 'runs.csv').rows).toHaveLength(3);
    expect(readdirSync(join(folder, 'out'))).toEqual(['unfinished']);
    const resumed: number[] = [];
    await run('out', { resume: true, events: { started: (_cells, done) => void resumed.push(done) } });
    expect(resumed).toEqual([3]);
    expect(readdirSync(join(folder, 'out'))).not.toContain('unfinished');
  });

  it('a limit that cannot be met is a row with outcome oom', async () => {
    const { runs } = await run(
      'out',
      {},
      EXPERIMENT.replace('limits: [none, 50%]', 'limits: [50%]\nswap: [none]'),
    );
    const row = runs.find((r) => r.discard === 'keep');
    expect(row).toMatchObject({ outcome: 'oom', oom_events: 1, saved_pages_mean: null });
  });
});

describe('generated traces', () => {
  const generated = (traces: string) =>
    `name: small\ntraces:\n${traces}\ndiscard: [keep]\nlimits: [none, 50%]\n`;
  const ZIPF = '  - workload: zipf\n    params: { pages: 64, events: [100, 200], interval_us: 7 }';

  it('stand next to others; a list of values is an axis; labels say what differs from the defaults', async () => {
    const { runs } = await run(
      'out',
      {},
      generated(
        `  - a.csv\n${ZIPF}\n    seed: 5\n  - { workload: zipf, params: { pages: 64, events: 100 } }`,
      ),
    );
    expect(runs.map((row) => row.trace)).toEqual(
      [
        'a',
        'zipf:pages=64,events=100,interval_us=7,seed=5',
        'zipf:pages=64,events=200,interval_us=7,seed=5',
        'zipf:pages=64,events=100',
      ].flatMap((label) => [label, label]),
    );
    expect(runs.map((row) => row.events)).toEqual([7, 7, 102, 102, 202, 202, 102, 102]);
    expect(runs.every((row) => row.outcome === 'ok')).toBe(true);
  });

  it('are the same events as those of reclaim trace generate, and the same bytes every time', async () => {
    const summary = await run('one', {}, generated(ZIPF));
    await run('two', { workers: 1 }, generated(ZIPF));
    for (const name of ['runs.csv', 'draws.csv', 'timeline.csv', 'spaces.csv'])
      expect(file('one', name), name).toBe(file('two', name));
    const source = generate(chooseWorkload('zipf', { pages: '64', events: '100', interval_us: '7' }, 1));
    const { sha256 } = await writeTrace(source, join(folder, 'z.csv'), 'text');
    expect(summary.traces[0]?.sha256).toBe(sha256);
  });

  it('resume where workload, parameters and seed are the same', async () => {
    const started: [number, number][] = [];
    const options = {
      resume: true,
      events: { started: (cells: number, resumed: number) => void started.push([cells, resumed]) },
    };
    await run('out', options, generated(ZIPF));
    await run('out', options, generated(ZIPF));
    await run('out', options, generated(ZIPF.replace('[100, 200]', '[100, 300]')));
    await run('out', options, generated(`${ZIPF}\n    seed: 2`));
    expect(started).toEqual([
      [4, 0],
      [4, 4],
      [4, 2],
      [4, 0],
    ]);
  });

  it('are compiled once', async () => {
    const handles = [1, 2].map(() =>
      resolveTrace({ workload: 'zipf', params: { pages: '9', events: '20' }, seed: 3 }, folder).compile(),
    );
    const [first, second] = (await Promise.all(handles)) as [TraceHandle, TraceHandle];
    expect(first.path).toBe(second.path);
  });

  it('leave the seed to the entry: no workload has a parameter of that name', () => {
    for (const { parameters } of WORKLOADS) expect(Object.keys(parameters)).not.toContain('seed');
  });

  const wrong: readonly (readonly [name: string, traces: string, message: RegExp])[] = [
    [
      'an unknown workload',
      '  - { workload: zpif }',
      /e\.yaml:3:17: unknown workload "zpif".*did you mean zipf\?/,
    ],
    [
      'an unknown parameter',
      ZIPF.replace('interval_us', 'interval'),
      /e\.yaml:4:56: unknown parameter of workload zipf "interval".*did you mean interval_us\?/,
    ],
    ['a value out of range', ZIPF.replace('64', '0'), /e\.yaml:4:22: pages=0 is out of range/],
    [
      'one of several values out of range',
      ZIPF.replace('200', '0'),
      /e\.yaml:4:40: events=0 is out of range/,
    ],
    [
      'an unknown key',
      `${ZIPF}\n    sed: 1`,
      /e\.yaml:5:5: unknown key of a trace "sed".*did you mean seed\?/,
    ],
    [
      'no workload',
      '  - params: { pages: 4 }',
      /e\.yaml:3:5: traces\.0\.workload: expected the name of a workload/,
    ],
    [
      'neither a text nor a map',
      '  - [a.csv]',
      /e\.yaml:3:5: traces\.0: expected a name, a path, or workload/,
    ],
    ['an invalid seed', '  - { workload: zipf, seed: -1 }', /e\.yaml:3:29: traces\.0\.seed: .*>=0/],
    [
      'a parameter of another kind',
      '  - { workload: zipf, params: { pages: { a: 1 } } }',
      /e\.yaml:3:40: traces\.0\.params\.pages: expected a value, or a list/,
    ],
    [
      'the same trace twice',
      '  - { workload: zipf, params: { pages: 64, events: 100 } }\n  - { workload: zipf, params: { events: 100, pages: 64 } }',
      /two traces are called zipf:pages=64,events=100/,
    ],
    [
      'too many at once',
      `  - { workload: zipf, params: { pages: [${Array.from({ length: 40 }, (_, i) => i + 1)}], events: [${Array.from({ length: 40 }, (_, i) => i + 1)}] } }`,
      /e\.yaml:3:31: this entry expands to more than 1000 traces/,
    ],
  ];
  for (const [name, traces, message] of wrong) {
    it(`${name} is refused, with its place`, async () => {
      await expect((async () => run('out', {}, generated(traces)))()).rejects.toThrow(message);
      expect(existsSync(join(folder, 'out'))).toBe(false);
    });
  }
});

describe('a worker that dies', () => {
  it('is reported with its cell, and the others go on', async () => {
    const worker = join(folder, 'worker.mjs');
    writeFileSync(
      worker,
      `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (cell) => {
        if (cell.cell === 2) process.exit(7);
        if (cell.cell === 4) throw new Error('boom');
        parentPort.postMessage({ result: { cell: cell.cell } });
      });`,
    );
    const done: number[] = [];
    const failed: string[] = [];
    const pool = new Pool<{ cell: number }, { result: { cell: number } }>(2, {}, worker);
    await pool.run(
      [1, 2, 3, 4, 5, 6].map((cell) => ({ cell })),
      {
        answered: ({ cell }, { result }) => void done.push(result.cell === cell ? cell : -1),
        died: ({ cell }, reason) => void failed.push(`${cell}: ${reason}`),
      },
    );
    await pool.close();
    expect(done.sort()).toEqual([1, 3, 5, 6]);
    expect(failed.sort()).toEqual(['2: exit code 7', '4: boom']);
  });

  it('is not blamed for what goes wrong with its answer; all workers are ended', async () => {
    const worker = join(folder, 'worker.mjs');
    // Without a port that is open they would end by themselves.
    writeFileSync(
      worker,
      `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', (job) => parentPort.postMessage(job));`,
    );
    const pool = new Pool<number, number>(2, {}, worker);
    const run = pool.run([1, 2, 3], {
      answered() {
        throw new HostError('no space left on the device');
      },
      died: (_job, reason) => expect.unreachable(reason),
    });
    await expect(run).rejects.toThrow('no space left on the device');
    await expect(
      pool.run([4], { answered: () => expect.unreachable(), died: () => expect.unreachable() }),
    ).resolves.toBe(undefined);
  });
});

describe('what is wrong with an experiment is one line, and nothing is left behind', () => {
  const cases: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    [
      'an unknown key',
      EXPERIMENT.replace('limits:', 'limit:'),
      /e\.yaml:6:1: unknown key of an experiment "limit", expected one of name, .*; did you mean limits\?$/,
    ],
    ['text that is not YAML', 'name: [', /e\.yaml:1:8: not YAML/],
    ['a missing key', 'name: small\ntraces: [a.csv]\n', /e\.yaml:1:1: discard: /],
    [
      'neither traces nor families',
      'name: small\ndiscard: [keep]\n',
      /e\.yaml:1:1: traces: expected a list of traces, or families/,
    ],
    [
      'an unknown workload in a family',
      'name: small\nfamilies:\n  pool:\n    - { workload: zip }\ndiscard: [keep]\n',
      /e\.yaml:4:19: unknown workload "zip", .*did you mean zipf/,
    ],
    [
      'a name with a slash',
      EXPERIMENT.replace('small', 'a/b'),
      /e\.yaml:2:7: name: expected up to 60 lower case letters/,
    ],
    [
      'a value of another kind',
      EXPERIMENT.replace('[keep, remove, dontneed, free]', '{ keep: 1 }'),
      /e\.yaml:4:10: discard: expected a value, or a list of values$/,
    ],
    [
      'an empty list',
      EXPERIMENT.replace('[keep, remove, dontneed, free]', '[]'),
      /e\.yaml:4:10: discard: an empty list, expected a value$/,
    ],
    [
      'the key seeds, whose place others took',
      `${EXPERIMENT}seeds: [1, 2]\n`,
      /e\.yaml:7:1: "seeds" is no longer a key of an experiment, expected draws: N for draws of device latency, replicates: N/,
    ],
    ['no draws', `${EXPERIMENT}draws: 0\n`, /e\.yaml:7:8: draws: Too small: expected number to be >=1/],
    [
      'a seed that is out of range',
      `${EXPERIMENT}seed: [1, -1]\n`,
      /e\.yaml:7:11: seed\.1: Too small: expected number to be >=0$/,
    ],
    [
      'an unknown policy',
      EXPERIMENT.replace('dontneed', 'dontned'),
      /e\.yaml:\d+:\d+: unknown discard policy "dontned".*did you mean dontneed\?/,
    ],
    [
      'an invalid limit',
      EXPERIMENT.replace('50%', 'half'),
      /e\.yaml:6:16: "half" is not a size, expected N or Np pages/,
    ],
    [
      'an unknown swap',
      `${EXPERIMENT}swap: [tape]\n`,
      /e\.yaml:7:8: unknown kind of swap "tape", expected one of none, ssd/,
    ],
    [
      'a trace that is not there',
      EXPERIMENT.replace('a.csv', 'b.csv'),
      /e\.yaml:\d+:10: \S*b\.csv: no such file$/,
    ],
    [
      'the second of two traces that is a directory',
      EXPERIMENT.replace('a.csv', 'a.csv, ./'),
      /e\.yaml:\d+:17: \S+: is a directory, expected a file$/,
    ],
    [
      'a trace of a family that is no trace',
      EXPERIMENT.replace(/^traces: .*$/m, 'families:\n  one: [e.yaml]'),
      /e\.yaml:\d+:9: \S*e\.yaml:1:1: /,
    ],
    [
      'a trace of too long a name',
      EXPERIMENT.replace('a.csv', `${'b'.repeat(150)}.csv`),
      /e\.yaml:\d+:10: \S+ … b+\.csv: the name of this trace has 150 characters/,
    ],
    [
      'a cost table that is not there',
      `${EXPERIMENT}costs: none.json\n`,
      /e\.yaml:7:8: \S*none\.json: no such file$/,
    ],
    ['a file that is not a cost table', `${EXPERIMENT}costs: e.yaml\n`, /e\.yaml:7:8: \S*e\.yaml:1:\d+: /],
    [
      'a shipped trace that is not there',
      EXPERIMENT.replace('a.csv', 'chromium-drop'),
      /unknown shipped trace "chromium-drop".*did you mean chromium-drops\?/,
    ],
    [
      'two traces of one name',
      EXPERIMENT.replace('[a.csv]', '[a.csv, ./a.csv]'),
      /e\.yaml:\d+:17: two traces are called a/,
    ],
  ];
  for (const [name, text, message] of cases) {
    it(name, async () => {
      await expect((async () => run('out', {}, text))()).rejects.toThrow(message);
      expect(existsSync(join(folder, 'out'))).toBe(false);
    });
  }

  it('a trace that makes no sense', async () => {
    writeFileSync(join(folder, 'a.csv'), TRACE.replace('60,read,1,20,20', '60,read,1,20,21'));
    await expect(run()).rejects.toThrow(
      /e\.yaml:\d+:10: \S*a\.csv:7: read of page 40 in space 1 is outside every mapping/,
    );
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('a folder that cannot be written', async () => {
    await expect(run('a.csv')).rejects.toThrow(
      /a\.csv: results cannot be written there: this is a file, expected a folder/,
    );
    await expect(run('a.csv/deep')).rejects.toThrow(
      /results cannot be written there: part of this path is not a directory/,
    );
    await expect(
      runExperiment(readExperiment(experiment()), { ...options(), out: '/proc/none' }),
    ).rejects.toThrow(/\/proc\/none: results cannot be written there/);
  });

  it('leaves an existing folder as it was', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out', 'mine.txt'), 'mine');
    await expect(run('out', {}, EXPERIMENT.replace('a.csv', 'b.csv'))).rejects.toThrow();
    expect(readdirSync(join(folder, 'out'))).toEqual(['mine.txt']);
  });
});

describe('result files', () => {
  it('have no more and no fewer columns than the schema', () => {
    expect(new Set(RUN_COLUMNS).size).toBe(RUN_COLUMNS.length);
  });
});
