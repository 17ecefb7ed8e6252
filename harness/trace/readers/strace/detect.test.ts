import { describe, expect, it } from 'vitest';
import { readLog } from '../../../testing/strace-calls.js';
import { FIT } from '../reader.js';
import { detectCalls } from './detect.js';

describe('detecting a log', () => {
  const detect = (...lines: string[]) => detectCalls(Buffer.from(`${lines.join('\n')}\n`), FIT.certain);

  it.each([
    [['mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f']],
    [['[pid 11102] madvise(0xc000200000, 2097152, MADV_DONTNEED) = 0']],
    [['strace: Process 77 attached', 'futex(0x7ff, FUTEX_WAIT <unfinished ...>']],
    [['hello', 'execve("./m", ["./m"], 0x7ff /* 3 vars */) = 0']],
    [['100 1700000000.000000 frob(1) = 3']],
    [['     0.000000 execve("./m", ["./m"], 0x7ff /* 3 vars */) = 0']],
  ])('%j is one', (lines) => {
    expect(detect(...lines)).toEqual({ fit: FIT.certain });
  });

  it.each([
    [['1,2,3'], /^line 1: "1,2,3" has no call with its arguments, expected a call as strace/],
    [['10.5 mmap(NULL, 4096'], /^line 1: "10.5 mmap\(NULL, 4096" is no system call with its result/],
    [['strlen("abc") = 3'], /is no system call with its result/],
    [['77 1700000000,000900 brk(NULL) = 0x1'], /^line 1: the time 1700000000,000900 has a decimal comma/],
    [
      ['% time     seconds  usecs/call     calls    errors syscall'],
      /^there are only messages and summaries/,
    ],
  ])('%j is not one, and says why', (lines, why) => {
    expect(detect(...lines)).toMatchObject({ fit: FIT.none, why: expect.stringMatching(why) });
  });

  it("leaves files to others where most lines are not strace's", () => {
    expect(detect('a', 'b', '7  10.000001 brk(NULL) = 0x1')).toEqual({ fit: FIT.possible });
  });

  it('refuses a log without calls with the reason', async () => {
    await expect(readLog('hello')).rejects.toThrow(
      /^log:1: "hello" has no call with its arguments, expected a call as strace prints it/,
    );
  });
});
