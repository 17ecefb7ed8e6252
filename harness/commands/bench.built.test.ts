import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingCompiler } from '../base/native.js';
import { parseCsv } from '../metrics/csv.js';
import { BENCH_PERF_COLUMNS } from '../metrics/files.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { CliFolder } from '../testing/cli-folder.js';
import { temporaryFolder } from '../testing/folder.js';
import { cannot } from '../testing/system.js';

const cli = new CliFolder('one process');
/** From where programs may be run. */
const programs = temporaryFolder('reclaim-bench-cli-');
const SMALL = ['--requests', '2000', '--events', '1000', '--samples', '2', '--quiet'];
const bench = (...args: string[]) => cli.run('bench', ...SMALL, ...args);

/** Names of perf.csv, each once. */
function perfNames(out: string): string[] {
  const { columns, rows } = parseCsv(readFileSync(join(cli.path, out, 'perf.csv'), 'utf8'), 'perf.csv');
  expect(columns).toEqual(BENCH_PERF_COLUMNS);
  return [...new Set(rows.map((row) => row.name!))];
}

describe('reclaim bench', () => {
  const policies = reclaimPolicies.all().map(({ name }) => name);

  it('times text and machine', () => {
    const { code, stdout, stderr } = bench('--suite', 'text,machine', '--out', 'machine');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/machine\/zipf\/half\/linux: faults .* bytes a frame/);
    expect(perfNames('machine')).toContain('text/scan');
  });

  it('times every reclaim policy on every string', () => {
    const { code, stdout } = bench('--suite', 'policies', '--out', 'policies');
    expect(code).toBe(0);
    expect(stdout).toMatch(/policies\/loop\/lru .* 100\.0 %/);
    expect(perfNames('policies')).toEqual(
      ['zipf', 'loop', 'scan'].flatMap((string) => policies.map((policy) => `policies/${string}/${policy}`)),
    );
  });

  it('compares each policy in a process shared by all with itself alone, every sample kept', () => {
    const { code, stdout } = bench('--suite', 'shared-process', '--out', 'shared');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\d+ of \d+ take at most 1\.10 times as long; most: shared-process\//);
    expect(perfNames('shared')).toEqual(
      policies.flatMap((policy) => [`shared-process/${policy}/shared`, `shared-process/${policy}/alone`]),
    );
  });

  it('goes from a file of requests to misses', () => {
    const { code, stdout, stderr } = bench('--suite', 'path', '--out', 'path');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/path\/lru .* % misses/);
    expect(perfNames('path')).toContain('path/read');
  });

  it('compares each policy with its twin in C, whose misses are equal', ({ skip }) => {
    const missing = missingCompiler();
    if (missing) skip(cannot(missing));
    const { code, stdout, stderr } = bench('--suite', 'twins,wasm', '--out', 'twins');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('error:');
    expect(perfNames('twins')).toEqual(
      expect.arrayContaining(['twins/lru/js', 'twins/lru/c', 'wasm/arc/wasm', 'wasm/arc/c']),
    );
  });

  it('runs peers that are given, and compares what they count', () => {
    const cachesim = join(programs(), 'cachesim');
    writeFileSync(cachesim, '#!/bin/sh\necho "[INFO] LRU cache size 20, 2000 req, miss ratio 0.2500"\n');
    chmodSync(cachesim, 0o755);
    // Remembers everything: as many misses as there are ids.
    const lruCache = join(programs(), 'lru-cache');
    mkdirSync(lruCache);
    writeFileSync(
      join(lruCache, 'index.js'),
      'exports.LRUCache = class extends Map { constructor() { super(); } };\n',
    );
    const { code, stdout, stderr } = bench(
      ...['--suite', 'peers', '--cachesim', cachesim, '--lru-cache', lruCache, '--filter', '/lru'],
      ...['--out', 'peers'],
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/peers\/lru-cache\/\d+\/lru .*%, theirs 9\.\d\d %/);
    expect(stdout).toMatch(/peers\/cachesim\/\d+\/lru .*%, theirs /);
    expect(perfNames('peers')).toEqual(expect.arrayContaining([expect.stringMatching(/^peers\/.*\/peer$/)]));
  });

  it('refuses peers that are not said where, or not there', () => {
    expect(bench('--suite', 'peers').stderr).toContain('expected --cachesim FILE or --lru-cache FOLDER');
    expect(bench('--cachesim', 'nowhere').stderr).toContain('nowhere: no such file or folder');
  });

  it('goes on without a C compiler', () => {
    const { PATH } = process.env;
    process.env.PATH = programs();
    try {
      const { code, stderr } = bench('--suite', 'twins');
      expect([code, stderr]).toEqual([
        0,
        'twins: skipped: a C compiler is needed: not found: cc, gcc, clang\n',
      ]);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('runs only what a filter leaves', () => {
    expect(bench('--filter', 'zipf/fifo', '--out', 'filtered').code).toBe(0);
    expect(perfNames('filtered')).toEqual(['policies/zipf/fifo']);
  });

  it('refuses an unknown suite, and leaves nothing behind', () => {
    const { code, stderr } = bench('--suite', 'twin', '--out', 'none');
    expect(stderr).toMatch(/unknown suite "twin", expected one of text, .*; did you mean twins\?/);
    expect(code).toBe(2);
    expect(existsSync(join(cli.path, 'none'))).toBe(false);
  });
});
