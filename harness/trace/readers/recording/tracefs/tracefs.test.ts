import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../testing/folder.js';
import {
  BEGINS,
  importedRecording,
  importedTracefs,
  rawFolder,
  traceText,
} from '../../../../testing/recordings.js';

const folder = temporaryFolder('tracefs-');

const write = (thread: number, page: string, code = '6') =>
  `${thread} page_fault_user: address=0x${page}123 ip=0x1 error_code=0x${code}`;
const read = (thread: number, page: string) => write(thread, page, '4');
const map = (thread: number, page: string, pages: number, flags = '0x22') =>
  `${thread} sys_mmap(addr: 0, len: 0x${(pages * 4096).toString(16)}, prot: 3, flags: ${flags}, fd: 0xffffffff, off: 0) -> 0x${page}000`;
/** What a thread is made with, and a process. */
const THREAD = '3d0f00';
const FORK = '1200000';
const newtask = (parent: number, child: number, flags: string) =>
  `${parent} task_newtask: pid=${child} comm=app clone_flags=${flags} oom_score_adj=0`;
const end = (thread: number) =>
  `${thread} sched_process_exit: comm=app pid=${thread} prio=120 group_dead=true`;

const imported = (lines: readonly string[], options = {}) =>
  importedTracefs(folder(), lines.join('\n'), options);

describe('a recording of tracefs', () => {
  it('has calls and the accesses that faulted, with their direction', async () => {
    const { timed, meta, left } = await imported([
      map(7, '100', 4),
      write(7, '100'),
      read(7, '101'),
      write(7, '200'),
    ]);
    expect(timed).toEqual([
      '10,spawn,7,,,app',
      '10,map,7,256,4,anon',
      '20,write,7:7,256,1,',
      '30,read,7:7,257,1,',
    ]);
    expect(left).toEqual({ 'empty lines and comments': 1, 'faults outside the memory that is followed': 1 });
    expect(meta).toMatchObject({
      clock: 'microseconds since the first call, at 2023-11-14T22:13:20.000Z',
      provenance: 'recorded',
      touches: 'first-access',
      recorder: 'tracefs on Linux 6.1',
      command: './app --fast',
      note: 'accesses are those that faulted: repeated ones are not in it',
    });
  });

  it('leaves out what the shell did that waited, and faults while a program begins', async () => {
    const text = traceText(
      [
        map(7, '200', 1),
        write(7, '200'),
        '7 sys_execve(filename: 0x55, argv: 0x56, envp: 0x57)',
        write(7, '201'),
        BEGINS,
        '7 sys_execve -> 0x0',
        map(7, '300', 1),
        '7 sys_execve(filename: 0x55, argv: 0x56, envp: 0x57)',
        write(7, '300'),
        '7 sys_execve -> 0xfffffffffffffffe',
        write(7, '300'),
      ].join('\n'),
    );
    const { events, left } = await importedRecording(rawFolder(folder(), { 'trace.txt': text }), 14);
    expect(events).toEqual(['spawn,7,,,app', 'map,7,768,1,anon', 'write,7:7,768,1,']);
    expect(left).toEqual({
      'empty lines and comments': 1,
      'events from before the program began': 3,
      'calls of execve that failed': 2,
      'faults from before the program began': 2,
      'faults of the kernel while a program begins': 1,
    });
  });

  it('follows the heap, and what replaces, moves, cuts and drops memory', async () => {
    const { events, meta } = await imported([
      '7 sys_brk(brk: 0) -> 0x500000',
      '7 sys_brk(brk: 0x503000) -> 0x503000',
      write(7, '501'),
      '7 sys_brk(brk: 0x502000) -> 0x502000',
      map(7, '100', 8),
      // MAP_FIXED over the middle of it.
      map(7, '102', 2, '0x32'),
      write(7, '103'),
      '7 sys_munmap(addr: 0x101000, len: 0x1000) -> 0x0',
      write(7, '101'),
      '7 sys_mremap(addr: 0x104000, old_len: 0x2000, new_len: 0x3000, flags: 1, new_addr: 0) -> 0x300000',
      '7 sys_madvise(start: 0x300000, len_in: 0x1000, behavior: 4) -> 0x0',
      '7 sys_madvise(start: 0x301000, len_in: 0x1000, behavior: 8) -> 0x0',
    ]);
    expect(events).toEqual([
      'spawn,7,,,app',
      'map,7,1280,3,anon',
      'write,7:7,1281,1,',
      'unmap,7,1282,1,',
      'map,7,256,8,anon',
      'map,7,258,2,anon',
      'write,7:7,259,1,',
      'unmap,7,257,1,',
      'remap,7,260,2,to=768',
      'remap,7,768,2,grow=1',
      'discard,7:7,768,1,MADV_DONTNEED',
      'discard,7:7,769,1,MADV_FREE',
    ]);
    expect(meta.drops).toBe('MADV_DONTNEED 1, MADV_FREE 1');
  });

  it('leaves out process_madvise: the tracepoint has the address of its ranges', async () => {
    const call = '7 sys_process_madvise(pidfd: 3, vec: 0x7ffe1000, vlen: 1, behavior: 4, flags: 0) -> 0x1000';
    const { events, left } = await imported([map(7, '100', 4), call]);
    expect(events).toEqual(['spawn,7,,,app', 'map,7,256,4,anon']);
    expect(left['calls of process_madvise with ranges that the log does not show']).toBe(2);
  });

  it('keeps the calls that drop with drops=verbatim, and refuses readers of files', async () => {
    const lines = [map(7, '100', 4), '7 sys_madvise(start: 0x100000, len_in: 0x1000, behavior: 4) -> 0x0'];
    const { events } = await imported(lines, { reader: 'recording:drops=verbatim' });
    expect(events.at(-1)).toBe('madvise,7:7,256,1,MADV_DONTNEED');
    await expect(imported(lines, { reader: 'strace' })).rejects.toThrow(
      'this folder is a recording, and reader strace reads files; expected --reader recording',
    );
    await expect(imported(lines, { reader: 'recording:drops=none' })).rejects.toThrow('drops');
  });

  it('has threads in the space of their process, and forks with a copy', async () => {
    const { events, meta } = await imported([
      map(7, '100', 4),
      write(7, '100'),
      newtask(7, 8, THREAD),
      write(8, '101'),
      newtask(7, 9, FORK),
      write(9, '100'),
      write(9, '102'),
      '9 sys_munmap(addr: 0x103000, len: 0x1000) -> 0x0',
      write(9, '103'),
      write(7, '103'),
      end(9),
      end(8),
      write(7, '102'),
    ]);
    expect(events).toEqual([
      'spawn,7,,,app',
      'map,7,256,4,anon',
      'write,7:7,256,1,',
      'write,7:8,257,1,',
      'fork,7,,,9',
      'write,9:9,256,1,',
      'write,9:9,258,1,',
      'unmap,9,259,1,',
      'write,7:7,259,1,',
      'exit,9,,,',
      'write,7:7,258,1,',
    ]);
    expect(meta.note).toContain('inherited are possible without a fault (1 forks)');
  });

  it("has a child of vfork use its parent's memory until it begins a program", async () => {
    const { events } = await imported([
      map(7, '100', 4),
      newtask(7, 9, '4100'),
      write(9, '101'),
      '9 sched_process_exec: filename=/bin/a b pid=9 old_pid=9',
      map(9, '100', 1),
      write(9, '100'),
      write(9, '101'),
      end(9),
      write(7, '102'),
    ]);
    expect(events).toEqual([
      'spawn,7,,,app',
      'map,7,256,4,anon',
      'write,7:9,257,1,',
      'spawn,9,,,a b',
      'map,9,256,1,anon',
      'write,9:9,256,1,',
      'exit,9,,,',
      'write,7:7,258,1,',
    ]);
  });

  it('has a thread that begins a program take over its process', async () => {
    const { events } = await imported([
      map(7, '100', 4),
      newtask(7, 8, THREAD),
      newtask(7, 9, THREAD),
      '8 sys_execve(filename: 0x55, argv: 0x56, envp: 0x57)',
      // The kernel ends the others, the process's first thread included.
      end(7),
      end(9),
      '7 sched_process_exec: filename=/bin/b pid=7 old_pid=8',
      '7 sys_execve -> 0x0',
      map(7, '200', 1),
      write(7, '200'),
      write(7, '100'),
      end(7),
    ]);
    expect(events).toEqual([
      'spawn,7,,,app',
      'map,7,256,4,anon',
      'exit,7,,,',
      'spawn,7,,,b',
      'map,7,512,1,anon',
      'write,7:7,512,1,',
      'exit,7,,,',
    ]);
  });

  it('knows a process from an earlier one with its id', async () => {
    const { events } = await imported([
      map(7, '100', 1),
      newtask(7, 8, FORK),
      end(8),
      newtask(7, 8, THREAD),
      write(8, '100'),
      end(8),
      newtask(7, 8, FORK),
      write(8, '100'),
      end(8),
    ]);
    expect(events).toEqual([
      'spawn,7,,,app',
      'map,7,256,1,anon',
      'fork,7,,,8',
      'exit,8,,,',
      'write,7:8,256,1,',
      'fork,7,,,8',
      'write,8:8,256,1,',
      'exit,8,,,',
    ]);
  });

  it('follows segments by their descriptors: memfds that are sealed, copies of descriptors, System V', async () => {
    const { events, left } = await imported([
      '7 sys_memfd_create(uname: 0x55, flags: 3) -> 0x4',
      '7 sys_ftruncate(fd: 4, length: 0x8000) -> 0x0',
      '7 sys_fcntl(fd: 4, cmd: 0x409, arg: 2) -> 0x0',
      '7 sys_mmap(addr: 0, len: 0x8000, prot: 3, flags: 1, fd: 4, off: 0) -> 0x100000',
      '7 sys_dup(fildes: 4) -> 0x5',
      newtask(7, 9, FORK),
      write(9, '101'),
      '9 sys_mmap(addr: 0, len: 0x2000, prot: 1, flags: 1, fd: 5, off: 0x2000) -> 0x200000',
      read(9, '200'),
      write(9, '201'),
      '7 sys_mremap(addr: 0x104000, old_len: 0x1000, new_len: 0x1000, flags: 3, new_addr: 0x300000) -> 0x300000',
      '7 sys_fallocate(fd: 4, mode: 3, offset: 0, len: 0x1000) -> 0x0',
      '7 sys_shmget(key: 0, size: 0x2000, shmflg: 0x380) -> 0x16',
      '7 sys_shmat(shmid: 0x16, shmaddr: 0, shmflg: 0) -> 0x400000',
      write(7, '401'),
      '7 sys_shmdt(shmaddr: 0x400000) -> 0x0',
      '7 sys_close(fd: 4) -> 0x0',
    ]);
    expect(events).toEqual([
      'spawn,7,,,app',
      'object,,,8,shmem:segment-1',
      'map,7,256,8,shared:segment-1@0',
      'fork,7,,,9',
      'write,9:9,257,1,',
      'map,9,512,2,shared:segment-1@2 ro',
      'read,9:9,512,1,',
      'remap,7,260,1,to=768',
      'discard,7:7,256,1,FALLOC_FL_PUNCH_HOLE',
      'object,,,2,shmem:sysv-22',
      'map,7,1024,2,shared:sysv-22@0',
      'write,7:7,1025,1,',
      'unmap,7,1024,2,',
    ]);
    expect(left).toEqual({
      'empty lines and comments': 1,
      'calls of fcntl with F_ADD_SEALS': 2,
      'faults on memory that the log does not allow to be used so': 1,
    });
  });

  it('says where read faults may have mapped pages around theirs', async () => {
    const { remarks } = await imported([
      map(7, '100', 16, '0x21'),
      write(7, '100'),
      read(7, '101'),
      read(7, '109'),
    ]);
    expect(remarks).toEqual({
      'read faults in shared memory: pages around them may have been mapped with them, and been used without a fault': 2,
    });
  });

  it('puts lines of two CPUs in order, and counts faults on kernel addresses, events of others and lost ones', async () => {
    const { timed, left, remarks } = await imported([
      map(7, '100', 4),
      newtask(7, 8, THREAD),
      `@60 ${write(7, '101')}`,
      `@50 ${write(8, '100')}`,
      '7 page_fault_kernel: address=0xffffc90000001000 ip=copy error_code=0x2',
      '7 page_fault_kernel: address=vmemmap_base ip=copy error_code=0x2',
      '7 sched_process_fork: comm=app pid=7 child_comm=app child_pid=8',
      '7 sys_write(fd: 1, buf: 0x55, count: 5) -> 0x5',
      '7 sys_futex(uaddr: 0x55) -> 0x0',
      '7 sys_munmap -> 0x0',
      '7 sys_read(fd: 0, buf: 0x55, count: 5)',
      write(12, '100'),
    ]);
    expect(timed.slice(-2)).toEqual(['40,write,7:8,256,1,', '50,write,7:7,257,1,']);
    expect(left).toEqual({
      'empty lines and comments': 1,
      'sched_process_fork events': 1,
      'calls that do not concern memory': 4,
      'ends of calls whose beginning is not in the recording': 1,
      'calls that had not ended': 1,
      'faults on kernel addresses': 2,
      'faults of threads that are not in the recording': 1,
    });
    expect(remarks).toEqual({});
  });

  it('counts lost events, a last line that is cut short, and calls that a thread never ended', async () => {
    const text = `${traceText([BEGINS, map(7, '100', 1), '7 sys_munmap(addr: 0x100000, len: 0x1000)', end(7)].join('\n'))}CPU:1 [LOST 23 EVENTS]\n          app-7   [0`;
    const path = rawFolder(folder(), { 'trace.txt': text }, { lost_events: 23 });
    const { left, remarks, meta } = await importedRecording(path, 8);
    expect(left).toMatchObject({
      'reports of lost events': 1,
      'lines that are cut short': 1,
      'calls that had not ended': 1,
    });
    expect(remarks).toEqual({ 'events lost while recording': 23 });
    expect(meta.lost_events).toBe('23');
  });

  it('reads numbers as older kernels print them, and strings as later ones do', async () => {
    const { events } = await imported([
      '7 sys_mmap(addr: 0, len: 4000, prot: 3, flags: 22, fd: ffffffff, off: 0) -> 0x100000',
      '7 sys_madvise(start: 100000, len_in: 1000, behavior: 8) -> 0x0',
      '7 sys_openat(dfd: 0xffffff9c, filename: 0x55 "/dev/shm/a, b", flags: 0x42, mode: 0x180) -> 0x3',
      '7 sys_ftruncate(fd: 3, length: 1000) -> 0x0',
      '7 sys_mmap(addr: 0, len: 1000, prot: 3, flags: 1, fd: 3, off: 0) -> 0x200000',
    ]);
    expect(events.slice(1)).toEqual([
      'map,7,256,4,anon',
      'discard,7:7,256,1,MADV_FREE',
      'object,,,1,shmem:a__b',
      'map,7,512,1,shared:a__b@0',
    ]);
  });

  it('refuses what is no recording: a line of another program, other manifests, a missing file', async () => {
    const wrong = rawFolder(folder(), { 'trace.txt': 'hello\nworld\n' });
    await expect(importedRecording(wrong, 0)).rejects.toThrow(
      /trace.txt:1: this is no line of ftrace, expected TASK-PID/,
    );
    const manifest = (given: object) => importedRecording(rawFolder(folder(), {}, given), 0);
    await expect(manifest({ format: 2 })).rejects.toThrow(
      /manifest.json: this recording is of form 2, expected 1/,
    );
    await expect(manifest({ clocks: {} })).rejects.toThrow(/clocks is wrong, expected start and end/);
    await expect(manifest({ engine: 'dtrace' })).rejects.toThrow(/engine is wrong, expected one of tracefs/);
    await expect(manifest({})).rejects.toThrow(/this recording has no trace.txt/);
    await expect(manifest({ page_size: 16384 })).rejects.toThrow(/pages of 16384 bytes, expected 4096/);
    await expect(importedRecording(rawFolder(folder(), { 'trace.txt': '# nop\n' }), 0)).rejects.toThrow(
      /no calls of the program/,
    );
  });
});
