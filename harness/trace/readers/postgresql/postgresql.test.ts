import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { loadTrace } from '../../../index.js';
import { temporaryFolder } from '../../../testing/folder.js';
import { eventLines } from '../../../testing/traces.js';
import { importPostgresql, type PostgresqlOptions } from './import.js';

const folder = temporaryFolder('reclaim-postgresql-');

async function imported(
  lines: readonly string[],
  options: Partial<PostgresqlOptions> = {},
): Promise<{ events: string[]; summary: string | undefined }> {
  const path = join(folder(), 'pages.txt');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  const source = await importPostgresql(path, { buffers: 4, resizes: [], ...options });
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
    const resizes = [
      { timeUs: 5, buffers: 1 },
      { timeUs: 10, buffers: 5 },
    ];
    const { events, summary } = await imported(lines, { buffers: 3, resizes });
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
    const resizes = [{ timeUs: 80_000, buffers: 1 }];
    const { events } = await imported([...lines, ...changed, '9 7 h 1 0 0'], { buffers: 40_000, resizes });
    expect(events.filter((event) => event.includes(',pwrite,1,'))).toHaveLength(39_999);
  });

  const wrong: readonly (readonly [name: string, lines: readonly string[], message: RegExp])[] = [
    ['a line of words', ['hello'], /pages\.txt:1:1: "hello" is wrong here, expected microseconds since/],
    ['a missing field', ['1 7 h 1 0 0', '1 7 h 1 0'], /pages\.txt:2:10: the end of the line is wrong here/],
    ['another operation', ['1 7 q 1 0 0'], /pages\.txt:1:5: "q" is wrong here, expected h \(hit\), m/],
    ['a fork that is none', ['1 7 h 1 4 0'], /pages\.txt:1:9: "4" is wrong here, expected a fork \(0 to 3\)/],
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

  it('refuse a pool that has no buffer for each backend', async () => {
    const both = ['0 7 m 1 0 0', '1 8 m 1 0 1'];
    await expect(imported(both, { buffers: 1 })).rejects.toThrow('all 1 buffers are pinned');
  });
});

describe('the shipped traces of PostgreSQL', () => {
  // The files are as large as the whole recording says, and the end is elsewhere.
  const comparable = (events: readonly string[]) =>
    events.filter((event) => !/^\d+,(object|mark),/.test(event));
  const excerpt = packageFile('harness', 'trace', 'readers', 'postgresql', 'excerpt.txt.br');

  for (const name of ['postgresql', 'postgresql-resize']) {
    it(`${name} begins as the first 1800 lines of the recording say`, async () => {
      const source = await importPostgresql(excerpt, { buffers: 8192, resizes: [] });
      const events = comparable(await eventLines(source));
      const shipped = comparable(await eventLines(await loadTrace(name), events.length + 200));
      expect(events.length).toBeGreaterThan(1800);
      expect(shipped.slice(0, events.length)).toEqual(events);
    });
  }
});
