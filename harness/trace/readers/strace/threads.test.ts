import { describe, expect, it } from 'vitest';
import { readLog } from '../../../testing/strace-calls.js';
import { THREAD_END } from '../calls/call.js';

describe('threads', () => {
  const threads = async (...lines: string[]) => (await readLog(...lines)).calls.map(({ thread }) => thread);

  it('are those of the strace that writes, not of a pid namespace', async () => {
    const { calls } = await readLog(
      "500   10.000001 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 7 /* 512 in strace's PID NS */ <0.0001>",
      '512   10.000002 gettid() = 7',
    );
    expect(calls[0]).toMatchObject({ name: 'clone', result: 512, durationNs: 100_000 });
  });

  it('without a name are the first one, and the last one that is left', async () => {
    expect(
      await threads(
        '10.000001 brk(NULL) = 0x1',
        '10.000002 clone(child_stack=NULL, flags=SIGCHLDstrace: Process 42 attached',
        ' <unfinished ...>',
        '[pid 42] 10.000003 brk(NULL) = 0x1',
        '[pid 40] 10.000004 <... clone resumed>) = 42',
        '[pid 40] 10.000005 wait4(42,  <unfinished ...>',
        '[pid 42] 10.000006 +++ exited with 0 +++',
        '10.000007 <... wait4 resumed>NULL, 0, NULL) = 42',
        '10.000008 brk(NULL) = 0x1',
      ),
    ).toEqual([40, 42, 40, 42, 40, 40]);
    expect(
      await threads(
        'fork() = 42',
        '[pid 40] exit_group(0) = ?',
        '[pid 42] brk(NULL) = 0x1',
        '[pid 40] +++ exited with 0 +++',
        'brk(NULL) = 0x1',
        '+++ exited with 0 +++',
      ),
    ).toEqual([40, 40, 42, 40, 42, 42]);
  });

  it('are named where strace attaches to one that runs', async () => {
    expect(await threads('strace: Process 77 attached', 'brk(NULL) = 0x1')).toEqual([77]);
    expect(await threads('brk(NULL) = 0x1')).toEqual([1]);
  });

  it('end with their process where strace does not say so (-qq)', async () => {
    const { calls } = await readLog(
      '5     clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 6',
      '5     clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 7',
      '6     exit(0) = ?',
      '7     exit_group(0) = ?',
    );
    expect(calls.map(({ thread, name }) => `${thread} ${name}`)).toEqual([
      '5 clone',
      '5 clone',
      '6 exit',
      `6 ${THREAD_END}`,
      '7 exit_group',
      `5 ${THREAD_END}`,
      `7 ${THREAD_END}`,
    ]);
  });

  it('that run another program take over the id of their process', async () => {
    const { calls, left } = await readLog(
      '6     10.000001 execve("/bin/true", ["true"], 0x7f /* 3 vars */ <unfinished ...>',
      '5     10.000002 +++ superseded by execve in pid 6 +++',
      '5     10.000003 <... execve resumed>) = 0',
    );
    expect(calls.map(({ thread, name }) => `${thread} ${name}`)).toEqual([`6 ${THREAD_END}`, '5 execve']);
    expect(left).toEqual([]);
  });
});
