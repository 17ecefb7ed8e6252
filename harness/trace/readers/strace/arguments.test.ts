import { describe, expect, it } from 'vitest';
import { readLog } from '../../../testing/strace-calls.js';

describe('arguments, as strace prints them by default', () => {
  const args = async (line: string) => (await readLog(`7  10.000001 ${line}`)).calls[0]!.args.join(', ');

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
    const { calls } = await readLog(
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
    const { calls, remarks } = await readLog(
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
