import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative } from '../../base/native.js';
import { packageFile } from '../../base/package-root.js';
import { reclaim } from '../../testing/cli.js';
import { cannot } from '../../testing/system.js';
import { usableCacheFolder } from '../../trace/io/cache.js';
import { whatIsMissing } from './tool.js';

const missing = whatIsMissing();
if (missing !== undefined) cannot(`accesses are not recorded here: not found: ${missing}`);

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-accesses-'));
  if (missing !== undefined) return;
  const source = packageFile('harness', 'testing', 'record-accesses.c');
  const flags = ['-O1', '-w', '-pthread'];
  program = await buildNative({ source, name: 'record-accesses', flags }, usableCacheFolder());
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Records the program, and returns the lines of the trace. */
function recorded(flags: readonly string[], ...args: readonly string[]): string[] {
  const out = join(folder, 'trace.csv');
  const { code, stdout } = reclaim(['record', '--accesses', ...flags, out, '--', program, ...args], folder);
  expect([code, stdout.includes('region')]).toEqual([0, true]);
  expect(reclaim(['trace', 'validate', out], folder).code).toBe(0);
  return readFileSync(out, 'utf8').trimEnd().split('\n');
}

describe.skipIf(missing !== undefined)('reclaim record --accesses', () => {
  it('says what writes left in their pages: equal pages are equal, zeros are 0', () => {
    const lines = recorded(['--contents', '10s'], 'contents');
    expect(lines.some((line) => line.startsWith('# contents: '))).toBe(true);
    const regionOf = lines.find((line) => /,discard,/.test(line))!.split(',');
    const first = Number(regionOf[3]);
    const contents = new Map<number, string>();
    for (const line of lines) {
      const [, op, , page, count, arg = ''] = line.split(',');
      if (op !== 'write' || !arg.startsWith('=')) continue;
      for (let i = 0; i < Number(count); i++) contents.set(Number(page) + i - first, arg);
    }
    expect([0, 1, 2, 3].map((page) => contents.get(page))).toEqual(['=0', '=0', '=0', '=0']);
    expect(contents.get(4)).toBe(contents.get(5));
    expect(contents.get(4)).toBe(contents.get(20));
    expect(contents.get(6)).toBe(contents.get(7));
    expect(contents.get(4)).not.toBe(contents.get(6));
  });

  it('records a sample, whose replay says so', () => {
    const lines = recorded(['--every', '0', '--sample', '1/4'], 'script', '7');
    expect(lines).toContain('# sample: 1/4');
    const { stdout } = reclaim(['replay', join(folder, 'trace.csv'), '--quiet'], folder);
    expect(stdout).toContain('warning: one in 4 pages was replayed');
  });

  it('lets a killed program say how it ended, and keeps what was recorded', () => {
    const out = join(folder, 'killed.csv');
    const { code } = reclaim(
      ['record', '--accesses', out, '--', 'sh', '-c', `${program} script 2; kill -9 $$`],
      folder,
    );
    expect(code).toBe(137);
    expect(readFileSync(out, 'utf8')).toMatch(/,discard,/);
  });

  it('ends with exit code 3 and what is missing, where there is no C compiler', () => {
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    for (const name of ['valgrind', 'sh', 'env'])
      for (const path of (process.env.PATH ?? '').split(':').map((each) => join(each, name)))
        if (existsSync(path) && !readdirSync(programs).includes(name))
          symlinkSync(path, join(programs, name));
    const { PATH } = process.env;
    process.env.PATH = programs;
    try {
      const { code, stderr } = reclaim(['record', '--accesses', 'x.csv', '--', program, 'kernel'], folder);
      expect(code).toBe(3);
      expect(stderr.trim().split('\n')).toEqual([
        expect.stringMatching(/not found: cc, gcc, clang\. Without --accesses, calls and first accesses/),
      ]);
    } finally {
      process.env.PATH = PATH;
    }
  });
});
