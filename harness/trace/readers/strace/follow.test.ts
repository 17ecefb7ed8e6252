import { describe, expect, it } from 'vitest';
import { importedLog as imported } from '../../../testing/strace-log.js';

const RW = 'PROT_READ|PROT_WRITE';
const ANON = 'MAP_PRIVATE|MAP_ANONYMOUS, -1, 0';

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
      'munlockall,1,,,',
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
      'mlockall,1,,,current',
      'map,1,32,2,anon',
      'mlockall,1,,,future',
      'map,1,48,2,anon',
      'map,1,256,2,anon',
      'mlockall,1,,,current future onfault',
      'munlockall,1,,,',
      'map,1,64,2,anon',
    ]);
    expect(left).toEqual([]);
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
      'set,,,,vm.nr_hugepages=2',
      'object,,,1024,hugetlb:sysv-8',
      'map,2,1024,1024,shared:sysv-8@0',
    ]);
    expect(left).toEqual([
      ['calls of shmdt on segments that are not followed', 1],
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
    expect(events.slice(3)).toEqual([
      'process_madvise,1:1,16,2,MADV_COLD target=2',
      'process_madvise,1:1,24,1,MADV_COLD target=2',
    ]);
    expect(remarks).toEqual([]);
  });
});
