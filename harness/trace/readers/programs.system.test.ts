import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/folder.js';
import { inputOf, requestReader } from '../../testing/readers.js';
import { packed, requestsOf } from '../../testing/requests.js';
import { cannot, mustRun, runProgram } from '../../testing/system.js';
import { detectReader } from './detect.js';

const folder = temporaryFolder('reclaim-programs-');

function missing(program: string): string | undefined {
  const { error } = runProgram(program, ['--version'], '/');
  return error ? cannot(`there is no ${program} here`) : undefined;
}

/** What a reader makes of a file that a program has written, once it is detected. */
async function requestsOfFile(name: string, content: Buffer, given: Readonly<Record<string, string>> = {}) {
  expect(detectReader(content, 'x').reader.name).toBe(name);
  const reader = requestReader(name);
  const input = inputOf(reader, content, { given });
  const requests = [];
  for await (const batch of reader.read(input)) requests.push(...requestsOf(batch));
  expect(input.account.total).toBe(content.toString('latin1').split('\n').length - 1);
  return { requests, leftOut: input.account.leftOut };
}

/** Fields of a record of blktrace. Source: include/uapi/linux/blktrace_api.h, struct blk_io_trace */
const FIELDS = [4, 4, 8, 8, 4, 4, 4, 4, 4, 2, 2];
const MAGIC = 0x65617407;
const ACTION = { queue: 1, getrq: 4, issue: 7, complete: 8 } as const;
/** Categories, in the upper half of the word of an action. */
const CATEGORY = { read: 1, write: 2, flush: 4, sync: 8, queue: 16, fs: 256, discard: 8192 } as const;

/** A record of blktrace on the device 8,16; its time is in nanoseconds. */
function traced(
  sequence: number,
  timeNs: number,
  sector: number,
  bytes: number,
  action: number,
  categories: number,
): readonly number[] {
  const word = action + categories * 65_536;
  return [MAGIC, sequence, timeNs, sector, bytes, word, 697, 8 * 2 ** 20 + 16, 0, 0, 0];
}

describe('what programs of this host write is read', () => {
  it('blkparse', async ({ skip }) => {
    const why = missing('blkparse');
    if (why) return skip(why);
    const { read, write, flush, sync, queue, fs, discard } = CATEGORY;
    const records = [
      traced(1, 1000, 24, 4096, ACTION.queue, queue + write + fs),
      traced(2, 2000, 24, 4096, ACTION.getrq, queue + write + fs),
      traced(3, 3000, 24, 4096, ACTION.issue, queue + write + fs),
      traced(4, 1.5e9, 2 ** 33, 8192, ACTION.queue, queue + read + sync + fs),
      traced(5, 1.6e9, 40, 2 ** 20, ACTION.queue, queue + write + fs + discard),
      traced(6, 1.7e9, 0, 0, ACTION.queue, queue + write + flush + fs),
      traced(7, 1.8e9, 24, 4096, ACTION.complete, queue + write + fs),
    ];
    writeFileSync(join(folder(), 'sdb.blktrace.0'), packed(FIELDS, ...records));
    const output = Buffer.from(mustRun('blkparse', ['-i', 'sdb'], folder()));
    const volume = (8 << 20) + 16;
    const queued = await requestsOfFile('blkparse', output);
    expect(queued.requests).toEqual([
      { id: 24n, size: 4096, write: true, timeUs: 0, volume },
      { id: 2n ** 33n, size: 8192, write: false, timeUs: 1_499_999, volume },
    ]);
    expect(queued.leftOut).toEqual(
      expect.arrayContaining([
        ['events of action G', 1],
        ['discards', 1],
        ['requests without sectors (flushes)', 1],
      ]),
    );
    const completed = await requestsOfFile('blkparse', output, { action: 'C' });
    expect(completed.requests).toMatchObject([{ id: 24n, write: true }]);
  });

  it('fio --write_iolog', async ({ skip }) => {
    const why = missing('fio');
    if (why) return skip(why);
    const log = join(folder(), 'log');
    const options = ['--name=j', '--rw=randrw', '--bs=4k', '--size=64k', '--fsync=4', '--ioengine=psync'];
    const output = mustRun(
      'fio',
      [...options, '--filename=data', `--write_iolog=${log}`, '--output-format=terse'],
      folder(),
    );
    expect(existsSync(log)).toBe(true);
    const { requests, leftOut } = await requestsOfFile('fio', readFileSync(log));
    // Of the terse output, version 3: kilobytes read, and written.
    const fields = output.trim().split('\n').at(-1)!.split(';');
    const bytes = (write: boolean) =>
      requests.filter((request) => request.write === write).reduce((sum, { size }) => sum + size, 0);
    expect([bytes(false), bytes(true)]).toEqual([Number(fields[5]) * 1024, Number(fields[46]) * 1024]);
    expect(new Set(requests.map(({ id }) => id)).size).toBe(16);
    expect(leftOut.map(([what]) => what)).toEqual(['syncs']);
  });
});
