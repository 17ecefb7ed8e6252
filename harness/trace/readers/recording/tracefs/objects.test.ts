import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../testing/folder.js';
import { importedTracefs } from '../../../../testing/recordings.js';

const folder = temporaryFolder('objects-');

/** A line of `objects.txt` at some µs after the recording began. */
const seen = (us: number, ...fields: readonly (string | number)[]) => {
  const [kind, ...rest] = fields;
  const ns = 50_000_000_000 + us * 1000;
  return [kind, ns, ns + 900, ...rest].join('\t');
};
const fd = (us: number, thread: number, number: number, inode: number, path: string, bytes = 8192) =>
  seen(us, 'fd', thread, number, '00:19', inode, bytes, path);
const map = (us: number, thread: number, range: string, access: string, inode: number, path = '') =>
  seen(us, 'map', thread, range, access, '00000000', inode === 0 ? '00:00' : '00:19', inode, path);

const imported = (events: readonly string[], objects: readonly string[]) =>
  importedTracefs(folder(), events.join('\n'), { objects: objects.map((line) => `${line}\n`).join('') });

const open = (thread: number, number: number) =>
  `${thread} sys_openat(dfd: 0xffffff9c, filename: 0x55, flags: 0x42, mode: 0x180) -> 0x${number}`;
const share = (thread: number, number: number, page: string) =>
  `${thread} sys_mmap(addr: 0, len: 0x2000, prot: 3, flags: 1, fd: ${number}, off: 0) -> 0x${page}000`;
const FORK = '7 task_newtask: pid=9 comm=app clone_flags=1200000 oom_score_adj=0';

it('knows files in /dev/shm by what their descriptors were seen to be, while they were open', async () => {
  const { events, left } = await imported(
    [
      open(7, 3), // at 20
      share(7, 3, '100'), // at 30
      '7 sys_close(fd: 3) -> 0x0', // at 40
      open(7, 3), // at 50
      share(7, 3, '200'), // at 60
      '7 sys_close(fd: 3) -> 0x0', // at 70
      open(7, 3), // at 80, and not seen
      share(7, 3, '300'),
    ],
    [
      fd(32, 7, 3, 501, '/dev/shm/a (deleted)'),
      fd(52, 7, 3, 502, '/home/a'),
      // Of the moment at which it was closed: of the one before, or after.
      fd(69, 7, 3, 503, '/dev/shm/wrong'),
      'nonsense',
    ],
  );
  expect(events).toEqual(['spawn,7,,,app', 'object,,,2,shmem:a', 'map,7,256,2,shared:a@0']);
  expect(left).toEqual({
    'empty lines and comments': 1,
    'lines that are not observations': 1,
    'calls that do not concern memory': 6,
    'shared mappings of files or of segments not in the log': 4,
  });
});

it('knows segments by their inode that came to a process in a way that is not recorded', async () => {
  const { events } = await imported(
    [
      '7 sys_memfd_create(uname: 0x55, flags: 1) -> 0x3', // at 20
      '7 sys_ftruncate(fd: 3, length: 0x2000) -> 0x0',
      FORK,
      '7 sys_memfd_create(uname: 0x55, flags: 1) -> 0x4', // at 50
      '7 sys_ftruncate(fd: 4, length: 0x2000) -> 0x0',
      share(7, 4, '100'), // at 70
      share(9, 6, '200'), // at 80, of a socket
      share(9, 5, '300'), // at 90
    ],
    [
      fd(60, 7, 4, 900, '/memfd:b (deleted)'),
      fd(21, 7, 3, 899, '/memfd:a (deleted)'),
      fd(85, 9, 6, 900, '/memfd:b (deleted)'),
      map(95, 9, '00300000-00302000', 'rw-s', 899, '/memfd:a (deleted)'),
    ].toSorted(),
  );
  expect(events).toEqual([
    'spawn,7,,,app',
    'object,,,2,shmem:segment-2',
    'map,7,256,2,shared:segment-2@0',
    'spawn,9,,,app',
    'map,9,512,2,shared:segment-2@0',
    'object,,,2,shmem:segment-1',
    'map,9,768,2,shared:segment-1@0',
  ]);
});

it('has what the kernel maps when a program begins: its stack, and memory that no call has mapped', async () => {
  const { events } = await imported(
    [
      '7 sys_mmap(addr: 0, len: 0x1000, prot: 3, flags: 0x22, fd: 0xffffffff, off: 0) -> 0x700000',
      '7 sys_shmat(shmid: 0x16, shmaddr: 0, shmflg: 0) -> 0xa00000',
      // It was under way when the mappings were looked at.
      '@60 7 sys_mmap(addr: 0, len: 0x1000, prot: 3, flags: 0x8022, fd: 0xffffffff, off: 0) -> 0x900000',
      '7 page_fault_user: address=0x7fff0123 ip=0x1 error_code=0x6',
      '7 page_fault_user: address=0x405123 ip=0x1 error_code=0x6',
    ],
    [
      map(45, 7, '00400000-00405000', 'r-xp', 77, '/opt/app'),
      map(45, 7, '00405000-00407000', 'rw-p', 0),
      map(45, 7, '00700000-00701000', 'rw-p', 0),
      map(45, 7, '00a00000-00a01000', 'rw-s', 22, '/SYSV00000000 (deleted)'),
      map(45, 7, '00900000-00901000', 'rw-p', 0),
      map(45, 7, '00800000-00821000', 'rw-p', 0, '[heap]'),
      map(45, 7, '7ffe0000-80000000', 'rw-p', 0, '[stack]'),
      map(45, 7, '90000000-90001000', 'r--p', 0, '[vvar]'),
    ],
  );
  expect(events).toEqual([
    'spawn,7,,,app',
    'map,7,1029,2,anon',
    'map,7,522240,2048,anon',
    'map,7,1792,1,anon',
    'map,7,2304,1,anon populate',
    'write,7:7,524272,1,',
    'write,7:7,1029,1,',
  ]);
});
