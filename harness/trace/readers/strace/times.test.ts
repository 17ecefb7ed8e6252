import { describe, expect, it } from 'vitest';
import { readLog } from '../../../testing/strace-calls.js';
import type { Call } from '../calls/call.js';

/** Times and names of calls. */
const timed = (calls: readonly Call[]) => calls.map(({ timeUs, name }) => `${timeUs} ${name}`);

describe('times of lines', () => {
  it('reads times of day, over midnight, and all ways to show the thread', async () => {
    const { calls, clock } = await readLog(
      '7  23:59:59.999999 munmap(0x1000, 4096) = 0',
      '[pid  8] 00:00:00.000001 munmap(0x1000, 4096) = 0',
      '9<a b> 00:00:01.000000 munmap(0x1000, 4096) = 0',
      '[pid 10<sh>] 00:00:01.000000 munmap(0x1000, 4096) = 0',
    );
    expect(clock).toBe('day');
    expect(calls.map((call) => call.timeUs)).toEqual([
      86_399_999_999, 86_400_000_001, 86_401_000_000, 86_401_000_000,
    ]);
    expect(calls.map((call) => call.thread)).toEqual([7, 8, 9, 10]);
  });

  it.each([
    ['-t', ['10:00:01 brk(NULL) = 0x1', '10:00:02 brk(NULL) = 0x1'], [36_001_000_000, 36_002_000_000]],
    ['-tt with -r', ['10:00:01.000001 (+     0.000000) brk(NULL) = 0x1'], [36_001_000_001]],
    ['ms', ['1700000000.001 brk(NULL) = 0x1'], [1_700_000_000_001_000]],
    ['ns', ['7 1700000000.001002999 brk(NULL) = 0x1'], [1_700_000_000_001_002]],
    [
      's',
      ['7     1700000000 brk(NULL) = 0x1', '7     1700000001 brk(NULL) = 0x1'],
      [17e14, 1_700_000_001_000_000],
    ],
    ['s, no thread', ['1700000000 brk(NULL) = 0x1'], [17e14]],
    ['-n -i', ['1700000000.000000 [  12] [00007f193b4caad7] brk(NULL) = 0x1'], [17e14]],
    [
      '-r',
      ['     0.000000 brk(NULL) = 0x1', '     1.500000 brk(NULL) = 0x1', '     0.250000 brk(NULL) = 0x1'],
      [0, 15e5, 175e4],
    ],
    [
      '-r, pasted',
      ['0.000000 brk(NULL) = 0x1', '1.500000 brk(NULL) = 0x1', '0.250000 brk(NULL) = 0x1'],
      [0, 15e5, 175e4],
    ],
    ['-r in seconds', ['     0 brk(NULL) = 0x1', '     2 brk(NULL) = 0x1'], [0, 2e6]],
    ['-r in ns', ['     0.000000900 brk(NULL) = 0x1', '     0.000000900 brk(NULL) = 0x1'], [0, 1]],
    ['none', ['brk(NULL) = 0x1', 'brk(NULL) = 0x1'], [0, 1]],
    ['none, threads', ['7     brk(NULL) = 0x1', '7     brk(NULL) = 0x1'], [0, 1]],
  ])('%s', async (_, lines, times) => {
    const { calls } = await readLog(...lines);
    expect(calls.map(({ timeUs }) => timeUs)).toEqual(times);
    expect(calls.every(({ name }) => name === 'brk')).toBe(true);
  });

  it('counts the time of lines that are left out, where each counts from the one before', async () => {
    const { calls, clock } = await readLog(
      '9     0.000000 brk(NULL) = 0x1',
      '9     0.500000 --- SIGCHLD {si_signo=SIGCHLD} ---',
      '9     0.500000 brk(NULL) = 0x1',
    );
    expect(clock).toBe('relative');
    expect(timed(calls)).toEqual(['0 brk', '1000000 brk']);
  });

  it('says where times are missing or coarse', async () => {
    expect((await readLog('brk(NULL) = 0x1')).remarks).toEqual([
      ['calls without a time, taken as 1 µs each', 1],
    ]);
    expect((await readLog('10:00:01 brk(NULL) = 0x1')).remarks).toEqual([['times in whole seconds', 1]]);
  });

  it('refuses decimal commas, and says that they are', async () => {
    await expect(readLog('77 1700000000,000900 brk(NULL) = 0x1 <0,000012>')).rejects.toThrow(
      /^log:1: the time 1700000000,000900 has a decimal comma, expected a point/,
    );
    await expect(readLog('brk(NULL) = 0x1', 'brk(NULL) = 0x1 <0,000012>')).rejects.toThrow(
      /^log:2: the duration has a decimal comma/,
    );
  });
});
