import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../testing/folder.js';
import { pageWords, RECORDS } from '../../../../testing/page-words.js';
import { importedRecording, rawFolder } from '../../../../testing/recordings.js';

const folder = temporaryFolder('pages-');
const { header, touch, time, thread, call, enter, map, object, io, end } = RECORDS;
const RW = 3;
const [ANON, SHARED] = [0x22, 1];
const mmap = (address: number, pages: number, flags = ANON, fd = -1) =>
  call(9, address, 0, pages * 4096, RW, flags, fd, 0);

type Records = readonly (readonly (number | bigint | string)[])[];

/** What files become. @param counted records but those of accesses, and pages accessed */
function imported(files: Readonly<Record<string, Records>>, counted: number, cut = 0) {
  const bytes = Object.entries(files).map(([name, records]) => {
    const words = pageWords(records.flat());
    return [name, words.subarray(0, words.length - cut)] as const;
  });
  const details = { every_us: 0, sample: 1 };
  const manifest = { engine: 'valgrind', accesses: 'pages', slowdown: 12, details } as const;
  return importedRecording(rawFolder(folder(), Object.fromEntries(bytes), manifest), counted);
}

it('a recording of the page tool has all accesses and calls, in their order', async () => {
  const { timed, left, meta } = await imported(
    {
      '7.0.pages': [
        header(7),
        map(0x400, 5 | 8, 4, 0, 77, '/opt/app'),
        map(0x500, 7, 1),
        map(0x7fff0, RW | 64, 16, 32 * 4096),
        time(5),
        thread(7),
        touch('write', 0x7fff8),
        touch('fetch', 0x400),
        time(10),
        call(12, 0x500000),
        call(12, 0x502000, 0x502000),
        time(20),
        mmap(0x100000, 8),
        touch('write', 0x100, 3),
        touch('read', 0x101),
        touch('write', 0x501),
        call(28, 0, 0x100000, 4096, 4),
        call(28, -22, 0x100000, 4096, 99),
        touch('read', 0x100),
        end(),
      ],
    },
    // 3 maps, 3 times, a thread, 5 calls, an end; 8 pages.
    13 + 8,
  );
  expect(timed).toEqual([
    '5,spawn,7,,,app',
    '5,map,7,524256,32,anon',
    '5,write,7:7,524280,1,',
    '10,map,7,1280,2,anon',
    '20,map,7,256,8,anon',
    '20,write,7:7,256,3,',
    '20,read,7:7,257,1,',
    '20,write,7:7,1281,1,',
    '20,discard,7:7,256,1,MADV_DONTNEED',
    '20,read,7:7,256,1,',
    '20,exit,7,,,',
  ]);
  expect(left).toEqual({
    'mappings of files that programs begin with': 1,
    'calls of madvise that failed': 1,
    'accesses outside the memory that is followed': 1,
    'calls of brk that change no page': 1,
  });
  expect(meta).toMatchObject({ touches: 'recorded', recorder: 'valgrind on Linux 6.1' });
  expect(meta.clock).toContain('of the program under valgrind, 12 times slower');
});

it('a child begins where its parent forked it, and goes on in a file of its own after exec', async () => {
  const parent = [header(7), thread(7), mmap(0x100000, 2), touch('write', 0x100), enter(56)];
  const words = BigInt(pageWords(parent.flat()).length / 8);
  const { events } = await imported(
    {
      '7.0.pages': [...parent, time(100), call(56, 9, 0x1200011), touch('write', 0x101), time(900), end()],
      '9.0.pages': [
        header(9, 1, 7, words, 50),
        thread(9),
        call(56, 0, 0x1200011),
        touch('write', 0x100),
        time(60),
        touch('read', 0x101),
        enter(59),
      ],
      '9.1.pages': [
        header(9, 2, 7, 0n, 200, '/bin/true'),
        map(0x600, RW, 1),
        thread(9),
        touch('write', 0x600),
        end(),
      ],
    },
    // 15 records that are not accesses, and 4 pages.
    15 + 4,
  );
  expect(events).toEqual([
    'spawn,7,,,app',
    'map,7,256,2,anon',
    'write,7:7,256,1,',
    'fork,7,,,9',
    'write,9:9,256,1,',
    'read,9:9,257,1,',
    'exit,9,,,',
    'write,7:7,257,1,',
    'spawn,9,,,true',
    'map,9,1536,1,anon',
    'write,9:9,1536,1,',
    'exit,9,,,',
    'exit,7,,,',
  ]);
});

it('threads are of their process; segments and file accesses are known by device and inode', async () => {
  const { events } = await imported(
    {
      '7.0.pages': [
        header(7),
        thread(7),
        object(4, 900, 8192, '/memfd:seg (deleted)'),
        call(319, 4, 0x55, 0),
        call(77, 0, 4, 8192),
        mmap(0x100000, 2, SHARED, 4),
        thread(8),
        touch('read', 0x101),
        io(4, true, 900, 4096, 4096),
        io(5, false, 77, 0, 4096),
        // Another descriptor of the same segment, which came in a way that is not recorded.
        object(6, 900, 8192, '/memfd:seg (deleted)'),
        mmap(0x200000, 1, SHARED, 6),
      ],
    },
    10 + 1,
    4,
  );
  expect(events).toEqual([
    'spawn,7,,,app',
    'object,,,2,shmem:segment-1',
    'map,7,256,2,shared:segment-1@0',
    'read,7:8,257,1,',
    'pwrite,7,1,1,segment-1',
    'exit,7,,,',
    'close,,,,segment-1',
  ]);
});

it('refuses files of other programs and versions, with what is wrong', async () => {
  const wrong = (records: Records) => imported({ '7.0.pages': records }, 0);
  await expect(wrong([[1, ...header(7).slice(1)]])).rejects.toThrow(
    /7\.0\.pages: this is not a file of the page tool/,
  );
  await expect(wrong([[header(7)[0]!, 9, ...header(7).slice(2)]])).rejects.toThrow(
    /of version 9, expected 1/,
  );
  await expect(wrong([header(7), [15]])).rejects.toThrow(/a record of kind 15 at byte \d+, expected records/);
  await expect(wrong([header(7)])).rejects.toThrow(/nothing is left for a trace/);
});
