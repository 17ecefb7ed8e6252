import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cannot } from '../testing/system.js';
import { buildNative, missingCompiler, type NativeProgram } from './native.js';

const missing = missingCompiler();
if (missing) cannot(missing);

let folder: string;
let cache: string;
let program: NativeProgram;
const { PATH } = process.env;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-native-'));
  cache = join(folder, 'cache');
  mkdirSync(join(folder, 'source'));
  const source = join(folder, 'source', 'says.c');
  writeFileSync(join(folder, 'source', 'word.h'), '#define WORD "one"\n');
  writeFileSync(source, '#include <stdio.h>\n#include "word.h"\nint main(void) { puts(WORD); return 0; }\n');
  program = { source, name: 'says', flags: ['-O1'] };
});
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

const builds = () => readdirSync(join(cache, 'native'));
const said = (path: string) => execFileSync(path, { encoding: 'utf8' }).trim();

describe.skipIf(missing !== undefined)('a program that ships as C', () => {
  it('is built once, and again when its source, a header or its flags change', async () => {
    const first = await buildNative(program, cache);
    expect(said(first)).toBe('one');
    expect(await buildNative(program, cache)).toBe(first);
    writeFileSync(join(folder, 'source', 'word.h'), '#define WORD "two"\n');
    expect(said(await buildNative(program, cache))).toBe('two');
    await buildNative({ ...program, flags: ['-O2'] }, cache);
    await buildNative({ ...program, against: '1.2' }, cache);
    expect(builds().length).toBe(4);
  });

  it('is built by several at once, and nothing half-built stays', async () => {
    const paths = await Promise.all([1, 2, 3].map(() => buildNative(program, cache)));
    expect(new Set(paths).size).toBe(1);
    expect(builds().length).toBe(1);
  });

  it('is an error of the host in one line where it cannot be built', async () => {
    writeFileSync(program.source, 'int main(void) { return missing; }\n');
    await expect(buildNative(program, cache)).rejects.toThrow(
      /^says\.c cannot be built with cc: .*missing.*$/,
    );
    expect(builds()).toEqual([]);
  });

  it('removes builds that were not used for 30 days', async () => {
    const old = dirname(await buildNative(program, cache));
    const longAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    utimesSync(old, longAgo, longAgo);
    const other = await buildNative({ ...program, flags: [] }, cache);
    expect(builds()).toEqual([dirname(other).split('/').at(-1)]);
  });

  it('needs a compiler, of which cc, gcc and clang are tried', async () => {
    process.env.PATH = folder;
    await expect(buildNative(program, cache)).rejects.toThrow(
      'a C compiler is needed: not found: cc, gcc, clang',
    );
    writeFileSync(join(folder, 'clang'), `#!/bin/sh\nPATH=${PATH}\nexec cc "$@"\n`);
    chmodSync(join(folder, 'clang'), 0o755);
    expect(said(await buildNative(program, cache))).toBe('one');
  });
});
