import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../../base/package-root.js';
import { eventsOf, inputOf } from '../../../testing/readers.js';
import { eventLines } from '../../../testing/traces.js';
import { TextFormatter } from '../../text/formatter.js';
import { chromium } from './import.js';

/** The events of a log, as text; the files are called `log` and `marks`. */
async function imported(log: readonly string[], marks: readonly string[]): Promise<string[]> {
  const sides = { marks: marks.join('\n') };
  return eventsOf(chromium, `${log.join('\n')}\n`, { file: 'log', sides });
}

/** Browser 1 makes a segment of pages, and tab `pid` maps it a µs later. Times are in µs after 10 s. */
function decode(us: number, pid: number, pages: number, browserAt: string, tabAt: string): string[] {
  const time = (plus: number) => `10.${String(us + plus).padStart(6, '0')}`;
  return [
    `1  ${time(0)} memfd_create("shared-memory-region", MFD_CLOEXEC) = 5 <0.000010>`,
    `1  ${time(0)} ftruncate(5, ${pages * 4096}) = 0 <0.000010>`,
    `1  ${time(0)} mmap(NULL, ${pages * 4096}, PROT_READ|PROT_WRITE, MAP_SHARED, 5, 0) = ${browserAt} <0.000010>`,
    `${pid}  ${time(1)} mmap(NULL, ${pages * 4096}, PROT_READ|PROT_WRITE, MAP_SHARED, 9, 0) = ${tabAt} <0.000010>`,
  ];
}

/** The browser drops a segment from its second page on, and unmaps it. */
function drop(us: number, at: number, pages: number): string[] {
  const time = `10.${String(us).padStart(6, '0')}`;
  const second = `0x${(at + 4096).toString(16)}`;
  return [
    `1  ${time} madvise(${second}, ${(pages - 1) * 4096}, MADV_REMOVE) = 0 <0.000100>`,
    `1  ${time} munmap(0x${at.toString(16)}, ${pages * 4096}) = 0 <0.000010>`,
  ];
}

/**
 * Tab a (process 2) decodes two images of 4 pages, 30 µs apart: 30 µs / 3 pages without the first = 10000 ns a page.
 * Then tab b (process 3) decodes one of 3 pages, so that a is hidden. Chromium drops all of them.
 */
const LOG = [
  ...decode(0, 2, 4, '0x10000', '0x900000'),
  ...decode(30, 2, 4, '0x20000', '0x910000'),
  ...decode(100, 3, 3, '0x30000', '0x900000'),
  ...drop(200, 0x10000, 4),
  ...drop(210, 0x20000, 4),
  ...drop(400, 0x30000, 3),
  '2  10.000500 +++ exited with 0 +++',
];
const MARKS = [
  '10.000040 open a',
  '10.000110 open b',
  '10.000220 pressure moderate',
  '10.000250 front a',
  '10.000450 front again b',
];

describe('importing a log of Chromium', () => {
  it('keeps what is decoded until its tab ends, unpins hidden and pins shown images; drops are marks', async () => {
    expect(await imported(LOG, MARKS)).toMatchInlineSnapshot(`
      [
        "0,spawn,1,,,browser",
        "0,object,,,4,shmem:a-1",
        "0,map,1,16777216,4,shared:a-1@0",
        "0,write,1,16777216,1,",
        "1,spawn,2,,,a",
        "1,map,2,16777216,4,shared:a-1@0",
        "1,close,,,,a-1",
        "1,write,2,16777216,4,",
        "30,object,,,4,shmem:a-2",
        "30,map,1,16777220,4,shared:a-2@0",
        "30,write,1,16777220,1,",
        "31,map,2,16777220,4,shared:a-2@0",
        "31,close,,,,a-2",
        "31,write,2,16777220,4,",
        "40,mark,,,,open a",
        "100,object,,,3,shmem:b-1",
        "100,map,1,16777224,3,shared:b-1@0",
        "100,write,1,16777224,1,",
        "101,spawn,3,,,b",
        "101,unpin,2,16777217,3,regen_ns=30000 id=a-1",
        "101,unpin,2,16777221,3,regen_ns=30000 id=a-2",
        "101,map,3,16777224,3,shared:b-1@0",
        "101,close,,,,b-1",
        "101,write,3,16777224,3,",
        "110,mark,,,,open b",
        "200,mark,,,,Chromium drops a-1",
        "210,mark,,,,Chromium drops a-2",
        "220,pressure,,,,moderate",
        "220,mark,,,,pressure moderate",
        "250,mark,,,,front a",
        "250,unpin,3,16777225,2,regen_ns=20000 id=b-1",
        "250,pin,2,16777217,3,",
        "250,read,2,16777217,3,",
        "250,pin,2,16777221,3,",
        "250,read,2,16777221,3,",
        "400,mark,,,,Chromium drops b-1",
        "450,mark,,,,front again b",
        "450,unpin,2,16777217,3,regen_ns=30000 id=a-1",
        "450,unpin,2,16777221,3,regen_ns=30000 id=a-2",
        "450,pin,3,16777225,2,",
        "450,read,3,16777225,2,",
        "500,exit,2,,,",
        "500,unmap,1,16777216,4,",
        "500,unmap,1,16777220,4,",
      ]
    `);
  });

  it('takes what a tab decodes again after a drop for the image that it lost first', async () => {
    // The address of the first image is used again; the new segment is dropped in its turn, which is how it is known.
    const again = [...decode(300, 2, 4, '0x10000', '0x920000'), ...drop(310, 0x10000, 4)];
    const log = [...LOG.slice(0, 16), ...again, ...LOG.slice(16)];
    const hidden = MARKS.filter((mark) => !mark.includes('front'));
    const events = await imported(log, hidden);
    expect(events.filter((event) => /,object,/.test(event))).toHaveLength(3);
    expect(events.filter((event) => /^3[01]/.test(event))).toEqual([
      '30,object,,,4,shmem:a-2',
      '30,map,1,16777220,4,shared:a-2@0',
      '30,write,1,16777220,1,',
      '31,map,2,16777220,4,shared:a-2@0',
      '31,close,,,,a-2',
      '31,write,2,16777220,4,',
      '301,mark,,,,Chromium decodes a-1 again',
      '301,pin,2,16777217,3,',
      '301,read,2,16777217,3,',
      '301,unpin,2,16777217,3,regen_ns=30000 id=a-1',
      '310,mark,,,,Chromium drops a-1',
    ]);
  });

  it('has each line counted once, and what it does not use named', async () => {
    const unused = [
      '1  10.000600 memfd_create("other", 0) = 6 <0.000010>',
      '1  10.000601 ftruncate(6, 4096) = 0 <0.000010>',
      '1  10.000602 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 6, 0) = 0xa00000 <0.000010>',
    ];
    const log = [...LOG, ...unused];
    const input = inputOf(chromium, `${log.join('\n')}\n`, { sides: { marks: MARKS.join('\n') } });
    await eventLines(await chromium.open(input));
    expect(input.account.total).toBe(log.length);
    expect(input.account.remarks).toEqual([
      ['segments that are never dropped or that only the browser maps, left out', 1],
    ]);
  });

  it('makes of an excerpt of the shipped recording the bytes that it always made', async () => {
    const file = (ending: string) =>
      packageFile('harness', 'trace', 'readers', 'chromium', `excerpt.${ending}`);
    const sides = { marks: readFileSync(file('marks')) };
    const source = await chromium.open(inputOf(chromium, readFileSync(file('strace')), { sides }));
    const formatter = new TextFormatter(source.strings);
    const parts: Uint8Array[] = [formatter.header(source.meta)];
    for await (const block of source.blocks()) parts.push(formatter.block(block).slice());
    expect(Buffer.concat(parts).toString()).toBe(readFileSync(file('csv'), 'utf8'));
  });

  it('says what is missing or wrong', async () => {
    const refused = (log: readonly string[], marks: readonly string[], message: RegExp) =>
      expect(imported(log, marks)).rejects.toThrow(message);
    await refused(LOG.slice(0, 12), MARKS, /log: no segment is dropped that another process maps, expected/);
    await refused(
      LOG,
      [],
      /log: 2 processes decode images and the marks open 0 tabs, expected a mark "open TAB"/,
    );
    await refused(LOG, ['10.0 open a', '10.1 front c'], /^marks:2: tab c is not open here, expected/);
    await refused(LOG, ['10.0 open a', '10.1 front a', '10.2 open a'], /^marks:3: tab a is opened again/);
    const single = [...LOG.slice(0, 4), ...drop(200, 0x10000, 4)];
    await refused(single, ['10.0 open a'], /log: no thread decodes two images/);
    await refused(['what'], MARKS, /log:1: "what" has no call with its arguments/);
  });
});
