import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { loadTrace, replayTrace } from '../../../index.js';
import { inputOf } from '../../../testing/readers.js';
import { eventLines } from '../../../testing/traces.js';
import { mariadb } from './import.js';

function opened(calls: string | Uint8Array, faults: string | Uint8Array) {
  const input = inputOf(mariadb, calls, { file: 'log', sides: { faults } });
  return { input, source: mariadb.open(input) };
}

async function imported(calls: readonly string[], faults: readonly string[]): Promise<string[]> {
  return eventLines(await opened(`${calls.join('\n')}\n`, `${faults.join('\n')}\n`).source);
}

const fault = (seconds: string, address: string, code = '6') =>
  `  mariadbd-4 [000] d....  ${seconds}: page_fault_user: address=0x${address} ip=0x1 error_code=0x${code}`;

/** A pool of 16 pages at page 0x100: the upper half is dropped at 10 s and mapped again at 20 s, 4 pages at 25 and 27 s. */
const LOG = [
  '7 12:00:00.000000 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x5000 <0.000004>',
  '7 12:00:00.000000 mmap(NULL, 8796093022208, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x100000 <0.000004>',
  '7 12:00:00.000001 mmap(0x100000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x100000 <0.000006>',
  '7 12:00:00.000002 madvise(0x100000, 65536, MADV_DONTDUMP) = 0 <0.000003>',
  '8 12:00:05.000000 madvise(0x5000, 4096, MADV_DONTNEED) = 0 <0.000013>',
  '8 12:00:10.000000 madvise(0x108000, 32768, MADV_DONTNEED) = 0 <0.000013>',
  '8 12:00:11.000000 madvise(0x108001, 32768, MADV_DONTNEED) = -1 EINVAL (Invalid argument) <0.000013>',
  '8 12:00:20.000000 mmap(0x108000, 32768, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x108000 <0.000026>',
  '8 12:00:25.000000 madvise(0x10c000, 16384, MADV_DONTNEED) = 0 <0.000013>',
  '8 12:00:27.000000 mmap(0x10c000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10c000 <0.000026>',
  '7 12:09:00.000000 munmap(0x100000, 8796093022208) = 0 <0.000018>',
];
const FAULTS = [
  fault('1002.000000', '7fff0000'),
  fault('1003.000000', '10c123'),
  fault('1004.000000', '100000', '4'),
  fault('1020.000050', '10c000'),
  fault('1020.000060', '108fff'),
  fault('1027.000070', '10f000'),
];

describe('resizes of MariaDB', () => {
  it('are a drop, a growth and the faults between, on one clock', async () => {
    // 20.000000 s of the log is 1020.000050 s of the faults; the first fault is at 0.
    expect(await imported(LOG, FAULTS)).toEqual([
      '0,spawn,7,,,mariadbd',
      '0,map,7,256,16,anon',
      '1000000,write,7,268,1,',
      '2000000,read,7,256,1,',
      '8000050,mark,,,,pool shrinks to 0.03125 MiB',
      '8000050,discard,7,264,8,',
      '18000050,mark,,,,pool grows to 0.0625 MiB',
      '18000050,map,7,264,8,anon',
      '18000050,write,7,268,1,',
      '18000060,write,7,264,1,',
      '23000050,mark,,,,pool shrinks to 0.046875 MiB',
      '23000050,discard,7,268,4,',
      '25000050,mark,,,,pool grows to 0.0625 MiB',
      '25000050,map,7,268,4,anon',
      '25000070,write,7,271,1,',
      '25000070,mark,,,,end',
    ]);
  });

  it('have each line of log and faults counted once', async () => {
    const { input, source } = opened(`${LOG.join('\n')}\n`, `${FAULTS.join('\n')}\n`);
    await eventLines(await source);
    expect(input.account.total).toBe(LOG.length);
    expect(input.account.leftOut).toEqual([
      ['calls of mmap that are not of the buffer pool', 1],
      ['calls of madvise that are not of the buffer pool', 2],
      ['calls of madvise that failed', 1],
      ['calls of munmap that are not of the buffer pool', 1],
    ]);
    const faults = input.sides.faults!.account;
    expect([faults.total, faults.used]).toEqual([FAULTS.length, FAULTS.length - 1]);
    expect(faults.leftOut).toEqual([['page faults outside the buffer pool', 1]]);
  });

  it('are told where there is no pool, or no faults by which to compare the clocks', async () => {
    await expect(imported(LOG.slice(0, 2), FAULTS)).rejects.toThrow(/log: no buffer pool in this log/);
    await expect(imported(LOG, FAULTS.slice(0, 1))).rejects.toThrow(
      /faults: faults follow 0 growths of the pool, expected at least 2 to compare the clocks by/,
    );
    await expect(imported(['hello'], FAULTS)).rejects.toThrow(/log:1: "hello" has no call/);
    await expect(imported(LOG, [...FAULTS, 'hello'])).rejects.toThrow(/faults:7:1: "hello" is wrong here/);
  });
});

describe('the shipped trace mariadb-resize', () => {
  const part = (name: string) =>
    brotliDecompressSync(readFileSync(packageFile('harness', 'trace', 'readers', 'mariadb', name)));

  it('is what the reader makes of the recording', async () => {
    const { input, source: opening } = opened(part('resizes.strace.br'), part('resizes.faults.br'));
    const source = await opening;
    expect(input.sides.faults!.account.leftOut).toEqual([['page faults outside the buffer pool', 834]]);
    const shipped = await loadTrace('mariadb-resize');
    expect(await eventLines(source)).toEqual(await eventLines(shipped));
    expect(source.meta.get('clock')).toBe(shipped.meta.get('clock'));
  });

  it('faults in the model as often as in the recording: 3612 times, where the pool drops what it gives up', async () => {
    const trace = await loadTrace('mariadb-resize');
    const { metrics } = await replayTrace(trace, { discard: 'dontneed' });
    expect(metrics).toMatchObject({ pgfault: 3612, discard_calls: 3, discard_errors: 0 });
  });
});
