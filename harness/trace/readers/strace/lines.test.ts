import { describe, expect, it } from 'vitest';
import { LineAccount } from '../account.js';
import { FIT } from '../reader.js';
import { splitArgs } from './arguments.js';
import { type Call, THREAD_END, useCall } from './calls.js';
import { detectCalls } from './detect.js';
import { readCalls } from './read.js';

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

/** The calls of a log, what is said of its other lines, and the clock. */
async function read(...lines: string[]) {
  const account = new LineAccount();
  const { calls, clock } = await readCalls({ file: 'log', bytes: bytesOf(`${lines.join('\n')}\n`), account });
  for (const call of calls) useCall(account, call);
  expect(account.total, 'each line is counted once').toBe(lines.length);
  return { calls, clock, left: account.leftOut, remarks: account.remarks };
}

/** Times and names of calls. */
const timed = (calls: readonly Call[]) => calls.map(({ timeUs, name }) => `${timeUs} ${name}`);

describe('calls in lines', () => {
  it('joins unfinished and resumed calls in the order they end', async () => {
    const { calls } = await read(
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
    const { calls } = await read(
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
    const { calls, left } = await read(
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
    const { calls } = await read(
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

describe('times of lines', () => {
  it('reads times of day, over midnight, and all ways to show the thread', async () => {
    const { calls, clock } = await read(
      '7  23:59:59.999999 munmap(0x1000, 4096) = 0',
      '[pid  8] 00:00:00.000001 munmap(0x1000, 4096) = 0',
      '9<a b> 00:00:01.000000 munmap(0x1000, 4096) = 0',
      '[pid 10<sh>] 00:00:01.000000 munmap(0x1000, 4096) = 0',
    );
    expect(clock).toBe('day');
    expect(calls.map((call) => call.timeUs)).toEqual([
      86_399_999_999, 86_400_000_001, 86_401_000_000, 86_401_000_000,
    ]);
    expect(calls.map((call) => call.thread)).toEqual([7, 8, 9, 10]);
  });

  it.each([
    ['-t', ['10:00:01 brk(NULL) = 0x1', '10:00:02 brk(NULL) = 0x1'], [36_001_000_000, 36_002_000_000]],
    ['-tt with -r', ['10:00:01.000001 (+     0.000000) brk(NULL) = 0x1'], [36_001_000_001]],
    ['ms', ['1700000000.001 brk(NULL) = 0x1'], [1_700_000_000_001_000]],
    ['ns', ['7 1700000000.001002999 brk(NULL) = 0x1'], [1_700_000_000_001_002]],
    [
      's',
      ['7     1700000000 brk(NULL) = 0x1', '7     1700000001 brk(NULL) = 0x1'],
      [17e14, 1_700_000_001_000_000],
    ],
    ['s, no thread', ['1700000000 brk(NULL) = 0x1'], [17e14]],
    ['-n -i', ['1700000000.000000 [  12] [00007f193b4caad7] brk(NULL) = 0x1'], [17e14]],
    [
      '-r',
      ['     0.000000 brk(NULL) = 0x1', '     1.500000 brk(NULL) = 0x1', '     0.250000 brk(NULL) = 0x1'],
      [0, 15e5, 175e4],
    ],
    [
      '-r, pasted',
      ['0.000000 brk(NULL) = 0x1', '1.500000 brk(NULL) = 0x1', '0.250000 brk(NULL) = 0x1'],
      [0, 15e5, 175e4],
    ],
    ['-r in seconds', ['     0 brk(NULL) = 0x1', '     2 brk(NULL) = 0x1'], [0, 2e6]],
    ['-r in ns', ['     0.000000900 brk(NULL) = 0x1', '     0.000000900 brk(NULL) = 0x1'], [0, 1]],
    ['none', ['brk(NULL) = 0x1', 'brk(NULL) = 0x1'], [0, 1]],
    ['none, threads', ['7     brk(NULL) = 0x1', '7     brk(NULL) = 0x1'], [0, 1]],
  ])('%s', async (_, lines, times) => {
    const { calls } = await read(...lines);
    expect(calls.map(({ timeUs }) => timeUs)).toEqual(times);
    expect(calls.every(({ name }) => name === 'brk')).toBe(true);
  });

  it('counts the time of lines that are left out, where each counts from the one before', async () => {
    const { calls, clock } = await read(
      '9     0.000000 brk(NULL) = 0x1',
      '9     0.500000 --- SIGCHLD {si_signo=SIGCHLD} ---',
      '9     0.500000 brk(NULL) = 0x1',
    );
    expect(clock).toBe('relative');
    expect(timed(calls)).toEqual(['0 brk', '1000000 brk']);
  });

  it('says where times are missing or coarse', async () => {
    expect((await read('brk(NULL) = 0x1')).remarks).toEqual([
      ['calls without a time, taken as 1 µs each', 1],
    ]);
    expect((await read('10:00:01 brk(NULL) = 0x1')).remarks).toEqual([['times in whole seconds', 1]]);
  });

  it('refuses decimal commas, and says that they are', async () => {
    await expect(read('77 1700000000,000900 brk(NULL) = 0x1 <0,000012>')).rejects.toThrow(
      /^log:1: the time 1700000000,000900 has a decimal comma, expected a point/,
    );
    await expect(read('brk(NULL) = 0x1', 'brk(NULL) = 0x1 <0,000012>')).rejects.toThrow(
      /^log:2: the duration has a decimal comma/,
    );
  });
});

describe('arguments, as strace prints them by default', () => {
  const args = async (line: string) => (await read(`7  10.000001 ${line}`)).calls[0]!.args.join(', ');

  it.each([
    // -X raw, -e raw=all, -X verbose
    [
      'mmap(NULL, 0x100000, 0x3, 0x22, 0xffffffff, 0) = 0x7f',
      'NULL, 0x100000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0',
    ],
    [
      'mmap(NULL, 4096, 0, 0x54040022, -1, 0) = 0x7f',
      'NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|0x54000000, -1, 0',
    ],
    [
      'mmap(NULL, 4096, 0x1 /* PROT_READ */, 0x802 /* MAP_PRIVATE|MAP_DENYWRITE */, 3, 0) = 0x7f',
      'NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3, 0',
    ],
    ['madvise(0x1000, 4096, 0x4) = 0', '0x1000, 4096, MADV_DONTNEED'],
    ['madvise(0x1000, 4096, 0x66 /* MADV_??? */) = 0', '0x1000, 4096, MADV_GUARD_INSTALL'],
    ['madvise(0x1000, 4096, 0x3039) = 0', '0x1000, 4096, 0x3039'],
    [
      'mremap(0x1000, 4096, 8192, 0x3, 0x5000) = 0x5000',
      '0x1000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x5000',
    ],
    ['mprotect(0x1000, 4096, 0) = 0', '0x1000, 4096, PROT_NONE'],
    ['fallocate(0x3, 0x3, 0, 0x10000) = 0', '0x3, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 0x10000'],
    ['fcntl(0x3, 0x2, 0x1) = 0', '0x3, F_SETFD, FD_CLOEXEC'],
    [
      'openat(0xffffff9c, 0x7ffe1, 0x80042, 0x180) = 3',
      '0xffffff9c, 0x7ffe1, O_RDWR|O_CREAT|O_CLOEXEC, 0x180',
    ],
    ['close_range(0x3, 0xffffffff, 0x4) = 0', '0x3, 0xffffffff, CLOSE_RANGE_CLOEXEC'],
    ['fcntl(0x3, 0x406, 0) = 4', '0x3, F_DUPFD_CLOEXEC, 0'],
    [
      'clone(0x1200011, 0, 0, 0x7f4dc24c2a10, 0) = 9',
      'flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, 0, 0, 0x7f4dc24c2a10, 0',
    ],
    [
      'clone(child_stack=NULL, flags=0x1200000|17, child_tidptr=0x7f) = 9',
      'child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f',
    ],
    [
      'clone3({flags=0x10100 /* CLONE_VM|CLONE_THREAD */, exit_signal=0}, 88) = 9',
      '{flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88',
    ],
    ['clone3({flags=0x10100, exit_signal=0}, 88) = 9', '{flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88'],
    [
      'execve("/bin/true", ["true"], 0x7ffc /* 39 vars */) = 0',
      '"/bin/true", ["true"], 0x7ffc /* 39 vars */',
    ],
    ['execve(0x7ffc1, 0x7ffc2, 0x7ffc3) = 0', '"", 0x7ffc2, 0x7ffc3'],
    // -y, -yy, -Y
    ['ftruncate(3</memfd:a>(deleted), 4096) = 0', '3, 4096'],
    ['wait4(12<web server>, NULL) = 12<web server>', '12, NULL'],
    ['openat(AT_FDCWD</tmp>, "a<b>", O_RDONLY) = 3</tmp/a\\74b\\76>', 'AT_FDCWD, "a<b>", O_RDONLY'],
    ['close(4<TCP:[127.0.0.1:1->127.0.0.1:2]>) = 0', '4'],
    ['close(0</dev/pts/1<char 136:1>>) = 0', '0'],
    // i386, arm
    [
      'mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0x1b5000) = 0xb7700000',
      'NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0x1b5000',
    ],
    [
      'mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0x1b5) = 0xb7700000',
      `NULL, 8192, PROT_READ, MAP_PRIVATE, 3, ${0x1b5000}`,
    ],
    [
      'mmap2(0, 0x2000, 0x1, 0x2, 0x3, 0x1000) = 0xb7700000',
      `0, 0x2000, PROT_READ, MAP_PRIVATE, 0x3, ${0x1000000}`,
    ],
  ])('%s', async (line, expected) => {
    expect(await args(line)).toBe(expected);
  });

  it('knows what descriptors stand for', async () => {
    const { calls } = await read(
      '7  10.000001 memfd_create("a", 0) = 3</memfd:a>(deleted) <0.000058>',
      '7  10.000002 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</memfd:a>(deleted), 0) = 0x7f0000000000',
      '7  10.000003 mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xf6c00000',
    );
    expect([...calls[0]!.files]).toEqual([[3, '/memfd:a']]);
    expect([...calls[1]!.files]).toEqual([[3, '/memfd:a']]);
    expect(calls[2]).toMatchObject({ name: 'mmap', result: 0xf6c00000 });
    expect(calls[2]!.files.size).toBe(0);
  });

  it('takes a clone3 of which only an address is known for a thread, unless it starts a program', async () => {
    const { calls, remarks } = await read(
      '7  10.000001 clone3(0x7ffeb2df3540, 0x58) = 0x8',
      '7  10.000001 clone3(0x7ffeb2df3540, 0x58) = 0x9',
      '9  10.000002 execve(0x1, 0x2, 0x3) = 0',
    );
    expect(calls.map(({ args }) => args[0])).toEqual([
      '{flags=CLONE_VM|CLONE_THREAD}',
      '{flags=CLONE_VM|CLONE_VFORK}',
      '""',
    ]);
    expect(remarks).toEqual([
      ['clone3 without its flags (-e raw): taken for threads, unless they start a program', 2],
    ]);
  });
});

describe('threads', () => {
  const threads = async (...lines: string[]) => (await read(...lines)).calls.map(({ thread }) => thread);

  it('are those of the strace that writes, not of a pid namespace', async () => {
    const { calls } = await read(
      "500   10.000001 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 7 /* 512 in strace's PID NS */ <0.0001>",
      '512   10.000002 gettid() = 7',
    );
    expect(calls[0]).toMatchObject({ name: 'clone', result: 512, durationNs: 100_000 });
  });

  it('without a name are the first one, and the last one that is left', async () => {
    expect(
      await threads(
        '10.000001 brk(NULL) = 0x1',
        '10.000002 clone(child_stack=NULL, flags=SIGCHLDstrace: Process 42 attached',
        ' <unfinished ...>',
        '[pid 42] 10.000003 brk(NULL) = 0x1',
        '[pid 40] 10.000004 <... clone resumed>) = 42',
        '[pid 40] 10.000005 wait4(42,  <unfinished ...>',
        '[pid 42] 10.000006 +++ exited with 0 +++',
        '10.000007 <... wait4 resumed>NULL, 0, NULL) = 42',
        '10.000008 brk(NULL) = 0x1',
      ),
    ).toEqual([40, 42, 40, 42, 40, 40]);
    expect(
      await threads(
        'fork() = 42',
        '[pid 40] exit_group(0) = ?',
        '[pid 42] brk(NULL) = 0x1',
        '[pid 40] +++ exited with 0 +++',
        'brk(NULL) = 0x1',
        '+++ exited with 0 +++',
      ),
    ).toEqual([40, 40, 42, 40, 42, 42]);
  });

  it('are named where strace attaches to one that runs', async () => {
    expect(await threads('strace: Process 77 attached', 'brk(NULL) = 0x1')).toEqual([77]);
    expect(await threads('brk(NULL) = 0x1')).toEqual([1]);
  });

  it('end with their process where strace does not say so (-qq)', async () => {
    const { calls } = await read(
      '5     clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 6',
      '5     clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 7',
      '6     exit(0) = ?',
      '7     exit_group(0) = ?',
    );
    expect(calls.map(({ thread, name }) => `${thread} ${name}`)).toEqual([
      '5 clone',
      '5 clone',
      '6 exit',
      `6 ${THREAD_END}`,
      '7 exit_group',
      `5 ${THREAD_END}`,
      `7 ${THREAD_END}`,
    ]);
  });

  it('that run another program take over the id of their process', async () => {
    const { calls, left } = await read(
      '6     10.000001 execve("/bin/true", ["true"], 0x7f /* 3 vars */ <unfinished ...>',
      '5     10.000002 +++ superseded by execve in pid 6 +++',
      '5     10.000003 <... execve resumed>) = 0',
    );
    expect(calls.map(({ thread, name }) => `${thread} ${name}`)).toEqual([`6 ${THREAD_END}`, '5 execve']);
    expect(left).toEqual([]);
  });
});

describe('other lines', () => {
  it('are counted by what they are', async () => {
    const { calls, left } = await read(
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
    const { calls, left } = await read(
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
    const { calls, left } = await read(
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

describe('detecting a log', () => {
  const detect = (...lines: string[]) => detectCalls(Buffer.from(`${lines.join('\n')}\n`), FIT.certain);

  it.each([
    [['mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f']],
    [['[pid 11102] madvise(0xc000200000, 2097152, MADV_DONTNEED) = 0']],
    [['strace: Process 77 attached', 'futex(0x7ff, FUTEX_WAIT <unfinished ...>']],
    [['hello', 'execve("./m", ["./m"], 0x7ff /* 3 vars */) = 0']],
    [['100 1700000000.000000 frob(1) = 3']],
    [['     0.000000 execve("./m", ["./m"], 0x7ff /* 3 vars */) = 0']],
  ])('%j is one', (lines) => {
    expect(detect(...lines)).toEqual({ fit: FIT.certain });
  });

  it.each([
    [['1,2,3'], /^line 1: "1,2,3" has no call with its arguments, expected a call as strace/],
    [['10.5 mmap(NULL, 4096'], /^line 1: "10.5 mmap\(NULL, 4096" is no system call with its result/],
    [['strlen("abc") = 3'], /is no system call with its result/],
    [['77 1700000000,000900 brk(NULL) = 0x1'], /^line 1: the time 1700000000,000900 has a decimal comma/],
    [
      ['% time     seconds  usecs/call     calls    errors syscall'],
      /^there are only messages and summaries/,
    ],
  ])('%j is not one, and says why', (lines, why) => {
    expect(detect(...lines)).toMatchObject({ fit: FIT.none, why: expect.stringMatching(why) });
  });

  it("leaves files to others where most lines are not strace's", () => {
    expect(detect('a', 'b', '7  10.000001 brk(NULL) = 0x1')).toEqual({ fit: FIT.possible });
  });

  it('refuses a log without calls with the reason', async () => {
    await expect(read('hello')).rejects.toThrow(
      /^log:1: "hello" has no call with its arguments, expected a call as strace prints it/,
    );
  });
});
