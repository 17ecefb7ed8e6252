import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingPackages, missingText } from './packages.js';

/** Finds all packages but some. */
const without =
  (...names: string[]) =>
  (name: string) => {
    if (names.includes(name)) throw new Error(`Cannot find package '${name}'`);
  };

describe('packages that draw figures', () => {
  it('are all here', () => {
    expect(missingPackages(['pdf', 'svg', 'png'])).toEqual([]);
  });

  it('are looked for by what a format needs', () => {
    const none = without('pdfkit', 'vega', 'vega-lite', '@resvg/resvg-wasm');
    expect(missingPackages(['svg'], none)).toEqual(['pdfkit', 'vega', 'vega-lite']);
    expect(missingPackages(['svg'], without('@resvg/resvg-wasm'))).toEqual([]);
    expect(missingPackages(['pdf', 'png'], without('@resvg/resvg-wasm'))).toEqual(['@resvg/resvg-wasm']);
  });
});

describe('how missing packages are installed', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'reclaim-packages-'));
    mkdirSync(join(folder, 'program'));
    writeFileSync(join(folder, 'program', 'package.json'), '{}');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a clone', ['clone'], 'npm ci --include=optional'],
    [
      'a program that uses the package',
      ['program', 'node_modules', 'reclaim-bench'],
      'npm install --include=optional',
    ],
    [
      'all users',
      ['lib', 'node_modules', 'reclaim-bench'],
      'npm install --include=optional --global reclaim-bench',
    ],
  ])('for %s', (_, parts, command) => {
    expect(missingText(['vega'], join(folder, ...parts))).toBe(`vega is not installed (${command} adds it)`);
  });
});
