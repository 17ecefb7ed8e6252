import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative } from '../../base/native.js';
import { packageFile } from '../../base/package-root.js';
import { accessesWithin, collapsed, type PageFile, readPageFile } from '../../testing/page-records.js';
import { cannot } from '../../testing/system.js';
import { usableCacheFolder } from '../../trace/io/cache.js';
import { buildTool, findValgrind, toolCommand, whatIsMissing } from './tool.js';

const missing = whatIsMissing();
if (missing !== undefined) cannot(`accesses are not recorded here: not found: ${missing}`);

const PAGES = 64;
const HOUR_US = 3_600_000_000;
const SYSCALL = { ftruncate: 77, madvise: 28, memfd_create: 319 };

let folder: string;
let program: string;
let runs = 0;
const prefix: string[] = [];

beforeAll(async () => {
  if (missing !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'reclaim-pages-'));
  const source = packageFile('harness', 'testing', 'record-accesses.c');
  const flags = ['-O1', '-w', '-pthread'];
  program = await buildNative({ source, name: 'record-accesses', flags }, usableCacheFolder());
  const valgrind = findValgrind();
  if (typeof valgrind === 'string') throw new Error(valgrind);
  prefix.push(...toolCommand(valgrind, await buildTool(valgrind), []));
});
afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

interface Recorded {
  readonly raw: string;
  readonly files: readonly PageFile[];
  /** What the program says it did, without its first line. */
  readonly said: readonly string[];
  /** First page of its region. */
  readonly region: number;
}

function rawFolder(): string {
  const raw = mkdtempSync(join(folder, `${runs++}-`));
  writeFileSync(join(raw, 'recording'), '');
  return raw;
}

const filesOf = (raw: string) =>
  readdirSync(raw)
    .filter((name) => name.endsWith('.pages'))
    .map((name) => readPageFile(join(raw, name)));

function recorded(options: readonly string[], ...args: readonly string[]): Recorded {
  const raw = rawFolder();
  const [file, ...rest] = [...prefix, `--folder=${raw}`, ...options, program, ...args];
  const { status, stdout, stderr } = spawnSync(file!, rest, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const lines = stdout.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('region'));
  return { raw, files: filesOf(raw), said: lines.slice(at + 1), region: Number(lines[at]!.slice(7)) };
}

const only = <T>(items: readonly T[]): T => {
  expect(items.length).toBe(1);
  return items[0]!;
};

/** Accesses to the region and the drops between them, as the program says them. */
function asSaid({ files, region }: Recorded): string[] {
  return accessesWithin(only(files), region, PAGES, ({ kind, value, words }) =>
    kind === 'call' && value === SYSCALL.madvise ? `madvise ${Number(words[1]! >> 12n) - region}` : undefined,
  );
}

describe.skipIf(missing !== undefined)('the page tool', () => {
  it('records with --every 0 exactly the accesses that a program makes, in one order with its calls', () => {
    for (const seed of ['1', '2', '3']) {
      const run = recorded(['--every-us=0'], 'script', seed);
      expect(run.said.length).toBeGreaterThan(200);
      expect(collapsed(asSaid(run))).toEqual(collapsed(run.said));
    }
  });

  it('records each page once in a window, once more for its first write, and again after each call', () => {
    const run = recorded([`--every-us=${HOUR_US}`], 'script', '4');
    const seen = new Set<string>();
    const expected = run.said.filter((line) => {
      if (line.startsWith('madvise')) seen.clear();
      const page = line.slice(2);
      const known = seen.has(line) || (line.startsWith('R') && seen.has(`W ${page}`));
      if (!line.startsWith('madvise')) seen.add(line);
      return !known;
    });
    expect(asSaid(run)).toEqual(expected);
    expect(expected.length).toBeLessThan(run.said.length);
  });

  it('records buffers that the kernel reads and fills, and what descriptors stand for', () => {
    const run = recorded(['--every-us=0'], 'kernel');
    expect(collapsed(accessesWithin(only(run.files), run.region, PAGES))).toEqual(run.said);
    const { records } = only(run.files);
    const io = records.filter(({ kind }) => kind === 'io').slice(-3);
    expect(io.map(({ words }) => words.slice(2))).toEqual([
      [0n, 16n],
      [4n, 100n],
      [0n, 20n],
    ]);
    const shared = records.filter(({ kind, text }) => kind === 'object' && text.startsWith('/memfd:shared'));
    // It is told again when its size has changed: 0, then 20 bytes, then four pages.
    expect(shared.map(({ words }) => words[2])).toEqual([0n, 20n, 16384n]);
    expect(shared[0]!.words.slice(0, 2)).toEqual(io[2]!.words.slice(0, 2));
  });

  it('records threads and children, a file for each image of a process', () => {
    const { files, region } = recorded(['--every-us=0'], 'processes');
    const [parent, child, executed] = [0, 1, 2].map((born) =>
      only(files.filter((file) => file.born === born)),
    );
    expect(child!.parent).toBe(parent!.pid);
    expect(executed!.pid).toBe(child!.pid);
    expect(executed!.command).toContain('script 1');
    const writes = accessesWithin(parent!, region, PAGES, ({ kind, value }) =>
      kind === 'thread' ? `thread ${value}` : undefined,
    );
    const threads = [...new Set(writes.filter((line) => line.startsWith('thread')))];
    expect(threads.length).toBe(2);
    expect(threads[0]).toBe(`thread ${parent!.pid}`);
    expect(writes.filter((line) => line.startsWith('W'))).toEqual(['W 11', 'W 12', 'W 14']);
    expect(accessesWithin(child!, region, PAGES)).toEqual(['W 13']);
    // The child has inherited what the parent recorded before the fork.
    expect(Number(child!.forkedAt)).toBeGreaterThan(1000);
    expect(child!.records.some(({ kind }) => kind === 'map')).toBe(false);
    expect(executed!.records.some(({ kind }) => kind === 'map')).toBe(true);
  });

  it('records what written pages contain, before they are dropped too', () => {
    const { files, region } = recorded([`--contents-us=${HOUR_US}`], 'contents');
    const { records } = only(files);
    const content = records.filter(
      ({ kind, value }) => kind === 'content' && value >= region && value < region + PAGES,
    );
    const pages = content.map(({ value }) => value - region).sort((a, b) => a - b);
    expect(pages).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 20]);
    const hash = new Map(content.map(({ value, words }) => [value - region, words[0]!]));
    expect([0, 1, 2, 3].map((page) => hash.get(page))).toEqual([0n, 0n, 0n, 0n]);
    expect(hash.get(4)).toBe(hash.get(5));
    expect(hash.get(4)).toBe(hash.get(20));
    expect(hash.get(6)).toBe(hash.get(7));
    expect(new Set(hash.values()).size).toBe(3);
    const drop = records.findIndex(({ kind, value }) => kind === 'call' && value === SYSCALL.madvise);
    const last = records.findLastIndex(({ kind, value }) => kind === 'content' && value === region + 7);
    expect(last).toBeLessThan(drop);
  });

  it('records a sample of the pages: the same accesses, fewer pages', () => {
    const all = recorded(['--every-us=0'], 'script', '5');
    const some = recorded(['--every-us=0', '--sample=4'], 'script', '5');
    const accesses = (run: Recorded) => asSaid(run).filter((line) => !line.startsWith('madvise'));
    const pageOf = (line: string) => line.slice(2);
    const pages = new Set(accesses(some).map(pageOf));
    expect(pages.size).toBeGreaterThan(2);
    expect(pages.size).toBeLessThan(PAGES / 2);
    const thinned = accesses(all).filter((line) => pages.has(pageOf(line)));
    expect(collapsed(accesses(some))).toEqual(collapsed(thinned));
  });

  it('loses little of a program that is killed, and stops when the recorder wants no more', async () => {
    const raw = rawFolder();
    const [file, ...rest] = [...prefix, `--folder=${raw}`, program, 'sleep'];
    const child = spawn(file!, rest, { stdio: 'ignore' });
    const path = join(raw, `${child.pid}.0.pages`);
    const isAsleep = () =>
      existsSync(path) && /State:\s+S/.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
    for (let tries = 0; tries < 400 && !isAsleep(); tries++) await setTimeout(25);
    await setTimeout(200);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { records } = readPageFile(path);
    expect(records.length).toBeGreaterThan(100);
    expect(records.some(({ kind }) => kind === 'end')).toBe(false);
    rmSync(join(raw, 'recording'));
    const unwanted = spawnSync(file!, [...rest.slice(0, -1), 'script', '1'], { encoding: 'utf8' });
    expect(unwanted.status).toBe(0);
    expect(unwanted.stderr).toBe('');
    expect(readdirSync(raw)).toEqual([`${child.pid}.0.pages`]);
  });
});
