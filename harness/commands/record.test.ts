import { afterEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../record/manifest.js';
import { LineAccount } from '../trace/readers/account.js';
import { type RecordArgs, requestOf } from './record-flags.js';
import { accountText, endText, recordedText, unseenText } from './record-text.js';

/** The number of no process: what is asked for is looked at alone. */
const ELSE = 999_999_999;

const ARGV = process.argv;
afterEach(() => {
  process.argv = ARGV;
});

/** What is asked for by flags and the words after `--`. */
function request(flags: Partial<RecordArgs>, ...command: readonly string[]) {
  process.argv = ['node', 'reclaim', 'record', 'out.csv', ...(command.length > 0 ? ['--', ...command] : [])];
  const none = { output: 'out.csv', accesses: false, allowLoss: false, calls: false, seccompBpf: false };
  return requestOf({ ...none, ...flags });
}

describe('flags', () => {
  it('take the words after -- as they are', () => {
    expect(request({}, 'sh', '-c', '', '007', '--', '--pid').target).toEqual({
      command: ['sh', '-c', '', '007', '--', '--pid'],
    });
    expect(request({ pid: ELSE }).target).toEqual({ pid: ELSE });
  });

  it('have times with units', () => {
    const every = (text: string) => request({ accesses: true, every: text }, 'sh').accesses?.everyMs;
    expect([every('0'), every('500us'), every('10ms'), every('1.5s')]).toEqual([0, 0.5, 10, 1500]);
    for (const text of ['10', '0ms', '-1ms', '1m', '', '1e3ms'])
      expect(() => every(text)).toThrow(/is not a time, expected one like 10ms/);
    expect(request({ accesses: true }, 'sh').accesses).toEqual({ everyMs: 10, sample: 1 });
  });

  it('have shares and sizes', () => {
    const sample = (text: string) => request({ accesses: true, sample: text }, 'sh').accesses?.sample;
    expect([sample('1/1'), sample('1/16')]).toEqual([1, 16]);
    for (const text of ['16', '2/16', '1/0', '1/x']) expect(() => sample(text)).toThrow(/expected 1\/N/);
    expect(request({ buffer: '4MiB' }, 'sh').bufferKib).toBe(4096);
    expect(() => request({ buffer: '50%' }, 'sh')).toThrow(/is a share/);
  });

  it.each<[Partial<RecordArgs>, RegExp]>([
    [{ contents: '0' }, /--contents 0 would never end/],
    [{ contents: '1s', calls: true }, /--calls is without accesses/],
    [{ sample: '1/2' }, /--sample needs --accesses/],
    [{ accesses: true, seccompBpf: true }, /is for strace/],
    [{ accesses: true, buffer: '1MiB' }, /--buffer/],
    [{ accesses: true, calls: true }, /--calls is without accesses/],
    [{ accesses: true, allowLoss: true }, /--allow-loss has no effect/],
    [{ pid: 1 }, /--pid and a command are given/],
  ])('refuse what contradicts or has no effect: %o', (flags, message) => {
    expect(() => request(flags, 'sh')).toThrow(message);
  });

  it('refuse what is no program, and say why', () => {
    expect(() => request({}, 'no-such-program-here')).toThrow(/^no such program: no-such-program-here$/);
    expect(() => request({}, '/no/such')).toThrow('/no/such: no such program');
    expect(() => request({}, '/')).toThrow('/: is not a program');
    expect(() => request({}, '/proc/version')).toThrow(/may not execute it/);
  });

  it('refuse what cannot be attached', () => {
    expect(() => request({ pid: ELSE, accesses: true })).toThrow(/valgrind cannot attach/);
    expect(() => request({ pid: ELSE, seccompBpf: true })).toThrow(/--seccomp-bpf/);
    expect(() => request({ pid: process.pid })).toThrow(/cannot record itself/);
    expect(() => request({ pid: process.ppid })).toThrow(/cannot record itself/);
    for (const pid of [0, -1, 1.5, Number.NaN]) expect(() => request({ pid })).toThrow(/not the number/);
  });
});

const CLOCK = { monotonic_ns: '1000000000', realtime_ns: '1700000000000000000' };
const MANIFEST: Manifest = {
  format: 1,
  engine: 'tracefs',
  reclaim: '0.1.0',
  kernel: '6.1.0-13-amd64',
  machine: 'x64',
  page_size: 4096,
  program: { pid: 42, command: ['./app', 'x'], file: '/opt/app-1.2', cwd: '/', ended: { status: 3 } },
  clocks: { start: CLOCK, end: { ...CLOCK, monotonic_ns: '2250000000' } },
  accesses: 'directed-faults',
  lost_events: 0,
  missing: [],
  attached: [],
  files: ['trace.txt'],
  details: {},
};

describe('what is said of a recording', () => {
  it('is how the program ended', () => {
    const ends = (ended: Manifest['program']['ended'], ...goOn: readonly number[]) =>
      endText({ ...MANIFEST, program: { ...MANIFEST.program, ended } }, goOn);
    expect(ends({ status: 3 })).toBe('app (process 42): ended with exit status 3');
    expect(ends({ signal: 'SIGSEGV' }, 7)).toBe(
      'app (process 42): ended by SIGSEGV; 1 process goes on and is not recorded any more',
    );
    expect(ends(undefined, 7, 8)).toBe(
      'app (process 42): recording has ended; 2 processes go on and are not recorded any more',
    );
  });

  it('is how long it is, and what is not seen', () => {
    expect(recordedText(MANIFEST)).toBe('recorded: 1.3 s by the kernel (tracefs) on Linux 6.1');
    expect(unseenText({ ...MANIFEST, missing: ['mlock2'], lost_events: 5 })).toEqual([
      'not seen: accesses to pages that were there already, and calls of read and write',
      '  on files; faults under a limit are n/a; --accesses records all of it',
      'not seen: calls that this kernel does not have: mlock2',
      'not seen: 5 events that were lost',
    ]);
    expect(unseenText({ ...MANIFEST, accesses: 'none' })[0]).toMatch(/^not seen: all accesses/);
    expect(unseenText({ ...MANIFEST, accesses: 'pages' })).toEqual([]);
  });

  it('is what most of it is left out for, the sum of the others, and all that was assumed', () => {
    const account = new LineAccount();
    for (const [what, lines] of [
      ['a', 1],
      ['b', 40],
      ['c', 3],
      ['d', 12],
      ['e', 13],
    ] as const)
      account.leave(`lines of ${what}`, lines);
    account.remark(
      'faults that do not say whether they read or wrote, taken for writes where memory may be written',
      7,
    );
    expect(accountText(account)).toEqual([
      'left out: 40 lines of b',
      'left out: 13 lines of e',
      'left out: 12 lines of d',
      'left out: 4 for 2 more reasons: --keep-raw and trace import list them',
      '7 faults that do not say whether they read or wrote, taken for writes where',
      '  memory may be written',
    ]);
    expect(accountText(new LineAccount())).toEqual([]);
  });
});
