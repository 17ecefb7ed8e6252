import { describe, expect, it } from 'vitest';
import { importedLog as imported } from '../../../testing/strace-log.js';

const map = (thread: number, page: number, pages: number) =>
  `${thread} mmap(NULL, ${pages * 4096}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x${(page * 4096).toString(16)}`;
const call = (thread: number, name: string, page: number, pages: number, rest = '') =>
  `${thread} ${name}(0x${(page * 4096).toString(16)}, ${pages * 4096}${rest}) = 0`;
const THREADS =
  'threads whose beginning is not in the log, taken for threads of the process whose memory they act on';

/** Spaces in which something is mapped in a log, and what is remarked but for times. */
async function spaces(...lines: string[]) {
  const { events, remarks } = await imported(lines.join('\n'), { memory: 'all' });
  const mapped = events.filter((event) => event.startsWith('map,')).map((event) => event.split(',')[1]!);
  return {
    spaces: [...new Set(mapped)],
    events,
    remarks: remarks.filter(([what]) => !what.startsWith('calls without a time')),
  };
}

describe('threads whose beginning is not in the log', () => {
  it('are of the process whose memory they act on', async () => {
    const log = await spaces(
      map(12, 100, 8),
      map(11, 200, 8),
      call(12, 'madvise', 200, 4, ', MADV_DONTNEED'),
      call(11, 'munmap', 100, 8),
    );
    expect(log).toEqual({
      spaces: ['11'],
      events: [
        'spawn,11,,,',
        'map,11,100,8,anon',
        'map,11,200,8,anon',
        'discard,11:12,200,4,MADV_DONTNEED',
        'unmap,11,100,8,',
      ],
      remarks: [[THREADS, 1]],
    });
  });

  it('map next to what is there, and where others unmapped', async () => {
    expect((await spaces(map(11, 100, 8), map(12, 92, 8), call(12, 'munmap', 92, 8))).spaces).toEqual(['11']);
    expect((await spaces(map(11, 100, 8), call(11, 'munmap', 100, 8), map(12, 100, 8))).spaces).toEqual([
      '11',
    ]);
  });

  it('are not of a process that maps the same place, unless it was unmapping it', async () => {
    const touched = call(12, 'madvise', 101, 1, ', MADV_DONTNEED');
    const same = await spaces(map(11, 100, 8), touched, map(12, 100, 8), call(12, 'munmap', 100, 8));
    expect(same.spaces).toEqual(['11', '12']);
    const race = await spaces(map(11, 100, 8), touched, map(12, 100, 8), call(11, 'munmap', 100, 8));
    expect(race.spaces).toEqual(['11']);
  });

  it('are processes without a sign, and where each begins a program', async () => {
    expect((await spaces(map(11, 100, 8), map(12, 500, 8))).spaces).toEqual(['11', '12']);
    const heap = (thread: number) => `${thread} brk(NULL) = 0x1000`;
    expect((await spaces(heap(11), heap(12), map(11, 100, 8), map(12, 92, 8))).spaces).toEqual(['11', '12']);
    expect((await spaces(heap(12), map(11, 100, 8), map(12, 92, 8))).spaces).toEqual(['12']);
  });

  it('are forks where SIGCHLD says whose children, if the log has no clone', async () => {
    const end = '11 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12, si_uid=0} ---';
    const log = await spaces(map(11, 100, 8), call(12, 'munmap', 100, 8), end, call(11, 'munmap', 100, 8));
    expect(log.events).toEqual([
      'spawn,11,,,',
      'map,11,100,8,anon',
      'fork,11,,,12',
      'unmap,12,100,8,',
      'unmap,11,100,8,',
    ]);
    expect(log.remarks).toEqual([
      [
        'processes whose beginning is not in the log, taken for forks of the process that SIGCHLD told of their end',
        1,
      ],
    ]);
  });

  it('are all of the one process to which strace says that it attached, where the log has clone', async () => {
    const log = await spaces(
      'strace: Process 11 attached with 3 threads',
      `[pid 12] ${map(12, 100, 8).slice(3)}`,
      `[pid 13] ${map(13, 500, 8).slice(3)}`,
      '[pid 13] clone(child_stack=NULL, flags=SIGCHLD) = 14',
      `[pid 14] ${map(14, 900, 8).slice(3)}`,
    );
    expect(log.spaces).toEqual(['11', '14']);
    expect(log.remarks).toEqual([[THREADS, 2]]);
  });
});
