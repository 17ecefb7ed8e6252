import { describe, expect, it } from 'vitest';
import { loadTrace, replayTrace } from '../../../index.js';
import { inputOf } from '../../../testing/readers.js';
import { eventLines } from '../../../testing/traces.js';
import { strace } from '../strace/import.js';
import { clockOffset } from './clocks.js';

const NAMES = { what: 'mappings', fewest: 1, file: 'x' };

describe('two clocks', () => {
  const growth = (timeUs: number, start: number) => ({ timeUs, start, end: start + 10 });
  const at = (timeUs: number, page: number) => ({ timeUs, page, write: true });

  it('differ by what puts a fault right after the most growths, and none before', () => {
    const growths = [growth(100, 0), growth(50_000, 20), growth(90_000, 40)];
    // Offset 7000, but for 30 and 5 µs until the first use; the second growth is used late.
    const faults = [at(7130, 1), at(7150, 2), at(61_000, 25), at(97_005, 41), at(97_006, 42)];
    expect(clockOffset(growths, faults, NAMES)).toEqual({ offset: 7005, followed: 2 });
  });
});

/** Two processes: 7 with a thread 8, and its child 9. Pages 0x100 to 0x107 of 7 are dropped, in part. */
const LOG = [
  '7 100.000000 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x100000 <0.000010>',
  '7 100.001000 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x200000 <0.000010>',
  '7 100.002000 clone(child_stack=NULL, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 8 <0.000010>',
  '7 100.003000 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 9 <0.000010>',
  '7 100.004000 madvise(0x102000, 8192, MADV_DONTNEED) = 0 <0.000010>',
  '7 100.005000 munmap(0x104000, 4096) = 0 <0.000010>',
  '9 100.006000 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x300000 <0.000010>',
];

const user = (us: number, thread: number, address: string, code = '6') =>
  `  prog-${thread} [000] d....  50.${String(us).padStart(6, '0')}: page_fault_user: address=0x${address} ip=0x1 error_code=0x${code}`;

async function joined(log: readonly string[], faults: readonly string[], given: Record<string, string> = {}) {
  const sides = { faults: `${faults.join('\n')}\n` };
  const input = inputOf(strace, `${log.join('\n')}\n`, { given: { memory: 'all', ...given }, sides });
  const source = await strace.open(input);
  const events = await eventLines(source);
  const { total, leftOut, remarks, used } = input.sides.faults!.account;
  expect(total).toBe(faults.length);
  return { events, meta: source.meta, leftOut, remarks, used };
}

describe('faults of a program and its calls', () => {
  // 100.000000 s of the log is 50.100000 s of the faults.
  const FAULTS = [
    user(50_000, 7, '100000'), // before anything is mapped
    user(100_020, 7, '100000'),
    user(100_030, 8, '102123', '4'), // of the thread that is made later
    user(101_020, 7, '200000', '4'),
    user(101_030, 7, '201000'), // a write where only reads are allowed
    user(103_500, 9, '101000'), // of the child
    user(104_020, 7, '103000'), // after the drop
    user(105_020, 7, '104000'), // unmapped
    user(105_030, 7, '900000'), // a file of the program
    user(105_040, 77, '100000'), // another program
    user(106_020, 9, '300000'),
  ];

  it('are one trace on one clock, whose accesses are first accesses', async () => {
    const { events, meta, leftOut, used } = await joined(LOG, FAULTS);
    const touches = events.filter((line) => /,(read|write|discard|fork),/.test(line));
    const [start] = (events.find((line) => line.includes(',map,')) ?? '').split(',');
    const at = (us: number) => Number(start) + us;
    expect(touches).toEqual([
      `${at(0)},write,7:7,256,1,`,
      `${at(10)},read,7:8,258,1,`,
      `${at(1000)},read,7:7,512,1,`,
      expect.stringMatching(/,fork,7,,,9$/),
      `${at(3480)},write,9:9,257,1,`,
      expect.stringMatching(/,discard,7:7,258,2,/),
      `${at(4000)},write,7:7,259,1,`,
      `${at(6000)},write,9:9,768,1,`,
    ]);
    expect(leftOut).toEqual([
      ['faults of threads that are not in the log', 1],
      ['faults outside the memory that is followed', 3],
      ['faults on memory that the log does not allow to be used so', 1],
    ]);
    expect(used).toBe(6);
    expect(meta.touches).toBe('first-access');
    expect(meta.get('provenance.clock-offset')).toBe('inferred');
  });

  it('of perf script do not say whether they write: on memory that may be written they do', async () => {
    const line = (us: number, address: string) =>
      `prog     7 50.${us}:          1 page-faults:     ${address.padStart(12)} [unknown] ([unknown])     7f5dda438932 memset+0x32 (libc.so.6)`;
    const { events, remarks } = await joined(LOG, [line(100_020, '100000'), line(101_020, '200000')]);
    expect(events.filter((text) => /,(read|write),/.test(text)).map((text) => text.split(',')[1])).toEqual([
      'write',
      'read',
    ]);
    expect(remarks).toEqual([
      ['faults that do not say whether they read or wrote, taken for writes where memory may be written', 2],
    ]);
  });

  it('belong to the program of a log of one program where they do not say whose they are', async () => {
    const lines = ['50.100020:       100000', '50.100030:       101000'];
    expect((await joined(LOG.slice(0, 1), lines)).used).toBe(2);
    await expect(joined(LOG, lines)).rejects.toThrow(/^faults: no faults of a thread of the log/);
  });

  it('are refused where they follow nothing, or accesses are inferred too', async () => {
    await expect(joined(LOG, [user(1, 7, '900000')])).rejects.toThrow(
      /^faults: faults follow 0 mappings of the log, expected at least 1 to compare the clocks by$/,
    );
    await expect(joined(LOG, FAULTS, { touches: 'second-mapper' })).rejects.toThrow(
      /^faults: touches=second-mapper infers accesses, and faults have them; expected one of the two$/,
    );
  });
});

describe('the recorded resizes of MariaDB', () => {
  it('have no count of faults under a limit', async () => {
    const trace = await loadTrace('mariadb-resize');
    const { metrics } = await replayTrace(trace, { discard: 'dontneed', limit: '50%', swap: 'ssd' });
    expect(metrics.pgfault).toBe('n/a');
  });
});
