import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { inputOf, requestReader } from '../../../testing/readers.js';
import { requestsOf } from '../../../testing/requests.js';
import { cannot, runProgram } from '../../../testing/system.js';
import { eventLines } from '../../../testing/traces.js';
import { strace } from '../strace/import.js';

const SOURCE = packageFile('harness', 'trace', 'readers', 'faults', 'matrix.c');
const PAGE = 4096n;
const PAGES = 64;

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
/** Pages of its memory in the order in which the program faults on them: all, and some again after the drop. */
const FAULTED = [...range(0, PAGES), ...range(0, 16)];

let folder: string;
const reasons = new Map<string, string>();

/** Runs a command by a shell in the folder; throws where it fails. */
function sh(command: string): string {
  const { code, stdout, stderr } = runProgram('sh', ['-c', command], folder);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

/** Whether a command works; says why not, once. */
function works(what: string, command: string): boolean {
  if (reasons.has(what)) return reasons.get(what) === '';
  const { code, stderr, error } = runProgram('sh', ['-c', command], folder);
  const good = code === 0;
  reasons.set(
    what,
    good ? '' : cannot(`no ${what} here (${(stderr || String(error)).trim().split('\n').at(-1)})`),
  );
  return good;
}

/** Where the program's memory was, as it has printed to a file. */
function baseOf(output: string): bigint {
  return BigInt(`0x${readFileSync(join(folder, output), 'utf8').trim().split('\n')[0]}`);
}

/** What a log has of the program's memory: pages from its start on, with their kinds; every line is counted once. */
async function used(name: string, log: string, output: string) {
  const reader = requestReader(name);
  const text = readFileSync(join(folder, log));
  const input = inputOf(reader, text, { file: log });
  const base = baseOf(output);
  const found: { page: number; write: boolean }[] = [];
  for await (const batch of reader.read(input))
    for (const { id, write } of requestsOf(batch)) {
      const page = Number((id - base) / PAGE);
      if (id >= base && page < PAGES) found.push({ page, write });
    }
  expect(input.account.total).toBe(text.toString('latin1').split('\n').length - 1);
  return found;
}

async function pagesIn(name: string, log: string, output: string): Promise<number[]> {
  return (await used(name, log, output)).map(({ page }) => page);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
  writeFileSync(join(folder, 'matrix.c'), readFileSync(SOURCE));
  works('C compiler', 'cc -O1 -o matrix matrix.c');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Options of perf script that print addresses, by the events that are recorded. */
const SCRIPTS: readonly (readonly [record: string, script: string])[] = [
  ['-d -e page-faults', '-F +addr'],
  ['-d -e page-faults', '-F time,addr'],
  ['-d -e page-faults', '-F addr'],
  ['-d -e page-faults', '-F tid,addr'],
  ['-d -e page-faults', '-F time,event,addr'],
  ['-d -e page-faults', '-F comm,pid,tid,time,event,addr'],
  ['-d -e page-faults', '-F +addr,+data_src'],
  ['-d -e page-faults', '-F +addr --ns'],
  ['-d -e page-faults', '-F +addr --show-mmap-events --show-task-events'],
  ['-d -e page-faults', '-F +addr --header'],
  ['-d -e page-faults', '-F +addr,+misc'],
  ['-d -e page-faults:u', '-F +addr'],
  ['-d -g -e page-faults', '-F +addr'],
  ['-d -e minor-faults,major-faults', '-F +addr'],
  ['-d -e page-faults,context-switches,minor-faults,cpu-clock', '-F +addr'],
  ['-e exceptions:page_fault_user', ''],
  ['-g -e exceptions:page_fault_user', ''],
  ["-e 'exceptions:*'", ''],
  ['-e exceptions:page_fault_user', '-F time,event,trace'],
];
/** Options of perf script whose output has no addresses. */
const BLIND = ['', '-F +data_src', '-F time,ip', '-F comm,tid,time,event,ip,sym'];

describe('perf', () => {
  it.each(SCRIPTS)('record %s, script %s: the same faults', async (record, script) => {
    if (!works('C compiler', 'false') || !works('perf', 'perf record -q -o probe.data -e page-faults true'))
      return;
    sh(
      `perf record -q -c 1 ${record} -o perf.data ./matrix >out && perf script -i perf.data ${script} >log 2>err`,
    );
    expect(await pagesIn('perf', 'log', 'out')).toEqual(FAULTED);
  });

  it.each(BLIND)('script %s: refused, with what prints addresses', async (script) => {
    if (!works('C compiler', 'false') || !works('perf', 'perf record -q -o probe.data -e page-faults true'))
      return;
    sh(
      `perf record -q -c 1 -d -e page-faults -o perf.data ./matrix >out && perf script -i perf.data ${script} >log 2>err`,
    );
    await expect(used('perf', 'log', 'out')).rejects.toThrow(/expected the address: perf record -c 1 -d/);
  });

  it.each([
    '-F all --no-syscalls',
    '-F all',
    '-F all -T --no-syscalls',
    '-e exceptions:page_fault_user',
    "-e 'exceptions:*' -F all --no-syscalls",
  ])('trace %s: the same faults', async (options) => {
    if (
      !works('C compiler', 'false') ||
      !works('perf trace', 'perf trace -F all --no-syscalls -o probe.log true')
    )
      return;
    sh(`perf trace ${options} -o log ./matrix >out`);
    expect(await pagesIn('perf', 'log', 'out')).toEqual(FAULTED);
  });
});

/** Options of ftrace, as it names them. */
const OPTIONS = [
  '',
  'latency-format',
  'record-tgid',
  'noirq-info',
  'stacktrace',
  'userstacktrace',
  'nocontext-info',
  'fields',
  'verbose',
  'verbose latency-format',
  'clock=mono',
  'clock=counter',
  'sched/sched_switch exceptions/page_fault_kernel syscalls',
];

/** An instance of tracefs of one's own: nothing of the host's tracing changes. */
class Instance {
  readonly root = join(folder, 'tracefs');
  readonly path = join(this.root, 'instances', `faults-${process.pid}`);

  constructor() {
    mkdirSync(this.root);
    sh(`mount -t tracefs none ${this.root}`);
    mkdirSync(this.path);
  }

  /** Records the program with some options; writes the trace to `log`. */
  record(options: string): void {
    const set = options.split(' ').filter((option) => option !== '');
    const at = (file: string, value: string) => sh(`echo ${value} >${this.path}/${file}`);
    for (const option of set) {
      if (option.startsWith('clock=')) at('trace_clock', option.slice(6));
      else if (existsSync(join(this.path, 'events', option))) at(`events/${option}/enable`, '1');
      else at('trace_options', option);
    }
    at('events/exceptions/page_fault_user/enable', '1');
    sh(`sh -c 'echo $$ >${this.path}/set_event_pid; exec ./matrix' >out; cat ${this.path}/trace >log`);
  }

  remove(): void {
    rmdirSync(this.path);
    sh(`umount ${this.root}`);
    rmdirSync(this.root);
  }
}

function hasTracefs(): boolean {
  const probe = 'mkdir -p probe && mount -t tracefs none probe && ls probe/events/exceptions && umount probe';
  return works('tracefs', probe);
}

describe('ftrace', () => {
  it.each(OPTIONS)('with options "%s": the same faults', async (options) => {
    if (!works('C compiler', 'false') || !hasTracefs()) return;
    const instance = new Instance();
    try {
      instance.record(options);
      const found = await used('perf', 'log', 'out');
      expect(found.map(({ page }) => page)).toEqual(FAULTED);
      // Only the eight reads after the drop do not write.
      expect(found.filter(({ write }) => !write).map(({ page }) => page)).toEqual(range(0, 8));
    } finally {
      instance.remove();
    }
  });

  it.each(['raw', 'hex'])('with option %s has no fields, and is refused', async (option) => {
    if (!works('C compiler', 'false') || !hasTracefs()) return;
    const instance = new Instance();
    try {
      instance.record(option);
      await expect(used('perf', 'log', 'out')).rejects.toThrow(/ftrace prints no fields/);
    } finally {
      instance.remove();
    }
  });

  it('and strace of one run are one trace of calls and first accesses', async () => {
    if (!works('C compiler', 'false') || !works('strace', 'strace -o probe.log true') || !hasTracefs())
      return;
    const instance = new Instance();
    try {
      const events = `${instance.path}/events/exceptions/page_fault_user/enable`;
      sh(`echo event-fork >${instance.path}/trace_options; echo 1 >${events}`);
      sh(`sh -c 'echo $$ >${instance.path}/set_event_pid; exec strace -f -ttt -T -o calls ./matrix' >out`);
      sh(`cat ${instance.path}/trace >log`);
    } finally {
      instance.remove();
    }
    const sides = { faults: readFileSync(join(folder, 'log'), 'utf8') };
    const input = inputOf(strace, readFileSync(join(folder, 'calls')), { given: { memory: 'all' }, sides });
    const source = await strace.open(input);
    const base = Number(baseOf('out') / PAGE);
    const touched = (await eventLines(source))
      .map((line) => line.split(','))
      .filter(
        ([, op, , page]) => /read|write/.test(op!) && Number(page) >= base && Number(page) < base + PAGES,
      )
      .map(([, op, , page, count]) => [op, Number(page) - base, Number(count)]);
    expect(touched).toEqual([
      ...range(0, PAGES).map((page) => ['write', page, 1]),
      ...range(0, 8).map((page) => ['read', page, 1]),
      ...range(8, 16).map((page) => ['write', page, 1]),
    ]);
    expect(source.meta.touches).toBe('first-access');
  });
});

describe('lackey', () => {
  it.each([
    '',
    '-v',
    '-q',
    '--time-stamp=yes',
    '--trace-superblocks=yes',
    '--basic-counts=no -v --time-stamp=yes',
  ])('with options "%s": the same accesses', async (options) => {
    if (!works('C compiler', 'false') || !works('valgrind', 'valgrind --tool=none -q true')) return;
    sh(`valgrind --tool=lackey --trace-mem=yes ${options} --log-file=log ./matrix >out`);
    const stores = (await used('lackey', 'log', 'out')).map(
      ({ page, write }) => `${write ? 'w' : 'r'}${page}`,
    );
    expect(stores).toEqual([
      ...range(0, PAGES).map((page) => `w${page}`),
      ...range(0, 8).map((page) => `r${page}`),
      ...range(8, 16).map((page) => `w${page}`),
    ]);
  });
});
