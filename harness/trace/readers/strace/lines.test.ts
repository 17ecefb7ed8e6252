import { describe, expect, it } from 'vitest';
import { bytesOf, readLog } from '../../../testing/strace-calls.js';
import { LineAccount } from '../account.js';
import { type Call, THREAD_END } from '../calls/call.js';
import { splitArgs } from './arguments.js';
import { readCalls } from './read.js';

/** Times and names of calls. */
const timed = (calls: readonly Call[]) => calls.map(({ timeUs, name }) => `${timeUs} ${name}`);

describe('calls in lines', () => {
  it('joins unfinished and resumed calls in the order they end', async () => {
    const { calls } = await readLog(
      '7  10.000001 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 47, 0 <unfinished ...>',
      '8  10.000002 munmap(0x1000, 4096) = 0 <0.000005>',
      '7  10.000003 <... mmap resumed>) = 0x7f0000001000 <0.000002>',
    );
    expect(calls).toHaveLength(2);
    expect(calls[0]).toMatchObject({ thread: 8, name: 'munmap', result: 0, lines: 1 });
    expect(calls[1]).toMatchObject({
      thread: 7,
      name: 'mmap',
      result: 0x7f0000001000,
      timeUs: 10_000_003,
      durationNs: 2000,
      lines: 2,
      place: { file: 'log', line: 3 },
    });
    expect(calls[1]?.args).toEqual(['NULL', '4096', 'PROT_READ|PROT_WRITE', 'MAP_SHARED', '47', '0']);
  });

  it('joins a call that was cut behind a comma', async () => {
    const { calls } = await readLog(
      '7  10.000001 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>',
      '7  10.000002 <... clone resumed>, child_tidptr=0x7f00) = 9 <0.000002>',
    );
    expect(calls[0]).toMatchObject({ name: 'clone', result: 9 });
    expect(calls[0]?.args).toEqual([
      'child_stack=NULL',
      'flags=CLONE_CHILD_SETTID|SIGCHLD',
      'child_tidptr=0x7f00',
    ]);
  });

  it('reads errors, results without a number, ends of threads; counts signals and lone halves', async () => {
    const { calls, left } = await readLog(
      '7  10.000001 madvise(0x1000, 4096, MADV_REMOVE) = -1 EINVAL (Invalid argument) <0.000001>',
      '7  10.000002 exit_group(0) = ?',
      '7  10.000003 +++ exited with 0 +++',
      '7  10.000004 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---',
      '7  10.000005 <... read resumed>) = 0 <0.000001>',
      '8  10.000006 futex(0x7ff, FUTEX_WAIT, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
      '8  10.000007 futex(0x7ff, FUTEX_WAIT <unfinished ...>',
      '8  10.000008 +++ killed by SIGKILL (core dumped) +++',
      '9  10.000009 read(3,  <unfinished ...>) = ?',
      '9  10.000010 epoll_wait(4, [{events=EPOLLIN, data={u32=1}}], 8, -1) = 1 ([{fd=3}]) <0.1>',
      '9  10.000011 read(5 <unfinished ...>',
    );
    expect(calls.map(({ name, result }) => `${name} ${result}`)).toEqual([
      'madvise -1',
      'exit_group NaN',
      `${THREAD_END} 0`,
      'futex NaN',
      `${THREAD_END} 0`,
      'read NaN',
      'epoll_wait 1',
    ]);
    expect(calls[0]?.errno).toBe('EINVAL');
    expect(calls[3]?.errno).toBe('ERESTARTSYS');
    expect(left).toEqual([
      ['signals', 1],
      ['ends of calls whose beginning is not in the log', 1],
      ['calls that had not ended', 2],
    ]);
  });

  it('takes strings that hold what ends calls', async () => {
    const { calls } = await readLog(
      '7  10.000001 write(1, ") = 3 <0.1>\\n", 9) = 9',
      '7  10.000002 openat(AT_FDCWD, "a = b", O_RDONLY) = 3</tmp/x = y> <0.000009>',
    );
    expect(calls[0]).toMatchObject({ name: 'write', result: 9, args: ['1', '") = 3 <0.1>\\n"', '9'] });
    expect(calls[1]).toMatchObject({ name: 'openat', result: 3, durationNs: 9000 });
    expect([...calls[1]!.files]).toEqual([[3, '/tmp/x = y']]);
  });

  it('splits arguments at outer commas only', () => {
    expect(splitArgs('"a, b", {x=1, y=[2, 3]}, "c\\", d", 0')).toEqual([
      '"a, b"',
      '{x=1, y=[2, 3]}',
      '"c\\", d"',
      '0',
    ]);
    expect(splitArgs('')).toEqual([]);
  });
});

describe('other lines', () => {
  it('are counted by what they are', async () => {
    const { calls, left } = await readLog(
      'strace: Process 77 attached',
      '10.000001 brk(NULL) = 0x1',
      ' > /usr/lib/libc.so.6(mmap+0x1a) [0x10df1a]',
      '',
      '10.000002 [ Process PID=77 runs in 32 bit mode. ]',
      'server: ready to accept connections',
      '10.000003 futex(0x7ff, FUTEX_WAIT, 0, NULL <detached ...>',
      '^Cstrace: Process 77 detached',
      'more',
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      '  0.00    0.000000           0         1           brk',
      '100.00    0.000000           0         1         1 total',
    );
    expect(timed(calls)).toEqual(['10000001 brk']);
    expect(left).toEqual([
      ['messages of strace', 3],
      ['frames of stacks (-k)', 1],
      ['empty lines', 1],
      ['calls that ran when strace detached', 1],
      ['lines of a summary (-c, -C)', 4],
      ["lines that are not strace's, the first is line 6", 2],
    ]);
  });

  it('may be in the middle of a call', async () => {
    const { calls, left } = await readLog(
      '10.000001 clone(child_stack=NULL, flags=SIGCHLDProcess 42 attached',
      ', child_tidptr=0x7f) = 42',
      '10.000002 write(1, "a\\nb\\n", 4a',
      'b',
      ') = 4',
      '[pid 42] 10.000003 brk(NULL) = 0x1',
    );
    expect(calls.map(({ name, lines }) => `${name} ${lines}`)).toEqual(['clone 2', 'write 3', 'brk 1']);
    expect(calls[0]!.args).toEqual(['child_stack=NULL', 'flags=SIGCHLD', 'child_tidptr=0x7f']);
    expect(left).toEqual([]);
  });

  it('after a call that is cut short are none of it', async () => {
    const { calls, left } = await readLog(
      '7  10.000001 madvise(0x1000, 40',
      'output',
      '7  10.000002 brk(NULL) = 0x1',
      '7  10.000003 brk(NULL)',
    );
    expect(calls).toHaveLength(1);
    expect(left).toEqual([
      ["lines that are not strace's, the first is line 2", 1],
      ['calls cut short, the first in line 1', 2],
    ]);
  });
});

describe('the last line', () => {
  const last = async (text: string) => {
    const account = new LineAccount();
    const log = `7  10.000001 brk(NULL) = 0x1000\n${text}`;
    const { calls } = await readCalls({ file: 'log', bytes: bytesOf(log), account });
    return calls.length === 2;
  };

  it('counts as cut where its result may be', async () => {
    expect(await last('7  10.000002 brk(NULL) = 0x10')).toBe(false);
    expect(await last('7  10.000002 fork() = 42')).toBe(false);
    expect(await last('7  10.000002 fork() = 42\n')).toBe(true);
    expect(await last('7  10.000002 fork() = 42 <0.1>')).toBe(true);
    expect(await last('7  10.000002 munmap(0x1000, 4096) = 0')).toBe(true);
  });
});

describe('lines of a pasted log', () => {
  it('may be indented', async () => {
    for (const time of ['', '10:00:00.000001 ', '1700000000.000001 ', '[pid 7] ']) {
      const { calls } = await readLog(`    ${time}brk(NULL) = 0x1000`, `\t${time}brk(0x2000) = 0x2000`);
      expect(calls.map(({ name, result }) => [name, result])).toEqual([
        ['brk', 0x1000],
        ['brk', 0x2000],
      ]);
    }
  });
});
