import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../testing/readers.js';
import { Maps } from '../calls/maps.js';
import { parseMarks } from '../marks.js';
import { strace } from './import.js';

/** The events of a log, as text; lines get a time of one µs each unless they have one. */
async function imported(lines: readonly string[], given = {}, marks = ''): Promise<string[]> {
  const text = lines.map((line, i) => line.replace(/^(\d+) /, `$1  100.${String(i).padStart(6, '0')} `));
  return eventsOf(strace, `${text.join('\n')}\n`, { given, sides: { marks } });
}

/** Events without their times. */
const untimed = (events: readonly string[]) => events.map((event) => event.replace(/^\d+,/, ''));

describe('a call on more memory than there is', () => {
  it('ends the import with its line: it is of a log that was damaged', async () => {
    const call =
      '7 mmap(NULL, 99999999999999999999, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000 <0.000010>';
    await expect(imported([call], { memory: 'all' })).rejects.toThrow(
      /^x:1: 100000000000000000000 bytes are more than an address space has, expected fewer$/,
    );
  });

  it('does so while it is found out which threads belong together, too', async () => {
    const map = (thread: number, bytes: string) =>
      `${thread} mmap(NULL, ${bytes}, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x${thread}000 <0.000010>`;
    await expect(
      imported([map(7, '4096'), map(8, '18446744073709551615'), map(7, '4096')], { memory: 'all' }),
    ).rejects.toThrow(/^x:2: 18446744073709552000 bytes are more/);
    const unmap = '8 munmap(0x8000, 18446744073709551615) = 0 <0.000010>';
    await expect(imported([map(7, '4096'), map(8, '4096'), unmap], { memory: 'all' })).rejects.toThrow(
      /^x:3: 18446744073709552000 bytes are more/,
    );
  });
});

const MEMFD = (pid: number, fd: number, bytes: number, address: string) => [
  `${pid} memfd_create("shm", MFD_CLOEXEC) = ${fd} <0.000010>`,
  `${pid} ftruncate(${fd}, ${bytes}) = 0 <0.000010>`,
  `${pid} mmap(NULL, ${bytes}, PROT_READ|PROT_WRITE, MAP_SHARED, ${fd}, 0) = ${address} <0.000010>`,
];

describe('mappings', () => {
  it('cuts what a removal overlaps', () => {
    const maps = new Maps();
    maps.add({ start: 10, end: 20, backing: { kind: 'anon' }, offset: 0 });
    expect(maps.remove(12, 14)).toEqual([{ start: 12, end: 14, backing: { kind: 'anon' }, offset: 2 }]);
    expect(maps.within(0, 100).map(({ start, end, offset }) => [start, end, offset])).toEqual([
      [10, 12, 0],
      [14, 20, 4],
    ]);
  });

  it('has nothing in an empty range', () => {
    const maps = new Maps();
    maps.add({ start: 10, end: 20, backing: { kind: 'anon' }, offset: 0 });
    expect(maps.within(15, 15)).toEqual([]);
    expect(maps.remove(18, 12)).toEqual([]);
    expect(maps.all).toHaveLength(1);
  });

  it('replaces what an addition overlaps', () => {
    const maps = new Maps();
    maps.add({ start: 10, end: 20, backing: { kind: 'anon' }, offset: 0 });
    maps.add({ start: 15, end: 16, backing: { kind: 'anon' }, offset: 7 });
    expect(maps.within(0, 100).map(({ start, end, offset }) => [start, end, offset])).toEqual([
      [10, 15, 0],
      [15, 16, 7],
      [16, 20, 6],
    ]);
  });
});

describe('importing a log', () => {
  it('follows a segment through two processes; the descriptor of the second is inferred', async () => {
    const events = await imported([
      ...MEMFD(1, 5, 8192, '0x10000'),
      '2 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 9, 0) = 0x40000 <0.000010>',
      '1 madvise(0x11000, 4096, MADV_REMOVE) = 0 <0.000100>',
      '1 munmap(0x10000, 8192) = 0 <0.000010>',
      '2 +++ exited with 0 +++',
    ]);
    expect(events).toEqual([
      '2,spawn,1,,,',
      '2,object,,,2,shmem:segment-1',
      '2,map,1,16,2,shared:segment-1@0',
      '3,spawn,2,,,',
      '3,map,2,64,2,shared:segment-1@0',
      '3,close,,,,segment-1',
      '4,discard,1:1,17,1,MADV_REMOVE',
      '5,unmap,1,16,2,',
      '6,exit,2,,,',
    ]);
  });

  it('pairs mappings of equal size in the order they were made', async () => {
    const events = await imported([
      ...MEMFD(1, 5, 4096, '0x10000'),
      ...MEMFD(1, 6, 4096, '0x20000'),
      ...MEMFD(1, 7, 8192, '0x30000'),
      '2 mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0) = 0x40000',
      '2 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 4, 0) = 0x50000',
      '3 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 4, 0) = 0x60000',
    ]);
    expect(untimed(events).filter((event) => /^map,[23]/.test(event))).toEqual([
      'map,2,64,2,shared:segment-3@0 ro',
      'map,2,80,1,shared:segment-1@0 ro',
      'map,3,96,1,shared:segment-2@0 ro',
    ]);
  });

  it('knows that a descriptor number may be used again', async () => {
    const events = await imported([
      ...MEMFD(1, 5, 4096, '0x10000'),
      ...MEMFD(1, 5, 4096, '0x20000'),
      '1 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5, 0) = 0x30000',
      '1 mmap(NULL, 999, PROT_READ, MAP_SHARED, 5, 0) = 0x40000',
    ]);
    const maps = untimed(events).filter((event) => event.startsWith('map'));
    expect(maps).toEqual([
      'map,1,16,1,shared:segment-1@0',
      'map,1,32,1,shared:segment-2@0',
      'map,1,48,1,shared:segment-1@0 ro',
    ]);
  });

  it('lets the second mapper write a segment once, and its creator the header page', async () => {
    const events = await imported(
      [
        ...MEMFD(1, 5, 8192, '0x10000'),
        '2 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 9, 0) = 0x40000',
        ...MEMFD(1, 6, 12288, '0x80000'),
        '3 mmap(NULL, 12288, PROT_READ, MAP_SHARED, 9, 0) = 0x90000',
      ],
      { touches: 'second-mapper' },
    );
    expect(untimed(events).filter((event) => event.startsWith('write'))).toEqual([
      'write,1,16,1,',
      'write,2,64,2,',
      'write,1,128,3,', // no other process can: its mapping is read-only
    ]);
  });

  it('unmaps parts, moves and grows, and lets MAP_FIXED replace', async () => {
    const events = await imported([
      ...MEMFD(1, 5, 32768, '0x10000'),
      '1 munmap(0x12000, 8192) = 0',
      '1 munmap(0x90000, 4096) = 0',
      '1 mmap(0x16000, 4096, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x16000',
      '1 mremap(0x10000, 8192, 16384, MREMAP_MAYMOVE) = 0x50000',
      '1 mremap(0x50000, 16384, 4096, 0) = 0x50000',
    ]);
    expect(untimed(events).slice(4)).toEqual([
      'unmap,1,18,2,',
      'unmap,1,22,1,',
      'remap,1,16,2,to=80',
      'remap,1,80,2,grow=2',
      'unmap,1,81,3,',
    ]);
  });

  it('resolves threads to processes, also when they run before their clone returns', async () => {
    const events = await imported([
      '1 clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7f}, 88 <unfinished ...>',
      ...MEMFD(2, 5, 4096, '0x10000'),
      '1 <... clone3 resumed> => {parent_tid=[2]}, 88) = 2 <0.000010>',
      '2 +++ exited with 0 +++',
      '1 +++ exited with 0 +++',
    ]);
    expect(untimed(events)).toEqual([
      'spawn,1,,,',
      'object,,,1,shmem:segment-1',
      'map,1,16,1,shared:segment-1@0',
      'close,,,,segment-1',
      'exit,1,,,',
    ]);
  });

  it('copies mappings at fork, drops them at exec, and leaves them alone in vfork', async () => {
    const events = await imported([
      ...MEMFD(1, 5, 4096, '0x10000'),
      '1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2 <0.000010>',
      '2 munmap(0x10000, 4096) = 0',
      '1 vfork( <unfinished ...>',
      '3 execve("/bin/true", ["true"], 0x7ffc /* 3 vars */ <unfinished ...>',
      '1 <... vfork resumed>) = 3 <0.000010>',
      '3 <... execve resumed>) = 0 <0.000010>',
      '3 +++ exited with 0 +++',
      '2 execve("/usr/bin/app", ["app"], 0x7ffc) = 0',
      ...MEMFD(2, 5, 8192, '0x10000'),
    ]);
    expect(untimed(events).slice(3)).toEqual([
      'close,,,,segment-1',
      'fork,1,,,2',
      'unmap,2,16,1,',
      'exit,2,,,',
      'spawn,2,,,app',
      'object,,,2,shmem:segment-2',
      'map,2,16,2,shared:segment-2@0',
      'close,,,,segment-2',
    ]);
  });

  it('follows anonymous memory, with other advice verbatim; where there is shared memory, on request', async () => {
    const log = [
      '1 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000',
      '1 madvise(0x10000, 4096, MADV_DONTNEED) = 0',
      '1 madvise(0x10000, 4096, MADV_DODUMP) = 0',
      '1 madvise(0x90000, 4096, MADV_DONTNEED) = 0',
      '1 madvise(0x10000, 4096, MADV_FREE) = -1 EINVAL (Invalid argument)',
    ];
    const events = [
      'spawn,1,,,',
      'map,1,16,2,anon',
      'discard,1:1,16,1,MADV_DONTNEED',
      'madvise,1:1,16,1,MADV_DODUMP',
    ];
    expect(untimed(await imported(log))).toEqual(events);
    expect(await imported(log, { memory: 'shared' })).toEqual([]);
    const mixed = [...log, ...MEMFD(1, 5, 8192, '0x10000')];
    expect(untimed(await imported(mixed)).filter((event) => /anon|discard/.test(event))).toEqual([]);
    expect(untimed(await imported(mixed, { memory: 'all' })).slice(0, 4)).toEqual(events);
  });

  it('merges marks by time; pressure is told to programs too', async () => {
    const marks = '99.999995 before the log\n100.000002 pressure critical\n100.000050 end, really\n';
    const events = await imported(MEMFD(1, 5, 4096, '0x10000'), {}, marks);
    expect(events.filter((event) => /mark|pressure/.test(event))).toEqual([
      '2,pressure,,,,critical',
      '2,mark,,,,pressure critical',
      '50,mark,,,,"end, really"',
    ]);
  });

  it('refuses a log without calls', async () => {
    await expect(imported([''])).rejects.toThrow(/no system calls in this log/);
  });
});

describe('marks files', () => {
  it('reads ISO times and epoch seconds', () => {
    expect(parseMarks('2026-11-21T03:56:13.404Z open p0\n1795233372.5 set 1\n\n', 'm')).toEqual([
      { timeUs: 1_795_233_372_500_000, label: 'set 1', place: { file: 'm', line: 2 } },
      { timeUs: 1_795_233_373_404_000, label: 'open p0', place: { file: 'm', line: 1 } },
    ]);
  });

  it('says which line is no mark', () => {
    expect(() => parseMarks('1.5 a\nrss 276760\n', 'm')).toThrow(/^m:2: "rss 276760" is not a mark/);
  });
});
