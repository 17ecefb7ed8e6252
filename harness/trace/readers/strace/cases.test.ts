import { describe, expect, it } from 'vitest';
import { importedLog as imported } from '../../../testing/strace-log.js';

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
      'madvise,312:312,34091302912,512,MADV_GUARD_INSTALL',
      'madvise,312:312,34091302912,512,MADV_PAGEOUT',
      'protect,312,34091302912,256,none',
    ]);
    expect(left).toEqual([['calls of madvise with advice 0xc8', 1]]);
    expect(remarks).toEqual([
      ['calls of process_madvise whose process is inferred: only one maps what they name', 1],
    ]);
  });

  it('hugetlb mappings have whole pages of 2 MiB', async () => {
    const { events, left } = await imported(`
      77 mmap(NULL, 3145728, ${RW}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE|MAP_HUGETLB|MAP_HUGE_2MB, -1, 0) = 0x7f5600000000 <0.000012>
      77 munmap(0x7f5600000000, 4194304) = 0 <0.1>`);
    expect(events).toEqual([
      'spawn,77,,,',
      'map,77,34181480448,1024,anon hugetlb noreserve',
      'unmap,77,34181480448,1024,',
    ]);
    expect(left).toEqual([]);
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
      'madvise,100:100,34091302912,1,MADV_GUARD_INSTALL',
      'madvise,100:100,34091302912,2,MADV_COLD',
      'set,,,,vm.nr_hugepages=1',
      'map,100,34108080128,512,anon hugetlb',
      'set,,,,vm.nr_hugepages=5',
      'object,,,2048,hugetlb:segment-1',
      'map,100,34124857344,2048,shared:segment-1@0',
      'discard,100:100,34124857344,512,FALLOC_FL_PUNCH_HOLE',
      'fadvise,100,0,2048,dontneed:segment-1@0+0',
      'close,,,,segment-1',
      'mlockall,100,,,current future',
      'prctl,100,,,thp_disable=1',
      'object,,,4096,shmem:sysv-3',
      'map,100,34141634560,4096,shared:sysv-3@0',
      'discard,100:100,34141634560,1024,MADV_REMOVE',
      'unmap,100,34091302912,1024,',
      'exit,100,,,',
    ]);
    expect(left).toEqual([
      ['calls of mprotect that failed', 1],
      ['calls of userfaultfd', 1],
      ['calls of mseal', 1],
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
