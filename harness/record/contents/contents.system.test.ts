import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { temporaryFolder } from '../../testing/folder.js';
import { cannot, runProgram } from '../../testing/system.js';
import { lookUp } from '../process.js';
import { whyNoTracefs } from '../tracefs/mount.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
const PYTHON = '/usr/bin/python3';
const [EQUAL, OTHER] = [48, 16];

/** Two processes have 48 pages that are equal, each different from the others, and 16 that no other page is equal to. */
const PROGRAM = `
import ctypes, mmap, os, sys, time
PAGES = ${EQUAL + OTHER}
child = os.fork()
m = mmap.mmap(-1, PAGES * 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_NOHUGEPAGE)
ctypes.CDLL(None).madvise(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m))), PAGES * 4096, 12)
for i in range(PAGES):
    m[i * 4096:(i + 1) * 4096] = (b'%08d' % i) * 512 if i < ${EQUAL} else os.urandom(4096)
time.sleep(float(sys.argv[1]))
if child:
    os.waitpid(child, 0)
`;

const noTracefs = whyNoTracefs();
const noValgrind = ['valgrind', 'cc'].filter((name) => lookUp(name) === undefined);
const reasons = {
  tracefs: lookUp(PYTHON) === undefined ? `not found: ${PYTHON}` : noTracefs,
  valgrind: noValgrind.length > 0 ? `not found: ${noValgrind.join(', ')}` : undefined,
};
for (const [engine, why] of Object.entries(reasons))
  if (why !== undefined) cannot(`contents with ${engine}: ${why}`);

const folder = temporaryFolder('reclaim-contents-');

/** Records the program with contents, replays it under ksmd, and returns how many pages each look at the machine found saved. */
function sharing(name: string, seconds: number, flags: readonly string[]): number[] {
  const cwd = folder();
  writeFileSync(join(cwd, 'equal.py'), PROGRAM);
  const env = { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache') };
  const trace = `${name}.csv`;
  const run = (...args: string[]) => {
    const { code, stderr } = runProgram(process.execPath, [CLI, ...args], cwd, env);
    expect(code, stderr).toBe(0);
  };
  run('record', trace, ...flags, '--', PYTHON, 'equal.py', String(seconds));
  run('replay', trace, '--merge', 'ksm:smart_scan=0,pages_to_scan=1000', '--out', name, '--quiet');
  const [head, ...rows] = readFileSync(join(cwd, name, 'timeline.csv'), 'utf8')
    .trim()
    .split('\n');
  const column = head!.split(',').indexOf('pages_sharing');
  return rows.map((row) => Number(row.split(',')[column]));
}

describe('contents of pages', () => {
  it.skipIf(reasons.tracefs !== undefined)(
    'that were looked at from outside: equal pages of two processes are merged, and no others',
    () => {
      expect(Math.max(...sharing('outside', 3, ['--contents', '500ms']))).toBe(EQUAL);
    },
    120_000,
  );

  it.skipIf(reasons.valgrind !== undefined)(
    'that the page tool recorded: equal pages of two processes are merged, and no others',
    () => {
      const flags = ['--accesses', '--contents', '500ms'];
      expect(Math.max(...sharing('inside', 3, flags))).toBe(EQUAL);
    },
    120_000,
  );
});
