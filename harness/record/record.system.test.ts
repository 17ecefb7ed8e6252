import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../base/package-root.js';
import { temporaryFolder } from '../testing/folder.js';
import { cannot, runProgram } from '../testing/system.js';
import type { Manifest } from './manifest.js';
import { lookUp } from './process.js';
import { mountedTracefs, whyNoTracefs } from './tracefs/mount.js';

const CLI = packageFile('dist', 'harness', 'cli.js');
const NOBODY = 65534;
/** The system's own: one that a version manager puts before it starts dozens of programs. */
const PYTHON = '/usr/bin/python3';

/** What the tests of an ordinary user need; undefined where all of it is there. */
function whyNoUser(): string | undefined {
  if (process.getuid?.() !== 0) return 'root is needed to become another user';
  const missing = ['setpriv', 'strace', 'perf', PYTHON].filter((name) => lookUp(name) === undefined);
  return missing.length > 0 ? `not found: ${missing.join(', ')}` : undefined;
}

const noTracefs = whyNoTracefs() ?? (lookUp(PYTHON) === undefined ? `not found: ${PYTHON}` : undefined);
const noUser = whyNoUser();
if (noTracefs !== undefined) cannot(`recording as root: ${noTracefs}`);
if (noUser !== undefined) cannot(`recording as another user: ${noUser}`);

const PAGES = 300;
/**
 * Writes 300 pages of a mapping from a thread, drops 100, writes these again, reads 50 of a forked child's memory, runs another program in a
 * child, and ends with status 7. The last page of the mapping is never touched.
 */
const PROGRAM = `
import mmap, os, sys, threading
m = mmap.mmap(-1, ${PAGES + 1} * 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_NOHUGEPAGE)
def write(count):
    for page in range(count):
        m[page * 4096] = 1
thread = threading.Thread(target=write, args=(${PAGES},))
thread.start()
thread.join()
m.madvise(mmap.MADV_DONTNEED, 0, 100 * 4096)
write(100)
child = os.fork()
if child == 0:
    write(50)
    os.execvp('true', ['true'])
os.waitpid(child, 0)
sys.exit(7)
`;

/** A row of a trace's text form. */
interface Row {
  readonly op: string;
  readonly space: string;
  readonly page: number;
  readonly count: number;
  readonly arg: string;
}

const folder = temporaryFolder('reclaim-record-');
let runs = 0;

/** Runs the command, as root or as another user, in a folder of its own. */
function run(args: readonly string[], { user = false, path = process.env.PATH } = {}) {
  const cwd = join(folder(), String(++runs));
  mkdirSync(cwd);
  chmodSync(folder(), 0o755);
  chmodSync(cwd, 0o777);
  writeFileSync(join(cwd, 'program.py'), PROGRAM);
  const env = { ...process.env, PATH: path, HOME: cwd, XDG_CACHE_HOME: join(cwd, 'cache') };
  const own = [process.execPath, CLI, 'record', ...args];
  const as = user ? ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups', ...own] : own.slice(1);
  const result = runProgram(user ? lookUp('setpriv')! : process.execPath, as, cwd, env);
  const rows = (): Row[] =>
    readFileSync(join(cwd, 'out.csv'), 'utf8')
      .split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => {
        const [, op, space, page, count, arg] = line.split(',');
        return { op: op!, space: space!, page: Number(page), count: Number(count), arg: arg! };
      });
  const manifest = () => JSON.parse(readFileSync(join(cwd, 'raw', 'manifest.json'), 'utf8')) as Manifest;
  return { ...result, cwd, rows, manifest };
}

/** The mapping that the program makes. */
function mappingOf(rows: readonly Row[]): Row {
  const mappings = rows.filter(({ op, count }) => op === 'map' && count === PAGES + 1);
  expect(mappings).toHaveLength(1);
  return mappings[0]!;
}

/** Pages that were touched, in the mapping and by a space, each as often as it was. */
function touched(rows: readonly Row[], ops: readonly string[], map: Row, space: string): number {
  return rows
    .filter((row) => ops.includes(row.op) && row.space.split(':')[0] === space)
    .filter(({ page }) => page >= map.page && page < map.page + map.count)
    .reduce((sum, { count }) => sum + count, 0);
}

function expectNothingLeft(cwd: string): void {
  expect(readdirSync(join(cwd, 'cache', 'reclaim-bench', 'record'))).toEqual([]);
}

describe.skipIf(noTracefs !== undefined)('as root', () => {
  it('records threads, drops, forks and other programs, and passes the exit status on', () => {
    const { code, stderr, rows, cwd, manifest } = run([
      ...['out.csv', '--keep-raw', 'raw', '--', PYTHON, 'program.py'],
    ]);
    expect(code, stderr).toBe(7);
    expect(stderr).toContain('next: reclaim compare out.csv');
    const all = rows();
    const map = mappingOf(all);
    const parent = map.space.split(':')[0]!;
    expect(touched(all, ['write'], map, parent)).toBe(PAGES + 100);
    expect(touched(all, ['discard'], map, parent)).toBe(100);
    const fork = all.find(({ op, space }) => op === 'fork' && space === parent)!;
    // Copies of what is shared since the fork: writes all of them.
    expect(touched(all, ['write'], map, fork.arg)).toBe(50);
    expect(manifest()).toMatchObject({
      engine: 'tracefs',
      accesses: 'directed-faults',
      lost_events: 0,
      program: { command: [PYTHON, 'program.py'], ended: { status: 7 } },
    });
    expectNothingLeft(cwd);
  });

  it('records calls alone where that is asked for', () => {
    const { code, stderr, rows, manifest } = run([
      ...['out.csv', '--calls', '--keep-raw', 'raw', '--', PYTHON, 'program.py'],
    ]);
    expect(code, stderr).toBe(7);
    const map = mappingOf(rows());
    expect(touched(rows(), ['discard'], map, map.space.split(':')[0]!)).toBe(100);
    expect(rows().filter(({ op }) => op === 'read' || op === 'write')).toEqual([]);
    expect(manifest()).toMatchObject({ engine: 'tracefs', accesses: 'none' });
    expect(stderr).toContain('nothing is ever in memory');
    expect(stderr).not.toContain('next:');
  });

  it('records node, and says what is not seen', () => {
    const script = 'const a = []; for (let i = 0; i < 50; i++) a.push(Buffer.alloc(1 << 16, 1));';
    const { code, stderr, rows } = run(['out.csv', '--', process.execPath, '-e', script]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('not seen: accesses to pages that were there already');
    expect(rows().filter(({ op }) => op === 'write').length).toBeGreaterThan(1000);
  });

  it('attaches to a program that runs, and leaves it running', () => {
    const script = `
import mmap, os, sys, time
m = mmap.mmap(-1, ${PAGES + 1} * 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_NOHUGEPAGE)
time.sleep(8)
for page in range(${PAGES}): m[page * 4096] = 1
`;
    writeFileSync(join(folder(), 'late.py'), script);
    const start = `${PYTHON} ../late.py & exec "$0" "$1" record out.csv --pid $!`;
    const cwd = join(folder(), String(++runs));
    mkdirSync(cwd);
    const env = { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache') };
    const { code, stderr } = runProgram('sh', ['-c', start, process.execPath, CLI], cwd, env);
    expect(code, stderr).toBe(0);
    const text = readFileSync(join(cwd, 'out.csv'), 'utf8');
    const writes = [...text.matchAll(/,write,[^,]*,(\d+),(\d+),/g)];
    expect(writes.reduce((sum, [, , count]) => sum + Number(count), 0)).toBeGreaterThanOrEqual(PAGES);
    expectNothingLeft(cwd);
  });

  it('mounts tracefs where it is not, for as long as it records', () => {
    const cwd = join(folder(), String(++runs));
    mkdirSync(cwd);
    const mounts = 'grep tracefs /proc/self/mounts | cut -d" " -f2';
    const script = `umount ${mountedTracefs()}; "$0" "$1" record out.csv -- sh -c '${mounts}'; echo "left $(${mounts})"`;
    const env = { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache') };
    const args = ['--mount', 'sh', '-c', script, process.execPath, CLI];
    const { stdout, stderr } = runProgram('unshare', args, cwd, env);
    const [during, left] = stdout.trim().split('\n');
    expect(during, stderr).toMatch(/cache\/reclaim-bench\/record\/tracefs-\d+$/);
    expect(left).toBe('left');
    expect(existsSync(join(cwd, 'out.csv'))).toBe(true);
    expectNothingLeft(cwd);
  });

  it('refuses to make a trace of which events were lost, unless that is allowed', () => {
    const script = 'x = bytearray(200 << 20)';
    const args = ['out.csv', '--buffer', '8KiB'];
    const refused = run([...args, '--', PYTHON, '-c', script]);
    expect(refused.code, refused.stderr).toBe(3);
    expect(refused.stderr).toMatch(/reclaim: \d+ events were lost while recording/);
    expect(existsSync(join(refused.cwd, 'out.csv'))).toBe(false);
    const allowed = run([...args, '--allow-loss', '--', PYTHON, '-c', script]);
    expect(allowed.code, allowed.stderr).toBe(0);
    expect(readFileSync(join(allowed.cwd, 'out.csv'), 'utf8')).toMatch(/^# lost_events: [1-9]/m);
  });
});

/** A folder with some programs of this host, to be the whole PATH. */
function onlyPrograms(...names: readonly string[]): string {
  const path = join(folder(), `bin-${++runs}`);
  mkdirSync(path);
  for (const name of names) symlinkSync(lookUp(name)!, join(path, name));
  return path;
}

describe.skipIf(noUser !== undefined)('as another user', () => {
  const ROOTLESS = ['sh', 'env', 'cat', 'getconf', 'true'];

  it('records calls by strace and first accesses by perf', () => {
    const { code, stderr, rows, cwd, manifest } = run(
      ['out.csv', '--keep-raw', 'raw', '--', PYTHON, 'program.py'],
      { user: true },
    );
    expect(code, stderr).toBe(7);
    const all = rows();
    const map = mappingOf(all);
    const parent = map.space.split(':')[0]!;
    expect(touched(all, ['read', 'write'], map, parent)).toBe(PAGES + 100);
    expect(touched(all, ['discard'], map, parent)).toBe(100);
    expect(manifest()).toMatchObject({ engine: 'strace', accesses: 'faults', lost_events: 0 });
    expectNothingLeft(cwd);
  });

  it('says what is missing, and what is possible without it', () => {
    const record = (programs: readonly string[], ...args: readonly string[]) => {
      const path = onlyPrograms(...ROOTLESS, ...programs);
      const { code, stderr } = run(['out.csv', ...args, '--', 'true'], { user: true, path });
      expect(stderr.trim().split('\n')).toHaveLength(1);
      return `${code} ${stderr.trim()}`;
    };
    expect(record([])).toBe(
      '3 reclaim: recording needs root, with tracefs, or strace: not found: strace. As root, calls and first accesses are recorded without it',
    );
    expect(record(['strace'])).toBe(
      '3 reclaim: page faults need root or perf (not found: perf): only calls will be recorded, pass --calls to accept',
    );
    expect(record(['strace', 'perf'], '--accesses')).toMatch(
      /^3 reclaim: recording accesses needs valgrind and a C compiler: not found: valgrind/,
    );
    expect(record(['strace', 'perf', 'valgrind'], '--accesses')).toMatch(
      /^3 reclaim: recording accesses needs valgrind and a C compiler: not found: /,
    );
  });

  it('records calls alone where that is accepted', () => {
    const path = onlyPrograms('sh', 'getconf', 'true', 'strace');
    const args = ['out.csv', '--calls', '--', 'sh', '-c', 'true; true'];
    const { code, stderr } = run(args, { user: true, path });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('not seen: all accesses');
  });
});

describe('bad input', () => {
  it('is one line before anything runs', () => {
    const refused = (...args: readonly string[]) => {
      const { code, stderr } = run(args);
      expect(code).toBe(2);
      return stderr.trim();
    };
    expect(refused('out.csv')).toMatch(/^reclaim: what to record is missing/);
    expect(refused('out.csv', '--', 'no-such-program')).toBe('reclaim: no such program: no-such-program');
    expect(refused('-', '--', 'true')).toMatch(/^reclaim: standard output is that of the program/);
    expect(refused('no/out.csv', '--', 'true')).toMatch(/no: no such file/);
  });
});
