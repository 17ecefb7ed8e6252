import { describe, expect, it } from 'vitest';
import { inputOf } from '../../../testing/readers.js';
import { eventLines } from '../../../testing/traces.js';
import { strace } from './import.js';

/** An import: its events, and what its account says. Lines have a time of one µs each. */
async function imported(calls: string, given: Readonly<Record<string, string>> = {}) {
  const lines = calls.trim().split('\n');
  const log = lines.map((line, i) => line.trim().replace(/^(\d+) /, `$1 100.${String(i).padStart(6, '0')} `));
  const input = inputOf(strace, `${log.join('\n')}\n`, { given });
  const source = await strace.open(input);
  const events = (await eventLines(source)).map((event) => event.replace(/^\d+,/, ''));
  const { account } = input;
  expect(account.total, 'each line is counted once').toBe(lines.length);
  return { events, left: account.leftOut, remarks: account.remarks, meta: source.meta };
}

const RW = 'PROT_READ|PROT_WRITE';
const ANON = 'MAP_PRIVATE|MAP_ANONYMOUS, -1, 0';

// The logs of this block are constructed: forms that strace prints, in calls that programs of other people made.
describe('logs of other people', () => {
  it('a forked child has its parent’s descriptors', async () => {
    const { events } = await imported(`
      77 memfd_create("a", 0) = 3 <0.000058>
      77 memfd_create("b", 0) = 4 <0.000058>
      77 ftruncate(3, 1048576) = 0 <0.000009>
      77 ftruncate(4, 1048576) = 0 <0.000009>
      77 mmap(NULL, 1048576, ${RW}, MAP_SHARED, 3, 0) = 0x7f5500000000 <0.000012>
      77 mmap(NULL, 1048576, ${RW}, MAP_SHARED, 4, 0) = 0x7f5600000000 <0.000012>
      77 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f5511) = 78 <0.000212>
      78 mmap(NULL, 1048576, ${RW}, MAP_SHARED, 4, 0) = 0x7f5700000000 <0.000012>
      78 madvise(0x7f5700000000, 65536, MADV_REMOVE) = 0 <0.000212>
      77 close(3) = 0 <0.000004>`);
    expect(events.slice(5)).toEqual([
      'fork,77,,,78',
      'map,78,34182529024,256,shared:segment-2@0',
      'discard,78:78,34182529024,16,MADV_REMOVE',
    ]);
  });

  it('a part of a segment is mapped by its descriptor', async () => {
    const { events } = await imported(`
      77 memfd_create("a", 0) = 3 <0.000058>
      77 ftruncate(3, 1048576) = 0 <0.000009>
      77 mmap(NULL, 524288, ${RW}, MAP_SHARED, 3, 0x80000) = 0x7f5600000000 <0.000012>
      77 madvise(0x7f5600000000, 65536, MADV_REMOVE) = 0 <0.000212>`);
    expect(events).toEqual([
      'spawn,77,,,',
      'object,,,256,shmem:segment-1',
      'map,77,34181480448,128,shared:segment-1@128',
      'close,,,,segment-1',
      'discard,77:77,34181480448,16,MADV_REMOVE',
    ]);
  });

  it('mmap2 is mmap', async () => {
    const { events } = await imported(`
      310 execve("./srv", ["./srv"], 0xffa01234 /* 20 vars */) = 0 <0.000301>
      310 mmap2(NULL, 8388608, ${RW}, ${ANON}) = 0xf6c00000 <0.000011>
      310 madvise(0xf6c00000, 4194304, MADV_DONTNEED) = 0 <0.000051>
      310 munmap(0xf6c00000, 8388608) = 0 <0.000031>
      310 +++ exited with 0 +++`);
    expect(events).toEqual([
      'spawn,310,,,srv',
      'map,310,1010688,2048,anon',
      'discard,310:310,1010688,1024,MADV_DONTNEED',
      'unmap,310,1010688,2048,',
      'exit,310,,,',
    ]);
  });

  it('advice that no op has is counted by name, also where strace knows none; process_madvise is applied', async () => {
    const { events, left, remarks } = await imported(`
      312 mmap(NULL, 8388608, ${RW}, ${ANON}) = 0x7f0000000000 <0.000011>
      312 madvise(0x7f0000000000, 2097152, 0x66 /* MADV_??? */) = 0 <0.000051>
      312 madvise(0x7f0000000000, 2097152, 0xc8 /* MADV_??? */) = 0 <0.000051>
      312 process_madvise(12, [{iov_base=0x7f0000000000, iov_len=2097152}], 1, MADV_PAGEOUT, 0) = 2097152 <0.001>
      312 mprotect(0x7f0000000000, 1048576, PROT_NONE) = 0 <0.000051>`);
    expect(events.slice(2)).toEqual([
      'madvise,312,34091302912,512,MADV_PAGEOUT',
      'protect,312,34091302912,256,none',
    ]);
    expect(left).toEqual([
      ['calls of madvise with MADV_GUARD_INSTALL', 1],
      ['calls of madvise with advice 0xc8', 1],
    ]);
    expect(remarks).toEqual([
      ['calls of process_madvise whose process is inferred: only one maps what they name', 1],
    ]);
  });

  it('huge pages are not followed as pages of 4 KiB', async () => {
    const { events, left } = await imported(`
      77 mmap(NULL, 3145728, ${RW}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE|MAP_HUGETLB|MAP_HUGE_2MB, -1, 0) = 0x7f5600000000 <0.000012>
      77 munmap(0x7f5600000000, 4194304) = 0 <0.1>`);
    expect(events).toEqual([]);
    expect(left).toEqual([
      ['mappings of huge pages (MAP_HUGETLB), which the format does not have', 1],
      ['calls of munmap on memory that is not followed', 1],
    ]);
  });

  it('of a log with everything, what has an op is followed and the rest is counted by name', async () => {
    const { events, left } = await imported(
      `
      100 execve("/usr/bin/x", ["x"], 0x7ffd /* 1 vars */) = 0 <0.0001>
      100 mmap(NULL, 4194304, ${RW}, ${ANON}) = 0x7f0000000000 <0.000010>
      100 madvise(0x7f0000000000, 4194304, MADV_HUGEPAGE) = 0 <0.000010>
      100 madvise(0x7f0000000000, 4096, MADV_GUARD_INSTALL) = 0 <0.000010>
      100 process_madvise(5, [{iov_base=0x7f0000000000, iov_len=8192}], 1, MADV_COLD, 0) = 8192 <0.000010>
      100 mmap(NULL, 2097152, ${RW}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = 0x7f1000000000 <0.000010>
      100 memfd_create("heap", MFD_CLOEXEC|MFD_HUGETLB) = 7 <0.000010>
      100 ftruncate(7, 8388608) = 0 <0.000010>
      100 mmap(0x7f2000000000, 8388608, ${RW}, MAP_SHARED|MAP_FIXED, 7, 0) = 0x7f2000000000 <0.000010>
      100 fallocate(7, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 2097152) = 0 <0.000010>
      100 fadvise64(7, 0, 0, POSIX_FADV_DONTNEED) = 0 <0.000010>
      100 mlockall(MCL_CURRENT|MCL_FUTURE) = 0 <0.000010>
      100 mprotect(0x7f0000000000, 4096, PROT_NONE) = -1 ENOMEM (Cannot allocate memory) <0.000010>
      100 userfaultfd(O_CLOEXEC) = 9 <0.000010>
      100 mseal(0x7f0000000000, 4096, 0) = 0 <0.000010>
      100 prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) = 0 <0.000010>
      100 shmget(IPC_PRIVATE, 16777216, IPC_CREAT|0600) = 3 <0.000010>
      100 shmat(3, NULL, 0) = 0x7f3000000000 <0.000010>
      100 madvise(0x7f3000000000, 4194304, MADV_REMOVE) = 0 <0.000010>
      100 munmap(0x7f0000000000, 4194304) = 0 <0.000010>
      100 futex(0x7ffd1, FUTEX_WAKE_PRIVATE, 1) = 1 <0.000010>
      100 exit_group(0) = ?`,
      { memory: 'all' },
    );
    expect(events).toEqual([
      'spawn,100,,,x',
      'map,100,34091302912,1024,anon',
      'madvise,100:100,34091302912,1024,MADV_HUGEPAGE',
      'madvise,100,34091302912,2,MADV_COLD',
      'lock,100,34091302912,1024,',
      'object,,,4096,shmem:sysv-3',
      'map,100,34141634560,4096,shared:sysv-3@0 locked',
      'discard,100:100,34141634560,1024,MADV_REMOVE',
      'unmap,100,34091302912,1024,',
      'exit,100,,,',
    ]);
    expect(left).toEqual([
      ['calls of madvise with MADV_GUARD_INSTALL', 1],
      ['mappings of huge pages (MAP_HUGETLB), which the format does not have', 2],
      ['segments of huge pages (MFD_HUGETLB), which the format does not have', 1],
      ['calls of ftruncate on files that are not followed', 1],
      ['calls of fallocate on files that are not followed', 1],
      ['calls of fadvise64', 1],
      ['calls of mprotect that failed', 1],
      ['calls of userfaultfd', 1],
      ['calls of mseal', 1],
      ['calls of prctl with PR_SET_THP_DISABLE', 1],
      ['calls that do not concern memory', 1],
    ]);
  });

  const PRIVATE = `
    100 execve("/usr/bin/x", ["x"], 0x7ffd /* 1 vars */) = 0 <0.0001>
    100 mmap(NULL, 4194304, ${RW}, ${ANON}) = 0x7f0000000000 <0.000010>
    100 madvise(0x7f0000000000, 4194304, MADV_DONTNEED) = 0 <0.000010>
    100 madvise(0x7f0000000000, 4194304, MADV_FREE) = 0 <0.000010>
    100 madvise(0x7f0000000000, 4194304, MADV_PAGEOUT) = 0 <0.000010>
    100 madvise(0x7f0000000000, 4194304, MADV_DONTNEED_LOCKED) = 0 <0.000010>
    100 madvise(0x7f0000000000, 4194304, MADV_WIPEONFORK) = 0 <0.000010>
    100 mlock(0x7f0000000000, 4096) = 0 <0.000010>
    100 mprotect(0x7f0000000000, 4096, PROT_NONE) = 0 <0.000010>
    100 mremap(0x7f0000000000, 4194304, 8388608, MREMAP_MAYMOVE) = 0x7f4000000000 <0.000010>
    100 prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) = 0 <0.000010>
    100 brk(NULL) = 0x555500000000 <0.000010>
    100 brk(0x555500100000) = 0x555500100000 <0.000010>
    100 brk(0x555500010000) = 0x555500010000 <0.000010>
    100 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 101 <0.000010>
    101 madvise(0x7f4000000000, 4096, MADV_DONTNEED) = 0 <0.000010>
    101 exit_group(0) = ?`;

  it('of a log without shared memory, private memory is followed, and its drops are compared', async () => {
    const { events, left, meta } = await imported(PRIVATE);
    expect(events).toEqual([
      'spawn,100,,,x',
      'map,100,34091302912,1024,anon',
      'discard,100:100,34091302912,1024,MADV_DONTNEED',
      'discard,100:100,34091302912,1024,MADV_FREE',
      'madvise,100:100,34091302912,1024,MADV_PAGEOUT',
      'discard,100:100,34091302912,1024,MADV_DONTNEED_LOCKED',
      'madvise,100:100,34091302912,1024,MADV_WIPEONFORK',
      'lock,100,34091302912,1,',
      'protect,100,34091302912,1,none',
      'remap,100,34091302912,1024,to=34158411776',
      'remap,100,34158411776,1024,grow=1024',
      'prctl,100,,,merge=1',
      'map,100,22906142720,256,anon',
      'unmap,100,22906142736,240,',
      'fork,100,,,101',
      'discard,101:101,34158411776,1,MADV_DONTNEED',
      'exit,101,,,',
    ]);
    expect(left).toEqual([]);
    expect(meta.get('drops')).toBe('MADV_DONTNEED 2, MADV_FREE 1, MADV_DONTNEED_LOCKED 1');
  });

  it('with drops=verbatim, calls stay what they were', async () => {
    const { events, meta } = await imported(PRIVATE, { drops: 'verbatim' });
    expect(events.filter((event) => /DONTNEED|FREE/.test(event))).toEqual([
      'madvise,100:100,34091302912,1024,MADV_DONTNEED',
      'madvise,100:100,34091302912,1024,MADV_FREE',
      'madvise,100:100,34091302912,1024,MADV_DONTNEED_LOCKED',
      'madvise,101:101,34158411776,1,MADV_DONTNEED',
    ]);
    expect(meta.get('drops')).toBeUndefined();
  });
});

describe('calls on mappings', () => {
  const MAP = (page: number, pages: number, protection = RW, flags = 'MAP_PRIVATE|MAP_ANONYMOUS') =>
    `1 mmap(NULL, ${pages * 4096}, ${protection}, ${flags}, -1, 0) = 0x${(page * 4096).toString(16)}`;

  it('have protections and flags that the format has; others are named', async () => {
    const { events, remarks } = await imported(
      [
        MAP(16, 2, 'PROT_NONE', 'MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE'),
        MAP(32, 2, 'PROT_READ', 'MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE'),
        MAP(48, 2, 'PROT_READ|PROT_WRITE|PROT_EXEC', 'MAP_SHARED|MAP_ANONYMOUS|MAP_LOCKED|MAP_GROWSDOWN'),
        MAP(64, 2, RW, 'MAP_DROPPABLE|MAP_ANONYMOUS'),
        '1 mprotect(0x10000, 4096, PROT_READ|PROT_WRITE) = 0',
        '1 mprotect(0x11000, 4096, PROT_READ|PROT_EXEC) = 0',
        '1 pkey_mprotect(0x30000, 8192, PROT_READ, 1) = 0',
        '1 mlock2(0x10000, 4096, 0) = 0',
        '1 munlock(0x10000, 4096) = 0',
        '1 munlockall() = 0',
      ].join('\n'),
    );
    expect(events.slice(1)).toEqual([
      'map,1,16,2,anon',
      'protect,1,16,2,none',
      'map,1,32,2,anon ro populate',
      'map,1,48,2,anon-shared exec locked',
      'map,1,64,2,anon droppable',
      'protect,1,16,1,rw',
      'protect,1,17,1,ro',
      'protect,1,48,2,ro',
      'lock,1,16,1,',
      'unlock,1,16,1,',
      'unlock,1,16,2,',
      'unlock,1,32,2,',
      'unlock,1,48,2,',
      'unlock,1,64,2,',
    ]);
    expect(remarks).toEqual([
      ['MAP_GROWSDOWN of mmap, which the format does not have', 1],
      ['PROT_EXEC of mprotect, which the format does not have', 1],
    ]);
  });

  it('mremap replaces its target, leaves empty memory behind, and maps shared memory twice', async () => {
    const { events } = await imported(
      `
      ${MAP(16, 4)}
      ${MAP(32, 4)}
      1 mremap(0x10000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x21000) = 0x21000
      1 mremap(0x12000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = 0x50000
      1 memfd_create("m", 0) = 3
      1 ftruncate(3, 16384) = 0
      1 mmap(NULL, 16384, ${RW}, MAP_SHARED, 3, 0) = 0x80000
      1 mremap(0x81000, 0, 8192, MREMAP_MAYMOVE) = 0x90000
      1 close(3) = 0`.trim(),
      { memory: 'all' },
    );
    expect(events.slice(3)).toEqual([
      'unmap,1,33,2,',
      'remap,1,16,2,to=33',
      'remap,1,18,2,to=80',
      'map,1,18,2,anon',
      'object,,,4,shmem:segment-1',
      'map,1,128,4,shared:segment-1@0',
      'map,1,144,2,shared:segment-1@1',
      'close,,,,segment-1',
    ]);
  });

  it('mlockall locks what is mapped, what will be, or both', async () => {
    const { events, left } = await imported(
      `
      ${MAP(16, 2)}
      1 mlockall(MCL_CURRENT) = 0
      ${MAP(32, 2)}
      1 mlockall(MCL_FUTURE) = 0
      ${MAP(48, 2)}
      1 brk(NULL) = 0x100000
      1 brk(0x102000) = 0x102000
      1 mlockall(MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT) = 0
      1 munlockall() = 0
      ${MAP(64, 2)}`.trim(),
    );
    expect(events.slice(1)).toEqual([
      'map,1,16,2,anon',
      'lock,1,16,2,',
      'map,1,32,2,anon',
      'map,1,48,2,anon locked',
      'map,1,256,2,anon locked',
      'unlock,1,16,2,',
      'unlock,1,32,2,',
      'unlock,1,48,2,',
      'unlock,1,256,2,',
      'map,1,64,2,anon',
    ]);
    expect(left).toEqual([['calls of mlockall with MCL_ONFAULT, which the format does not have', 1]]);
  });

  it('a heap that grows step by step shrinks at once', async () => {
    const { events, left } = await imported(`
      1 brk(NULL) = 0x100800
      1 brk(0x102000) = 0x102000
      1 brk(0x104010) = 0x104010
      1 brk(0x104020) = 0x104020
      1 brk(0x9999999999) = 0x104020
      1 brk(0x101000) = 0x101000`);
    expect(events.slice(1)).toEqual(['map,1,257,1,anon', 'map,1,258,3,anon', 'unmap,1,257,4,']);
    expect(left).toEqual([['calls of brk that change no page', 2]]);
  });

  it('a reservation of more pages than an event can name is several events', async () => {
    const { events } = await imported(`1 mmap(NULL, 17592186044416, PROT_NONE, ${ANON}) = 0x100000000000`);
    const first = 0x100000000000 / 4096;
    const most = 2 ** 31 - 1;
    expect(events.filter((event) => event.startsWith('map'))).toEqual([
      `map,1,${first},${most},anon`,
      `map,1,${first + most},${most},anon`,
      `map,1,${first + 2 * most},2,anon`,
    ]);
  });
});

describe('segments and descriptors', () => {
  const SEGMENTS = `
    1 memfd_create("a", MFD_CLOEXEC) = 3
    1 ftruncate(3, 8192) = 0
    1 memfd_create("b", 0) = 4
    1 ftruncate(4, 8192) = 0
    1 socket(AF_UNIX, SOCK_STREAM, 0) = 5`;
  const map = (process: number, fd: number, page: number) =>
    `${process} mmap(NULL, 8192, ${RW}, MAP_SHARED, ${fd}, 0) = 0x${(page * 4096).toString(16)}`;
  const maps = (events: readonly string[]) =>
    events.filter((event) => event.startsWith('map')).map((event) => event.replace(/^map,/, ''));

  it('are followed through dup, fcntl and close, and not taken for what they were', async () => {
    const { events, left } = await imported(`${SEGMENTS}
      1 dup2(4, 9) = 9
      1 fcntl(3, F_DUPFD_CLOEXEC, 10) = 10
      1 close_range(3, 4, 0) = 0
      1 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
      ${map(1, 9, 16)}
      ${map(1, 10, 32)}
      ${map(1, 3, 48)}
      1 execve("/bin/x", ["x"], 0x7ff) = 0
      ${map(1, 9, 16)}
      1 close(9) = 0`);
    expect(events.filter((event) => /^(map|exit|close)/.test(event))).toEqual([
      'map,1,16,2,shared:segment-2@0',
      'map,1,32,2,shared:segment-1@0',
      'exit,1,,,',
      'close,,,,segment-1',
      'map,1,16,2,shared:segment-2@0',
      'close,,,,segment-2',
    ]);
    expect(left).toEqual([
      ['calls that do not concern memory', 2],
      ['shared mappings of files or of segments not in the log', 1],
    ]);
  });

  it('come with messages, by what else is in them, and by pidfd_getfd', async () => {
    const rights = (data: string, fd: number) =>
      `{msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="${data}", iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${fd}]}], msg_controllen=24, msg_flags=0}`;
    const { events, remarks } = await imported(`${SEGMENTS}
      1 sendmsg(5, ${rights('A', 3)}, 0) = 1
      1 sendmsg(5, ${rights('B', 4)}, 0) = 1
      2 recvmsg(7, ${rights('B', 8)}, MSG_CMSG_CLOEXEC) = 1
      2 recvmsg(7, ${rights('?', 9)}, 0) = 1
      ${map(2, 8, 16)}
      ${map(2, 9, 32)}
      2 pidfd_open(1, 0) = 10
      2 pidfd_getfd(10, 4, 0) = 11
      ${map(2, 11, 48)}
      2 close(9) = 0`);
    expect(maps(events)).toEqual([
      '2,16,2,shared:segment-2@0',
      '2,32,2,shared:segment-1@0',
      '2,48,2,shared:segment-2@0',
    ]);
    expect(remarks).toEqual([['messages with descriptors that are paired by their order', 1]]);
  });

  it('are one table for processes that share it', async () => {
    const { events } = await imported(`${SEGMENTS}
      1 clone(child_stack=NULL, flags=CLONE_FILES|SIGCHLD) = 2
      2 dup(4) = 6
      ${map(1, 6, 16)}
      1 close_range(6, 6, CLOSE_RANGE_UNSHARE) = 0
      ${map(2, 6, 32)}`);
    expect(maps(events)).toEqual(['1,16,2,shared:segment-2@0', '2,32,2,shared:segment-2@0']);
  });

  it('files in /dev/shm are segments by their paths, until they are removed and closed', async () => {
    const open = (process: number, flags: string) =>
      `${process} openat(AT_FDCWD, "/dev/shm/pool:1", ${flags}, 0600) = 3`;
    const { events } = await imported(`
      1 ${open(1, 'O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC').slice(2)}
      1 ftruncate(3, 8192) = 0
      1 fallocate(3, 0, 0, 8192) = 0
      ${map(1, 3, 16)}
      ${open(2, 'O_RDWR')}
      ${map(2, 3, 32)}
      2 close(3) = 0
      1 unlink("/dev/shm/pool:1") = 0
      1 close(3) = 0
      2 openat(AT_FDCWD, "/dev/shm/old", O_RDWR) = 3
      2 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 4096) = 0x40000
      2 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 4096) = 0x50000
      ${open(2, 'O_RDWR|O_CREAT|O_EXCL').replace('= 3', '= 4')}
      2 ftruncate(4, 4096) = 0
      2 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 4, 0) = 0x60000`);
    expect(events).toEqual([
      'spawn,1,,,',
      'object,,,2,shmem:pool_1',
      'fallocate,1,0,2,alloc:pool_1',
      'map,1,16,2,shared:pool_1@0',
      'spawn,2,,,',
      'map,2,32,2,shared:pool_1@0',
      'close,,,,pool_1',
      'object,,,2,shmem:old',
      'map,2,64,1,shared:old@1 ro',
      'map,2,80,1,private:old@1 ro',
      'object,,,1,shmem:pool_1-2',
      'map,2,96,1,shared:pool_1-2@0 ro',
    ]);
  });

  it('holes are drops where the caller maps them, and calls where it does not', async () => {
    const hole = (offset: number, bytes: number) =>
      `1 fallocate(3, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, ${offset}, ${bytes}) = 0`;
    const log = `
      1 memfd_create("m", 0) = 3
      1 ftruncate(3, 32768) = 0
      1 mmap(NULL, 16384, ${RW}, MAP_SHARED, 3, 8192) = 0x10000
      1 mmap(NULL, 16384, ${RW}, MAP_SHARED, 3, 8192) = 0x20000
      ${hole(0, 32768)}
      ${hole(8000, 5000)}
      ${hole(100, 200)}
      1 fallocate(3, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) = 0
      1 pwrite64(3, "x"..., 5000, 4000) = 5000
      1 write(3, "x", 1) = 1
      1 close(3) = 0`;
    const { events, left, remarks } = await imported(log);
    expect(events.slice(4)).toEqual([
      'fallocate,1,0,2,punch:segment-1',
      'discard,1:1,16,4,FALLOC_FL_PUNCH_HOLE',
      'fallocate,1,6,2,punch:segment-1',
      'discard,1:1,16,1,FALLOC_FL_PUNCH_HOLE',
      'fallocate,1,0,1,punch:segment-1@100+200',
      'pwrite,1,0,3,segment-1',
      'close,,,,segment-1',
    ]);
    expect(left).toEqual([
      ['calls of fallocate with FALLOC_FL_COLLAPSE_RANGE', 1],
      ['calls of write on segments', 1],
    ]);
    expect(remarks).toEqual([['holes that begin or end within a page, of which whole pages are dropped', 1]]);
    const verbatim = await imported(log, { drops: 'verbatim' });
    expect(verbatim.events.filter((event) => /punch|discard/.test(event))).toEqual([
      'fallocate,1,0,8,punch:segment-1',
      'fallocate,1,1,3,punch:segment-1@8000+5000',
      'fallocate,1,0,1,punch:segment-1@100+200',
    ]);
  });

  it('of System V are attached whole, detached by address, and closed when they are removed', async () => {
    const { events, left } = await imported(`
      1 shmget(0x1234, 10000, IPC_CREAT|0600) = 7
      1 shmat(7, NULL, 0) = 0x10000
      2 shmget(0x1234, 0, 000) = 7
      2 shmat(7, NULL, SHM_RDONLY) = 0x20000
      1 munmap(0x11000, 4096) = 0
      1 shmdt(0x10000) = 0
      1 shmdt(0x90000) = 0
      1 shmctl(7, IPC_RMID, NULL) = 0
      2 shmdt(0x20000) = 0
      2 shmget(IPC_PRIVATE, 4194304, IPC_CREAT|SHM_HUGETLB|0600) = 8
      2 shmat(8, NULL, 0) = 0x400000
      2 shmctl(8, IPC_STAT, 0x7fff) = 0`);
    expect(events).toEqual([
      'spawn,1,,,',
      'object,,,3,shmem:sysv-7',
      'map,1,16,3,shared:sysv-7@0',
      'spawn,2,,,',
      'map,2,32,3,shared:sysv-7@0 ro',
      'unmap,1,17,1,',
      'unmap,1,16,1,',
      'unmap,1,18,1,',
      'close,,,,sysv-7',
      'unmap,2,32,3,',
    ]);
    expect(left).toEqual([
      ['calls of shmdt on segments that are not followed', 1],
      ['segments of huge pages (SHM_HUGETLB), which the format does not have', 1],
      ['calls of shmat on segments that are not followed', 1],
      ['calls that do not concern memory', 1],
    ]);
  });

  it('of more pages than an event can name are left out, and holes end with the segment', async () => {
    const { events, left } = await imported(`
      1 memfd_create("m", 0) = 3
      1 ftruncate(3, 35184372088832) = 0
      1 mmap(NULL, 35184372088832, ${RW}, MAP_SHARED, 3, 0) = 0x100000000000
      1 fallocate(3, 0, 0, 4096) = 0
      1 memfd_create("n", 0) = 4
      1 ftruncate(4, 16384) = 0
      1 mmap(NULL, 8192, ${RW}, MAP_SHARED, 4, 0) = 0x10000
      1 fallocate(4, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 4096, 9223372036854771712) = 0
      1 fallocate(4, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 16384, 4096) = 0
      1 close(?) = 0`);
    expect(events.slice(3)).toEqual([
      'discard,1:1,17,1,FALLOC_FL_PUNCH_HOLE',
      'fallocate,1,2,2,punch:segment-2',
    ]);
    expect(left).toEqual([
      ['calls on segments of more than 2^31 - 1 pages, which the format cannot name', 2],
      ['holes beyond the ends of segments', 1],
      ['calls of close whose arguments are not numbers', 1],
    ]);
  });

  it('process_madvise acts on the process of the pidfd, as far as it came', async () => {
    const { events, remarks } = await imported(
      `
      1 mmap(NULL, 65536, ${RW}, ${ANON}) = 0x10000
      1 clone(child_stack=NULL, flags=SIGCHLD) = 2
      1 pidfd_open(2, 0) = 3
      1 process_madvise(3, [{iov_base=0x10000, iov_len=8192}, {iov_base=0x18000, iov_len=16384}], 2, MADV_COLD, 0) = 12288
      1 process_madvise(9, [{iov_base=0x10000, iov_len=8192}], 1, MADV_COLD, 0) = 8192`,
    );
    expect(events.slice(3)).toEqual(['madvise,2,16,2,MADV_COLD', 'madvise,2,24,1,MADV_COLD']);
    expect(remarks).toEqual([
      ['calls of process_madvise by another process, whose cost the trace charges to the space', 1],
    ]);
  });
});
