import { chmodSync, mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../testing/folder.js';
import { usableCacheFolder } from './cache.js';

const parent = temporaryFolder('reclaim-cache-');
let folder: string;
const NAME = `reclaim-bench-${process.getuid?.()}`;
const fallback = () => join(folder, NAME);
const passing = () => `${fallback()}-${process.pid}`;

beforeEach(() => {
  folder = mkdtempSync(join(parent(), 'tmp-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  // No cache folder can be made below a file.
  vi.stubEnv('XDG_CACHE_HOME', file);
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => vi.unstubAllEnvs());

describe('where the cache folder cannot be written', () => {
  it('a folder of this user alone is used instead', () => {
    expect(usableCacheFolder()).toBe(fallback());
    expect(statSync(fallback()).mode & 0o777).toBe(0o700);
    expect(usableCacheFolder()).toBe(fallback());
  });

  it.each([
    ['a link to a folder', () => symlinkSync(folder, fallback())],
    ['a broken link', () => symlinkSync(join(folder, 'none'), fallback())],
    ['a file', () => writeFileSync(fallback(), '')],
    [
      'a folder that others can write into',
      () => {
        mkdirSync(fallback());
        chmodSync(fallback(), 0o777);
      },
    ],
  ])('except %s in its place: then one of this process', (_, setUp) => {
    setUp();
    expect(usableCacheFolder()).toBe(passing());
    expect(statSync(passing()).mode & 0o777).toBe(0o700);
  });

  it('except a folder of another user', () => {
    mkdirSync(fallback());
    const own = process.getuid!();
    // The name and the owner are asked for in this order: only the owner of the folder differs from what is expected.
    vi.spyOn(process, 'getuid')
      .mockReturnValueOnce(own)
      .mockReturnValueOnce(own + 1);
    expect(usableCacheFolder()).not.toBe(fallback());
    vi.restoreAllMocks();
  });

  it('nothing of others is made use of when both are taken', () => {
    symlinkSync(folder, fallback());
    symlinkSync(folder, passing());
    expect(() => usableCacheFolder()).toThrow(
      /written nowhere \(.*; .*: is a link or a file, expected a folder\)/,
    );
  });
});
