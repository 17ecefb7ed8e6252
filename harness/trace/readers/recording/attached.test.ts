import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../testing/folder.js';
import { importedTracefs } from '../../../testing/recordings.js';

const folder = temporaryFolder('attached-');

const MAPS = `00400000-00405000 r-xp 00000000 fe:00 77 /opt/app
00500000-00510000 rw-p 00000000 00:00 0 [heap]
00600000-00604000 rw-p 00000000 00:00 0
00700000-00702000 rw-s 00000000 00:01 501 /memfd:seg (deleted)
00800000-00802000 rw-s 00001000 00:01 22 /SYSV00000000 (deleted)
`;

const ATTACHED = {
  program: { pid: 7, file: '/opt/app', cwd: '/' },
  attached: [
    { pid: 7, parent: 1, name: 'app', threads: [7, 8], maps_before: MAPS, maps_after: MAPS },
    { pid: 9, parent: 7, name: 'child', threads: [9], maps_before: MAPS },
  ],
};

it('a process that ran before begins with the memory that it had, and its threads are its own', async () => {
  const { events, meta } = await importedTracefs(
    folder(),
    [
      '8 page_fault_user: address=0x601123 ip=0x1 error_code=0x6',
      '9 page_fault_user: address=0x601123 ip=0x1 error_code=0x4',
      '7 sys_brk(brk: 0x512000) -> 0x512000',
      '7 page_fault_user: address=0x511123 ip=0x1 error_code=0x6',
      '7 sys_munmap(addr: 0x600000, len: 0x1000) -> 0x0',
      '7 sys_shmat(shmid: 0x16, shmaddr: 0, shmflg: 0) -> 0x900000',
    ].join('\n'),
    { manifest: ATTACHED },
  );
  expect(events).toEqual([
    'spawn,7,,,app',
    'map,7,1280,16,anon',
    'map,7,1536,4,anon',
    'object,,,2,shmem:segment-1',
    'map,7,1792,2,shared:segment-1@0',
    'object,,,3,shmem:sysv-22',
    'map,7,2048,2,shared:sysv-22@1',
    'spawn,9,,,child',
    'map,9,1280,16,anon',
    'map,9,1536,4,anon',
    'map,9,1792,2,shared:segment-1@0',
    'close,,,,segment-1',
    'map,9,2048,2,shared:sysv-22@1',
    'write,7:8,1537,1,',
    'read,9:9,1537,1,',
    'map,7,1296,2,anon',
    'write,7:7,1297,1,',
    'unmap,7,1536,1,',
  ]);
  expect(meta.note).toContain('it begins in the middle of 2 processes');
});
