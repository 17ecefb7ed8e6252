import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../testing/folder.js';
import { importedRecording, rawFolder } from '../../../testing/recordings.js';

const folder = temporaryFolder('strace-');

/** Calls have the clock of the day, faults the monotonic one, which the manifest says was 50 s at 1 700 000 000 s. */
const CALLS = `7 1700000000.000100 execve("/bin/sh", ["/bin/sh"], 0x7ffd /* 9 vars */) = 0 <0.000200>
7 1700000000.000200 brk(NULL) = 0x900000 <0.000010>
7 1700000000.000300 execve("/opt/app", ["./app"], 0x7ffd /* 9 vars */) = 0 <0.000200>
7 1700000000.000400 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x100000 <0.000010>
7 1700000000.000600 madvise(0x100000, 4096, MADV_DONTNEED) = 0 <0.000010>
7 1700000000.000700 +++ exited with 0 +++
`;
const FAULTS = `app     7/7       50.000350: page-faults:u:           200000
app     7/7       50.000450: page-faults:u:           100123
app     7/7       50.000650: page-faults:u:           100123
`;

it('a log of strace and the faults of perf are joined by the clocks that the manifest has', async () => {
  const manifest = { engine: 'strace', accesses: 'faults' } as const;
  const path = rawFolder(folder(), { 'calls.strace': CALLS, 'faults.txt': FAULTS }, manifest);
  const { timed, left, remarks, meta } = await importedRecording(path, 9);
  expect(timed).toEqual([
    '100,spawn,7,,,app',
    '100,map,7,256,4,anon',
    '150,write,7:7,256,1,',
    '300,discard,7:7,256,1,MADV_DONTNEED',
    '350,write,7:7,256,1,',
    '400,exit,7,,,',
  ]);
  expect(left).toMatchObject({
    'calls from before the program began': 2,
    'faults outside the memory that is followed': 1,
  });
  expect(remarks).toMatchObject({
    'faults that do not say whether they read or wrote, taken for writes where memory may be written': 2,
  });
  expect(meta).toMatchObject({ touches: 'first-access', recorder: 'strace on Linux 6.1' });
});

it('without faults there are no accesses, which is said', async () => {
  const manifest = { engine: 'strace', accesses: 'none' } as const;
  const { events, meta } = await importedRecording(
    rawFolder(folder(), { 'calls.strace': CALLS }, manifest),
    6,
  );
  expect(events).toEqual([
    'spawn,7,,,app',
    'map,7,256,4,anon',
    'discard,7:7,256,1,MADV_DONTNEED',
    'exit,7,,,',
  ]);
  expect(meta.touches).toBeUndefined();
  expect(meta.note).toBe('accesses are not in it');
});

const FORKING = `7 1700000000.000100 execve("/bin/sh", ["/bin/sh"], 0x7ffd /* 9 vars */) = 0 <0.000200>
7 1700000000.000300 execve("/opt/app", ["./app"], 0x7ffd /* 9 vars */) = 0 <0.000200>
7 1700000000.000600 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x100000 <0.000010>
7 1700000000.001000 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>
9 1700000000.001010 +++ exited with 0 +++
7 1700000000.001400 <... clone resumed>, child_tidptr=0x7f02) = 8 <0.000400>
8 1700000000.002000 exit_group(0) = ?
8 1700000000.002100 +++ exited with 0 +++
7 1700000000.003000 exit_group(0) = ?
7 1700000000.003100 +++ exited with 0 +++
`;
const CHILD_FAULTS = `app     7/7       50.000650: page-faults:u:           100123
app     8/8       50.001100: page-faults:u:           100123
app     8/8       50.001500: page-faults:u:           102000
`;

it('a child that runs before the call that forks it has returned has its faults', async () => {
  const manifest = { engine: 'strace', accesses: 'faults' } as const;
  const path = rawFolder(folder(), { 'calls.strace': FORKING, 'faults.txt': CHILD_FAULTS }, manifest);
  const { events, left } = await importedRecording(path, 13);
  expect(left).not.toHaveProperty('faults of threads that are not in the recording');
  expect(events.filter((event) => event.startsWith('write') || event.startsWith('fork'))).toEqual([
    'write,7:7,256,1,',
    'fork,7,,,8',
    'write,8:8,256,1,',
    'write,8:8,258,1,',
  ]);
});
