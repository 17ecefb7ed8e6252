import { describe, expect, it } from 'vitest';
import { run } from '../../../testing/machine.js';
import { importedLog as imported } from '../../../testing/strace-log.js';
import { traceOf } from '../../../testing/traces.js';
import { hugetlbOf } from '../calls/hugetlb.js';

const RW = 'PROT_READ|PROT_WRITE';
const HUGE = 'MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB';
const POOL = 'settings of vm.nr_hugepages that are inferred: as many pages as what is mapped may need';

/** Replays the events of an import, each in its own µs. */
const replayed = (events: readonly string[]) =>
  run(traceOf(`${events.map((line, i) => `${i},${line}`).join('\n')}\n`), {});

describe('hugetlb memory of a log', () => {
  it('has a pool that is as large as what is mapped at once', async () => {
    const { events, left, remarks } = await imported(
      `
      1 mmap(NULL, 3145728, ${RW}, ${HUGE}, -1, 0) = 0x7f0000000000
      1 mmap(NULL, 2097152, ${RW}, ${HUGE}|21<<MAP_HUGE_SHIFT, -1, 0) = 0x7f1000000000
      1 munmap(0x7f0000000000, 4194304) = 0
      1 mmap(NULL, 2097152, PROT_READ, MAP_SHARED|MAP_ANONYMOUS|MAP_HUGETLB|MAP_HUGE_2MB|MAP_POPULATE, -1, 0) = 0x7f2000000000
      1 mmap(NULL, 6291456, ${RW}, ${HUGE}, -1, 0) = 0x7f3000000000
      1 madvise(0x7f3000000000, 2097152, MADV_DONTNEED) = 0`,
      { memory: 'all' },
    );
    expect(events).toEqual([
      'set,,,,vm.nr_hugepages=2',
      'spawn,1,,,',
      'map,1,34091302912,1024,anon hugetlb',
      'set,,,,vm.nr_hugepages=3',
      'map,1,34108080128,512,anon hugetlb',
      'unmap,1,34091302912,1024,',
      'map,1,34124857344,512,anon-shared hugetlb ro populate',
      'set,,,,vm.nr_hugepages=5',
      'map,1,34141634560,1536,anon hugetlb',
      'discard,1:1,34141634560,512,MADV_DONTNEED',
    ]);
    expect(left).toEqual([]);
    expect(remarks).toEqual([[POOL, 3]]);
    expect((await replayed(events)).metrics.call_errors).toBe(0);
    const withoutPool = events.filter((line) => !line.startsWith('set'));
    expect((await replayed(withoutPool)).metrics.call_errors).toBe(4);
  });

  it('needs none of the pool with MAP_NORESERVE', async () => {
    const { events } = await imported(
      `1 mmap(NULL, 1099511627776, PROT_NONE, ${HUGE}|MAP_NORESERVE, -1, 0) = 0x7e0000000000`,
      { memory: 'all' },
    );
    expect(events).toEqual([
      'spawn,1,,,',
      'map,1,33822867456,268435456,anon hugetlb noreserve',
      'protect,1,33822867456,268435456,none',
    ]);
  });

  it('of System V with SHM_NORESERVE needs none either', async () => {
    const { events } = await imported(`
      1 shmget(IPC_PRIVATE, 4194304, IPC_CREAT|SHM_HUGETLB|SHM_NORESERVE|21<<SHM_HUGE_SHIFT|0600) = 8
      1 shmat(8, NULL, 0) = 0x7f3000000000`);
    expect(events).toEqual([
      'spawn,1,,,',
      'object,,,1024,hugetlb:sysv-8',
      'map,1,34141634560,1024,shared:sysv-8@0 noreserve',
    ]);
  });

  it('of segments counts once, as long as anything leads to them', async () => {
    const { events, left } = await imported(`
      1 memfd_create("heap", MFD_CLOEXEC|MFD_HUGETLB|MFD_HUGE_2MB) = 7
      1 ftruncate(7, 8388608) = 0
      1 mmap(NULL, 4194304, ${RW}, MAP_SHARED, 7, 0) = 0x7f0000000000
      1 mmap(NULL, 4194304, PROT_READ, MAP_SHARED, 7, 0) = 0x7f1000000000
      1 fallocate(7, 0, 4194304, 4194304) = 0
      1 mmap(NULL, 2097152, ${RW}, MAP_PRIVATE, 7, 0) = 0x7f2000000000
      1 fallocate(7, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 2097152) = 0
      1 munmap(0x7f0000000000, 4194304) = 0
      1 munmap(0x7f1000000000, 4194304) = 0
      1 munmap(0x7f2000000000, 2097152) = 0
      1 close(7) = 0
      1 shmget(IPC_PRIVATE, 8388609, IPC_CREAT|SHM_HUGETLB|0600) = 8
      1 shmat(8, NULL, 0) = 0x7f3000000000
      1 shmctl(8, IPC_RMID, NULL) = 0
      1 shmdt(0x7f3000000000) = 0`);
    expect(events).toEqual([
      'spawn,1,,,',
      'set,,,,vm.nr_hugepages=2',
      'object,,,2048,hugetlb:segment-1',
      'map,1,34091302912,1024,shared:segment-1@0',
      'map,1,34108080128,1024,shared:segment-1@0 ro',
      'set,,,,vm.nr_hugepages=4',
      'fallocate,1,1024,1024,alloc:segment-1',
      'set,,,,vm.nr_hugepages=5',
      'map,1,34124857344,512,private:segment-1@0',
      'discard,1:1,34091302912,512,FALLOC_FL_PUNCH_HOLE',
      'unmap,1,34091302912,1024,',
      'unmap,1,34108080128,1024,',
      'unmap,1,34124857344,512,',
      'close,,,,segment-1',
      'object,,,2560,hugetlb:sysv-8',
      'map,1,34141634560,2560,shared:sysv-8@0',
      'close,,,,sysv-8',
      'unmap,1,34141634560,2560,',
    ]);
    expect(left).toEqual([]);
    expect((await replayed(events)).metrics.call_errors).toBe(0);
  });

  it('of other sizes, and of files that are not followed, is left out', async () => {
    const { events, left } = await imported(
      `
      1 mmap(NULL, 1073741824, ${RW}, ${HUGE}|30<<MAP_HUGE_SHIFT, -1, 0) = 0x7f0000000000
      1 memfd_create("big", MFD_HUGETLB|MFD_HUGE_1GB) = 7
      1 mmap(NULL, 1073741824, ${RW}, MAP_SHARED, 7, 0) = 0x7f4000000000
      1 shmget(IPC_PRIVATE, 4194304, IPC_CREAT|SHM_HUGETLB|30<<SHM_HUGE_SHIFT|0600) = 8
      1 memfd_create("small", 0) = 9
      1 mmap(NULL, 2097152, ${RW}, MAP_SHARED|MAP_HUGETLB, 9, 0) = 0x7f9000000000
      1 close(9) = 0`,
      { memory: 'all' },
    );
    expect(events).toEqual([]);
    const why = 'in hugetlb pages of other sizes than 2 MiB, which the format does not have';
    expect(left).toEqual([
      [`mappings (MAP_HUGETLB) ${why}`, 1],
      [`segments (MFD_HUGETLB) ${why}`, 1],
      [`mappings (MFD_HUGETLB) ${why}`, 1],
      [`segments (SHM_HUGETLB) ${why}`, 1],
      ['mappings (MAP_HUGETLB) of files that are not followed', 1],
    ]);
  });

  it.each([
    ['MAP_PRIVATE', 'no'],
    ['MFD_CLOEXEC|MFD_HUGETLB', '2 MiB'],
    ['MAP_PRIVATE|MAP_HUGETLB|0x54000000', '2 MiB'],
    ['MAP_PRIVATE|MAP_HUGETLB|0x78000000', 'other'],
    ['IPC_CREAT|SHM_HUGETLB|SHM_HUGE_2MB|0600', '2 MiB'],
    ['MAP_HUGETLB|MAP_HUGE_16GB', 'other'],
    ['MAP_HUGETLB|16<<MAP_HUGE_SHIFT', 'other'],
  ])('of %s: %s', (flags, size) => {
    expect(hugetlbOf(flags)).toBe(size);
  });
});
