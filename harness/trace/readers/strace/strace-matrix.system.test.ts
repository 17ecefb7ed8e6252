import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { comparable } from '../../../testing/strace-matrix.js';
import { cannot, runProgram } from '../../../testing/system.js';
import { eventLines } from '../../../testing/traces.js';
import { importTrace } from '../../import.js';

const SOURCE = packageFile('harness', 'trace', 'readers', 'strace', 'matrix.c');
const STANDARD = '-f -ttt -T';

/** Options whose log holds what that of the standard ones does, but for times. */
const SAME = [
  '-f',
  '-f -t',
  '-f -tt',
  '-f -tt -T',
  '-f -r',
  '-f -r -T',
  '-f -tt -r',
  '-f -ttt -r',
  '-f --absolute-timestamps=format:unix,precision:s',
  '-f --absolute-timestamps=format:unix,precision:ms',
  '-f --absolute-timestamps=format:unix,precision:ns --syscall-times=ns',
  '-f --absolute-timestamps=format:time,precision:ns',
  '-f --relative-timestamps=s',
  '-f --relative-timestamps=ms',
  '-f --relative-timestamps=ns --syscall-times=ms',
  '-f -ttt -y',
  '-f -ttt -yy',
  '-f -ttt -Y',
  '-f -ttt -i',
  '-f -ttt -n',
  '-f -ttt -k',
  '-f -ttt -C',
  '-f -ttt -v',
  '-f -ttt -q',
  '-f -ttt -qq',
  '-f -ttt -s0',
  '-f -ttt -a1',
  '-f -ttt -z',
  '-f -ttt -X raw',
  '-f -ttt -X verbose',
  '-f -ttt --pidns-translation',
  '-f -ttt --seccomp-bpf -e trace=%memory,%desc,%process',
  '-f -tt -r -T -yy -Y -n -i -k -X verbose -v',
];
/** The same, to standard error, where messages and the program's output are too. */
const ON_TERMINAL = ['-f', '-f -ttt -T', '-f -r', '-f -q', '-f -qq', '-f -tt -X verbose', '-f -ttt -Y -yy'];
/** One file for each thread. */
const FILES = ['-ff -ttt', '-ff -tt -T', '-ff -ttt -y'];

let folder: string;
let missing: string | undefined;
let standard: string[];

/** Runs the program under strace without random addresses. */
function strace(options: string, cwd: string) {
  const args = [
    process.arch === 'x64' ? 'x86_64' : 'aarch64',
    '-R',
    'strace',
    ...options.split(' '),
    '../matrix',
  ];
  return runProgram('setarch', args, cwd);
}

/** Makes a log in a folder of its own, and returns its path. */
function logOf(name: string, options: string, output: string): string {
  const cwd = join(folder, name.replace(/\W+/g, '_'));
  mkdirSync(cwd, { recursive: true });
  const { code, stderr } = strace(`${options} ${output}`, cwd);
  if (code !== 0) throw new Error(`strace ${options} ended with ${code}: ${stderr}`);
  return cwd;
}

/** What the program and strace write into one pipe, as on a terminal. */
function terminalLog(options: string): string {
  const cwd = join(folder, `terminal${options.replace(/\W+/g, '_')}`);
  mkdirSync(cwd);
  const command = `exec setarch ${process.arch === 'x64' ? 'x86_64' : 'aarch64'} -R strace ${options} ../matrix >log 2>&1`;
  const { code, stderr } = runProgram('sh', ['-c', command], cwd);
  if (code !== 0) throw new Error(`strace ${options} ended with ${code}: ${stderr}`);
  return join(cwd, 'log');
}

/** The events of a log. Checks that each of its lines is counted once. */
async function eventsIn(path: string, files: readonly string[], programs = true): Promise<string[]> {
  const trace = await importTrace(path, { reader: 'strace:memory=all' });
  const events = comparable(await eventLines(trace), programs);
  const lines = files.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0);
  expect(trace.inputs[0]!.account.total, 'each line is counted once').toBe(lines);
  return events;
}

async function eventsOf(options: string, programs = true): Promise<string[]> {
  const log = join(logOf(`file${options}`, options, '-o log'), 'log');
  return eventsIn(log, [log], programs);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-strace-'));
  const built = runProgram('cc', ['-O0', '-w', '-o', 'matrix', SOURCE, '-lpthread'], folder);
  if (built.code !== 0) missing = `no C compiler: ${built.error?.message ?? built.stderr}`;
  mkdirSync(join(folder, 'try'));
  const tried = missing === undefined ? strace('-f -o log', join(folder, 'try')) : undefined;
  if (tried && tried.code !== 0)
    missing = `strace cannot trace here: ${tried.error?.message ?? tried.stderr}`;
  if (missing !== undefined) cannot(missing);
  else standard = await eventsOf(STANDARD);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('logs of one program with many options of strace', () => {
  it('hold what the program does', ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const ops = new Set(standard.map((event) => event.slice(0, event.indexOf(','))));
    for (const op of [
      'spawn',
      'map',
      'unmap',
      'remap',
      'protect',
      'object',
      'discard',
      'madvise',
      'fork',
      'exit',
    ])
      expect(ops, op).toContain(op);
  });

  it.for(SAME)('%s', async (options, { skip }) => {
    if (missing !== undefined) skip(missing);
    expect(await eventsOf(options)).toEqual(standard);
  });

  it.for(['-f -e raw=all', '-f -ttt -e raw=all -X raw'])(
    '%s: the names of programs are lost',
    async (options, { skip }) => {
      if (missing !== undefined) skip(missing);
      const named = standard.map((event) =>
        event.startsWith('spawn') ? event.replace(/[^,]*$/, '') : event,
      );
      expect(await eventsOf(options, false)).toEqual(named);
    },
  );

  it.for(ON_TERMINAL)('%s, on a terminal', async (options, { skip }) => {
    if (missing !== undefined) skip(missing);
    const log = terminalLog(options);
    expect(await eventsIn(log, [log])).toEqual(standard);
  });

  it.for(FILES)('%s', async (options, { skip }) => {
    if (missing !== undefined) skip(missing);
    const cwd = logOf(`files${options}`, options, '-o LOG');
    const files = readdirSync(cwd).map((name) => join(cwd, name));
    expect(files).toHaveLength(3);
    expect(await eventsIn(cwd, files)).toEqual(standard);
    const merged = runProgram('strace-log-merge', ['LOG'], cwd);
    if (merged.code !== 0) return;
    const log = join(cwd, 'merged');
    writeFileSync(log, merged.stdout);
    expect(await eventsIn(log, [log])).toEqual(standard);
  });

  it.for([
    ['-ff -r', /times count from the line before, which may be in another file/],
    ['-ff', /this log has no times, expected the times of strace -ff -ttt/],
  ] as const)('%s is refused', async ([options, message], { skip }) => {
    if (missing !== undefined) skip(missing);
    const cwd = logOf(`refused${options}`, options, '-o LOG');
    await expect(importTrace(cwd)).rejects.toThrow(message);
  });

  it('-c is refused', async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const log = join(logOf('count', '-f -c', '-o log'), 'log');
    await expect(importTrace(log)).rejects.toThrow(/strace: there are only messages and summaries of strace/);
  });
});
