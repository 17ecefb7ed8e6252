import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { loadTrace } from '../../../index.js';
import { inputOf } from '../../../testing/readers.js';
import { eventLines } from '../../../testing/traces.js';
import { postgresql } from './import.js';

/** The events of accesses on a pool of 4 buffers, as text, and what is said of them. */
async function imported(
  lines: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<{ events: string[]; summary: string | undefined }> {
  const given = { shared_buffers: '32KiB', ...more };
  const text = lines.map((line) => `${line}\n`).join('');
  const source = await postgresql.open(inputOf(postgresql, text, { file: 'pages.txt', given }));
  const events = await eventLines(source);
  return { events, summary: source.summary?.() };
}

describe('page accesses of PostgreSQL', () => {
  it('become touches of a pool, file I/O, and backends that start with their first access', async () => {
    const { events, summary } = await imported([
      '2353400590 77 h 1260 0 2',
      '10 88 m 1260 0 2',
      '5 77 d 1260 0 2',
      '5 88 x 1260 0 3',
      '5 88 h 1260 1 0',
    ]);
    expect(events).toEqual([
      '0,object,,,8,shmem:pool',
      '0,spawn,1,,,postmaster',
      '0,map,1,1048576,8,shared:pool@0',
      '0,object,,,6,file:1260',
      '0,object,,,2,file:1260_fsm',
      '0,spawn,2,,,backend 77',
      '0,map,2,1048576,8,shared:pool@0',
      '0,pread,2,4,2,1260',
      '0,write,2,1048576,2,',
      '10,spawn,3,,,backend 88',
      '10,map,3,1048576,8,shared:pool@0',
      '10,read,3,1048576,2,',
      '15,write,2,1048576,2,',
      '20,pwrite,3,6,2,1260 =0',
      '20,write,3,1048578,2,',
      '25,pread,3,0,2,1260_fsm',
      '25,write,3,1048580,2,',
      '25,mark,,,,end',
    ]);
    // Recorded h m h; the model's pool is empty at first.
    expect(summary).toBe('the model finds blocks as recorded in 0 of 3 uses (0.0 %)');
  });

  it('come by time, even where CPUs were read one after the other', async () => {
    const { events } = await imported(['9 7 h 1 0 0', '10 7 h 1 0 1', '-3 8 h 1 0 2', '3 8 h 1 0 3']);
    expect(events.filter((event) => event.includes('pread'))).toEqual([
      '0,pread,2,0,2,1',
      '7,pread,3,4,2,1',
      '10,pread,2,2,2,1',
      '10,pread,3,6,2,1',
    ]);
  });

  it('may meet a pool that is resized: marks, write-back, one discard a shrink', async () => {
    const lines = ['0 7 m 1 0 0', '1 7 m 1 0 1', '1 7 d 1 0 1', '8 7 h 1 0 0', '10 7 h 1 0 1'];
    // In any order.
    const resize = '0.00001:40KiB+0.000005:8KiB';
    const { events, summary } = await imported(lines, { shared_buffers: '24KiB', resize });
    expect(events[0]).toBe('0,object,,,10,shmem:pool');
    expect(events.slice(events.indexOf('5,mark,,,,pool of 1 buffers'))).toEqual([
      '5,mark,,,,pool of 1 buffers',
      '5,read,1,1048578,2,',
      '5,pwrite,1,2,2,1',
      '5,discard,1,1048578,4,',
      '10,mark,,,,pool of 5 buffers',
      '10,read,2,1048576,2,',
      '20,pread,2,2,2,1',
      '20,write,2,1048578,2,',
      '20,mark,,,,end',
    ]);
    expect(summary).toBe('the model finds blocks as recorded in 3 of 4 uses (75.0 %)');
  });

  it('of more than a block of events, and a resize of more, come block by block', async () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `1 7 x 1 0 ${i}`);
    const changed = lines.map((line) => line.replace(' x ', ' d '));
    const { events } = await imported([...lines, ...changed, '9 7 h 1 0 0'], {
      shared_buffers: '80000p',
      resize: '0.08:8KiB',
    });
    expect(events.filter((event) => event.includes(',pwrite,1,'))).toHaveLength(39_999);
  });

  const wrong: readonly (readonly [name: string, lines: readonly string[], message: RegExp])[] = [
    ['a line of words', ['hello'], /pages\.txt:1:1: "hello" is wrong here, expected microseconds since/],
    ['a missing field', ['1 7 h 1 0 0', '1 7 h 1 0'], /pages\.txt:2:10: the end of the line is wrong here/],
    ['another operation', ['1 7 q 1 0 0'], /pages\.txt:1:5: "q" is wrong here, expected h \(hit\), m/],
    [
      'a fork that does not exist',
      ['1 7 h 1 4 0'],
      /pages\.txt:1:9: "4" is wrong here, expected a fork \(0 to 3\)/,
    ],
    ['a process too large', ['1 4294967296 h 1 0 0'], /pages\.txt:1:3: "4294967296" is wrong here/],
    [
      'a block too large',
      ['1 7 h 1 0 1073741824'],
      /block 1073741824 is too large, expected one below 2\^30/,
    ],
    [
      'a field too many',
      ['1 7 h 1 0 0 0'],
      /pages\.txt:1:13: "0" is wrong here, expected the end of the line/,
    ],
    [
      'time that goes back far',
      ['1 7 h 1 0 0', '-2000 7 h 1 0 0'],
      /pages\.txt:2:6: 2000 µs before the line/,
    ],
    ['time before the first line', ['-1 7 h 1 0 0'], /pages\.txt:1:3: 1 µs before the line before it/],
    ['nothing', [], /pages\.txt:1:1: no page accesses in this file/],
  ];
  for (const [name, lines, message] of wrong) {
    it(`refuse ${name}`, async () => {
      await expect(imported(lines)).rejects.toThrow(message);
    });
  }

  it('refuse a pool of no size, and a resize that is not one', async () => {
    const pool = (given: Readonly<Record<string, string>>) => imported(['0 7 m 1 0 0'], given);
    await expect(pool({ shared_buffers: '1p' })).rejects.toThrow(
      /^shared_buffers=1 is not the size of a buffer pool, expected at least one block of 8192 bytes/,
    );
    await expect(pool({ resize: '1:1p' })).rejects.toThrow(
      '"1:1p" in resize is not the size of a buffer pool',
    );
    await expect(pool({ resize: '1:lots' })).rejects.toThrow('"lots" is not a size');
    await expect(pool({ resize: '32MiB' })).rejects.toThrow(
      '"32MiB" in resize=32MiB is wrong, expected a list as in resize=60:32MiB+120:64MiB',
    );
  });

  it('refuse a pool that has no buffer for each backend', async () => {
    const both = ['0 7 m 1 0 0', '1 8 m 1 0 1'];
    await expect(imported(both, { shared_buffers: '8KiB' })).rejects.toThrow('all 1 buffers are pinned');
  });
});

describe('the shipped traces of PostgreSQL', () => {
  // The files are as large as the whole recording says, and the end is elsewhere.
  const comparable = (events: readonly string[]) =>
    events.filter((event) => !/^\d+,(object|mark),/.test(event));
  const excerpt = brotliDecompressSync(
    readFileSync(packageFile('harness', 'trace', 'readers', 'postgresql', 'excerpt.txt.br')),
  );

  for (const name of ['postgresql', 'postgresql-resize']) {
    it(`${name} begins as the first 1800 lines of the recording say`, async () => {
      const source = await postgresql.open(inputOf(postgresql, excerpt));
      const events = comparable(await eventLines(source));
      const shipped = comparable(await eventLines(await loadTrace(name), events.length + 200));
      expect(events.length).toBeGreaterThan(1800);
      expect(shipped.slice(0, events.length)).toEqual(events);
    });
  }
});
