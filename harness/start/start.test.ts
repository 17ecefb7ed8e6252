import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../testing/folder.js';
import { Bundle } from './bundle.js';
import { CodeCache, codeFolder, packed, unpacked } from './code-cache.js';

const all = temporaryFolder('reclaim-start-');
let folder = '';
const cacheFolder = () => join(folder, 'cache');

beforeEach(() => {
  folder = mkdtempSync(join(all(), 'test-'));
  vi.stubEnv('NODE_COMPILE_CACHE', cacheFolder());
  vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Writes the files of a bundle. */
function files(texts: Readonly<Record<string, string>>): string {
  const path = join(folder, 'bundle');
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(path, name), text);
  return path;
}

const TWO = {
  'a.cjs':
    "const b = require('./b.cjs'); exports.sum = b.one + require('node:path').sep.length; exports.copy = (key) => copyOfFile('b.cjs', key); exports.os = () => importFromOutside('node:os');",
  'b.cjs': 'exports.one = 1; exports.count = 0; exports.more = () => ++exports.count;',
};

interface A {
  readonly sum: number;
  copy(key: string): { more(): number };
  os(): Promise<{ EOL: string }>;
}

/** The files in which code is kept. */
function keptFiles(): string[] {
  if (!existsSync(cacheFolder())) return [];
  const names = readdirSync(cacheFolder(), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.bin')).map((name) => join(cacheFolder(), name));
}

/** Loads the two files as a process does, and ends it. Returns how many of them V8 had code of. */
function process(path: string): { a: A; kept: number } {
  const bundle = new Bundle(path, new CodeCache(path, 'a'));
  const a = bundle.load('a.cjs') as A;
  bundle.keep();
  return { a, kept: bundle.accepted };
}

describe('files of a bundle', () => {
  it('load one another, packages, copies of files and modules from outside, with and without kept code', async () => {
    const path = files(TWO);
    for (const kept of [0, 2]) {
      const ended = process(path);
      expect(ended.kept).toBe(kept);
      expect(ended.a.sum).toBe(2);
      expect([ended.a.copy('x').more(), ended.a.copy('x').more(), ended.a.copy('y').more()]).toEqual([
        1, 2, 1,
      ]);
      expect((await ended.a.os()).EOL).toBe('\n');
    }
  });

  it('are run again where they are forgotten, and those that they load are not', () => {
    const path = files(TWO);
    const bundle = new Bundle(path, new CodeCache(path, 'a'));
    const [a, b] = [bundle.load('a.cjs'), bundle.load('b.cjs')];
    bundle.forget('a.cjs');
    expect(bundle.load('a.cjs')).not.toBe(a);
    expect(bundle.load('b.cjs')).toBe(b);
  });

  it('are compiled again where they have changed', () => {
    process(files(TWO));
    const changed = { ...TWO, 'b.cjs': TWO['b.cjs'].replace('= 1', '= 5') };
    expect(process(files(changed))).toMatchObject({ a: { sum: 6 }, kept: 1 });
    expect(process(files(changed))).toMatchObject({ a: { sum: 6 }, kept: 2 });
  });
});

describe('kept code', () => {
  it('is not that of a copy elsewhere, whose path stacks would show', () => {
    const throws = { 'a.cjs': 'exports.stack = () => new Error().stack;' };
    const path = files(throws);
    const copy = join(folder, 'elsewhere', 'bundle');
    cpSync(path, copy, { recursive: true });
    for (const each of [path, copy, copy]) {
      const { stack } = process(each).a as unknown as { stack(): string };
      expect(stack()).toContain(pathToFileURL(join(each, 'a.cjs')).href);
    }
  });

  it('is compiled again where a byte of it is damaged, or it is cut short', () => {
    const path = files(TWO);
    process(path);
    const [file] = keptFiles() as [string];
    const good = readFileSync(file);
    for (const bad of [...damaged(good, 97), good.subarray(0, 100), good.subarray(0, 3), Buffer.alloc(0)]) {
      writeFileSync(file, bad);
      expect(process(path)).toMatchObject({ a: { sum: 2 }, kept: 0 });
      expect(readFileSync(file).length).toBeGreaterThan(1000);
    }
  });

  it('of nothing, and of many files, is what it was', () => {
    for (const count of [0, 1, 20]) {
      const names = Array.from({ length: count }, (_, i) => `file ${i}`);
      const codes = new Map(names.map((name, i) => [name, { source: i, code: Buffer.alloc(i * 5, i) }]));
      expect(unpacked(Buffer.from(packed(codes)))).toEqual(codes);
    }
  });

  it('is left out where it may not be, and where no folder can be made', () => {
    const path = files(TWO);
    vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', '1');
    expect(process(path).a.sum).toBe(2);
    expect(keptFiles()).toEqual([]);
    vi.stubEnv('NODE_DISABLE_COMPILE_CACHE', '');
    writeFileSync(cacheFolder(), 'a file');
    expect(process(path).a.sum).toBe(2);
  });

  it('is not taken from a folder that others can write, and no home is made for it', () => {
    mkdirSync(cacheFolder());
    expect(codeFolder()).toBe(join(cacheFolder(), 'reclaim-bench-code'));
    chmodSync(cacheFolder(), 0o777);
    expect(codeFolder()).toBeUndefined();
    vi.stubEnv('NODE_COMPILE_CACHE', join(folder, 'no home', '.cache'));
    expect(codeFolder()).toBeUndefined();
  });
});

/** A file with one byte changed, at every `step` bytes. */
function* damaged(good: Buffer, step: number): Generator<Buffer> {
  for (let at = 0; at < good.length; at += step) {
    const bad = Buffer.from(good);
    bad[at]! ^= 0x10;
    yield bad;
  }
}
