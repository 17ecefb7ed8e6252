import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openReference } from '../mrc/requests.js';
import { temporaryFolder } from '../testing/folder.js';
import { FIELDS, packed } from '../testing/requests.js';
import { compileTrace } from './compile.js';
import { type ImportOptions, importTrace } from './import.js';
import { limitLargePages } from './page-budget.js';
import { openTrace } from './trace.js';
import { formOf, writeTrace } from './write.js';

const folder = temporaryFolder('reclaim-pages-');
const DEFAULT = 2 ** 23;
let cache: string | undefined;
beforeAll(() => {
  cache = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder(), 'cache');
});
afterAll(() => {
  process.env.XDG_CACHE_HOME = cache;
});
afterEach(() => limitLargePages(DEFAULT));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

const DAMON = (end: string) =>
  `monitoring_start: 0 ns\ntarget_id: 1\nnr_regions: 1\n000000001000-${end}(8.000 KiB): 3\n`;

/** Lines (or records) that stand for more pages than anything holds, and where. */
const HUGE: readonly (readonly [reader: string, content: string | Uint8Array, place: string])[] = [
  ['damon', DAMON('ffffffffffffffff'), ':4'],
  ['lackey', ' L 1000,8\n S 1000,9007199254740991\n', ':2'],
  ['lackey-run', 'r10 3\nw11 999999999999\n', ':2'],
  ['fio', 'fio version 2 iolog\nf add\nf open\nf read 0 9007199254740991\n', ':4'],
  ['spc', '0,10,512,R,0.1\n0,11,9007199254740991,R,0.2\n', ':2'],
  ['msr', '1,host,0,Read,0,4096,1\n2,host,0,Read,0,9007199254740991,1\n', ':2'],
  ['alibaba', '1,R,0,4096,1\n1,R,0,4503599627370495,2\n', ':2'],
  ['blkparse', '8,0 1 1 0.1 1 Q R 8 + 8 [x]\n8,0 1 2 0.2 1 Q R 16 + 4503599627370495 [x]\n', ':2'],
  ['fiu', '1 2 p 8 8 R 8 0 x\n2 2 p 16 4503599627370495 R 8 0 x\n', ':2'],
  ['csv', 'time,id,size\n1,1,4096\n2,2,9007199254740991\n', ':3'],
  ['arc', '0 4 0 0\n8 2147483647 0 1\n', ':2'],
  [
    'vscsi',
    packed(
      FIELDS.vscsi2,
      [0x28, 0x200, 1, 4096, 1, 8, 1000, 3],
      [0x28, 0x200, 2, 2 ** 32 - 1, 1, 16, 2000, 3],
    ),
    '',
  ],
];
/** What has to be split for that: requests that are not of pages already. */
const OF_PAGES = new Set(['damon', 'lackey', 'lackey-run', 'drmemtrace', 'arc']);
const options = (reader: string): ImportOptions => ({ reader, split: !OF_PAGES.has(reader) });

describe('a line that stands for billions of pages', () => {
  const wrong = HUGE.filter(([, , place]) => place !== '');

  it.each(wrong)('is refused with its place by trace import: %s', async (reader, content, place) => {
    const path = file(`${reader}.log`, content);
    await expect(importTrace(path, options(reader))).rejects.toThrow(
      new RegExp(
        `\\.log${place}: with \\d+ pages here, requests or events of over 512 pages touch more than 8388608 in all; if that is meant, raise --max-pages$`,
      ),
    );
  });

  it.each(wrong)('is refused with its place by mrc: %s', async (reader, content, place) => {
    const reference = await openReference(file(`${reader}.log`, content), options(reader));
    const all = async () => {
      for await (const _ of reference.batches());
    };
    await expect(all()).rejects.toThrow(new RegExp(`\\.log${place}: with \\d+ pages here`));
  });

  it('is read where the limit says so, and one after the other up to the limit', async () => {
    const path = file('some.log', ' L 1000,8\n L 2000,4194304\n L 2000,4194304\n L 1000,8\n');
    limitLargePages(1023);
    await expect(importTrace(path, { reader: 'lackey' })).rejects.toThrow(
      /some\.log:3: with 1024 pages here, .* more than 1023 in all/,
    );
    limitLargePages(2048);
    await expect(importTrace(path, { reader: 'lackey' })).resolves.toBeDefined();
  });

  it('may be as large as an object: nothing is cut into pages', async () => {
    const path = file('objects.csv', 'time,id,size\n1,1,4096\n2,2,9007199254740991\n');
    await expect(importTrace(path, { reader: 'csv' })).resolves.toBeDefined();
  });

  it('is refused with its byte in binary records', async () => {
    const path = file('disk.vscsi', HUGE.at(-1)![1]);
    limitLargePages(1000);
    await expect(importTrace(path, { reader: 'vscsi', split: true })).rejects.toThrow(
      /disk\.vscsi: byte 40: with 1048576 pages here/,
    );
  });
});

const HEADER = 'time_us,op,space,page,count,arg\n0,spawn,1,,,\n';
const MOST = 2 ** 31 - 1;

describe('pages that are touched again', () => {
  const writes = (number: number) => HEADER + `1,write,1,0,2512,\n`.repeat(number);

  it('count four times as often: they take time, but no memory', async () => {
    limitLargePages(2000);
    await expect(compileTrace(file('four.csv', writes(4)))).resolves.toBeDefined();
    await expect(compileTrace(file('five.csv', writes(5)))).rejects.toThrow(
      /five\.csv:7: with 2512 pages here, .* more than 8000 with those touched before in all/,
    );
  });
});

describe('an event that touches billions of pages', () => {
  it.each([
    `write,1,0,${MOST},=1`,
    `read,1,${MOST},-${MOST},`,
    `pread,1,0,${MOST},f`,
    `pwrite,,0,${MOST},f`,
    `map,1,0,${MOST},anon populate`,
    `map,1,0,${MOST},anon locked`,
    `map,1,0,${MOST},shared:p@0`,
    `lock,1,0,${MOST},`,
    `remap,1,0,1,grow=${MOST}`,
    `madvise,1,0,${MOST},MADV_POPULATE_WRITE`,
    `madvise,1,0,${MOST},MADV_WILLNEED`,
    `fallocate,,0,${MOST},alloc:f`,
  ])('is refused with its line: %s', async (event) => {
    const path = file('t.csv', `${HEADER}1,object,,,${MOST},pfn:p\n2,${event}\n`);
    const refused =
      /:4: with 2147483647 pages here, requests or events of over 512 pages touch more than 8388608/;
    await expect(compileTrace(path)).rejects.toThrow(refused);
    limitLargePages(MOST);
    const trace = await openTrace(await compileTrace(path));
    const output = join(folder(), 't.rtrace');
    await writeTrace(
      { meta: trace.meta, strings: trace.strings, blocks: () => trace.blocks() },
      output,
      formOf(output),
    );
    limitLargePages(DEFAULT);
    // From the cache of compiled traces, and in binary form.
    await expect(compileTrace(path)).rejects.toThrow(refused);
    await expect(compileTrace(output)).rejects.toThrow(refused);
  });

  it.each([
    `map,1,0,${MOST},anon`,
    `discard,1,0,${MOST},`,
    `madvise,1,0,${MOST},MADV_DONTNEED`,
    `unmap,1,0,${MOST},`,
    `protect,1,0,${MOST},ro`,
    `truncate,,,${MOST},f`,
  ])('is read where it is about a range: %s', async (event) => {
    await expect(compileTrace(file('r.csv', `${HEADER}2,${event}\n`))).resolves.toBeDefined();
  });
});
