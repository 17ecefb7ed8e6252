import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileError, InputError } from './errors.js';
import { makeFolder } from './folders.js';
import { unknownName } from './nearest.js';
import { parseSize, sizeInPages } from './size.js';
import { readText } from './text.js';

describe('sizes', () => {
  const pages = (text: string, whole = 1000) => sizeInPages(parseSize(text, 4096), whole);

  it('are pages, bytes or a share', () => {
    expect(['7', '7p', '8KiB', '9KiB', '1.5MiB', '2GiB', '1TiB'].map((text) => pages(text))).toEqual([
      7,
      7,
      2,
      2,
      384,
      524_288,
      2 ** 28,
    ]);
    expect(['50%', '33.39%', '100%', '0.01%'].map((text) => pages(text))).toEqual([500, 333, 1000, 1]);
    expect(sizeInPages(parseSize('16KiB', 8192), 0)).toBe(2);
  });

  it('are refused when they are not', () => {
    for (const text of ['', '-1', 'x', '5 KiB', '5kb', '1e3', '0x10', 'NaN', '1.5', '1.5p']) {
      expect(() => parseSize(text, 4096), text).toThrow(/expected N or Np pages, KiB, MiB, GiB or N%/);
    }
    expect(() => parseSize('0', 4096)).toThrow(/is 0/);
    expect(() => parseSize('0%', 4096)).toThrow(/is 0/);
    expect(() => parseSize('1KiB', 4096)).toThrow(/less than one page of 4096 bytes/);
  });
});

describe('errors', () => {
  it('say where, and are one line', () => {
    expect(new InputError('wrong', { file: 'f', line: 2, column: 3 }).message).toBe('f:2:3: wrong');
    expect(new InputError('wrong').at({ file: 'f' }).message).toBe('f: wrong');
    expect(new InputError('wrong', { file: 'f' }).at({ file: 'g' }).message).toBe('f: wrong');
    expect(new InputError('two\n  lines\n').message).toBe('two lines');
  });

  it('name the file of a failed system call, and pass others on', () => {
    const missing = Object.assign(new Error('x'), { code: 'ENOENT' });
    expect(fileError(missing, 'f')).toEqual(new InputError('no such file', { file: 'f' }));
    const other = new Error('x');
    expect(fileError(other, 'f')).toBe(other);
  });

  it('suggest a name only when it is near', () => {
    expect(unknownName('thing', 'alpah', ['alpha', 'beta']).message).toBe(
      'unknown thing "alpah", expected one of alpha, beta; did you mean alpha?',
    );
    expect(unknownName('thing', 'zzz', ['alpha', 'beta']).message).toBe(
      'unknown thing "zzz", expected one of alpha, beta',
    );
    for (const [name, near] of [
      ['belady', 'opt'],
      ['2Q', 'twoq'],
      ['clockpro', 'clock-pro'],
      ['tinylfu', 'wtinylfu'],
      ['swappiness', 'vm.swappiness'],
    ] as const)
      expect(
        unknownName('thing', name, ['lru', 'opt', 'twoq', 'clock-pro', 'wtinylfu', 'vm.swappiness']).message,
      ).toMatch(new RegExp(`; did you mean ${near}\\?$`));
    expect(unknownName('thing', 'x', []).message).toBe('unknown thing "x", there are none');
  });
});

describe('folders', () => {
  it('are made with those above, and the topmost new one is told', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-folders-'));
    try {
      expect(makeFolder(join(folder, 'a', 'b'))).toBe(join(folder, 'a'));
      expect(existsSync(join(folder, 'a', 'b'))).toBe(true);
      expect(makeFolder(join(folder, 'a'))).toBeUndefined();
      expect(() => makeFolder('/proc/none/x')).toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('files that are read as a whole', () => {
  it('are whole over several blocks, and are refused beyond their limit, also where they have no size', () => {
    const folder = mkdtempSync(join(tmpdir(), 'reclaim-text-'));
    try {
      const file = join(folder, 'a');
      for (const text of ['', 'é', `${'x'.repeat(2 ** 20 - 1)}é${'y'.repeat(2 ** 20)}`]) {
        writeFileSync(file, text);
        expect(readText(file) === text).toBe(true);
      }
      truncateSync(file, 2 ** 40);
      expect(() => readText(file)).toThrow(`${file}: larger than 256 MiB, expected a text`);
      expect(() => readText('/dev/zero', 2 ** 20)).toThrow('/dev/zero: larger than 1 MiB');
      expect(() => readText(folder)).toThrow('is a directory, expected a file');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
