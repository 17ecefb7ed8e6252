import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/folder.js';
import { openReference, type ReferenceOptions } from './requests.js';

const folder = temporaryFolder('reclaim-requests-');

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

async function ids(path: string, options: ReferenceOptions = {}): Promise<number[]> {
  const found: number[] = [];
  const reference = await openReference(path, options);
  for await (const batch of reference.batches()) {
    found.push(...batch.ids.subarray(0, batch.length));
    expect(batch.distinct).toBe(found.reduce((most, id) => Math.max(most, id + 1), 0));
  }
  return found;
}

async function openedToItsEnd(path: string, options: ReferenceOptions = {}) {
  const reference = await openReference(path, options);
  for await (const batch of reference.batches()) expect(batch.length).toBeGreaterThan(0);
  return reference;
}

/** A record of oracleGeneral. */
function record(time: number, id: bigint, size: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(time, 0);
  bytes.writeBigUInt64LE(id, 4);
  bytes.writeUInt32LE(size, 12);
  bytes.writeBigInt64LE(-1n, 16);
  return bytes;
}

describe('reference strings from files', () => {
  it('counts requests as objects, in order of first appearance', async () => {
    const records = [record(1, 2n ** 64n - 1n, 512), record(1, 0n, 512), record(2, 2n ** 64n - 1n, 9000)];
    expect(await ids(file('a.oracleGeneral.bin', Buffer.concat(records)))).toEqual([0, 1, 0]);
  });

  it('takes ids from records as the reader in JavaScript does, over the ends of chunks', async () => {
    const many = Array.from({ length: 40_000 }, (_, i) => record(1, (BigInt(i * i) << 20n) % 65_521n, 1));
    const path = file('many.oracleGeneral', Buffer.concat(many));
    expect(await ids(path)).toEqual(await ids(path, { backend: 'js' }));
    const { account } = await openedToItsEnd(path);
    expect(account?.used).toBe(40_000);
  });

  it('finds the same records wrong as the reader in JavaScript', async () => {
    const good = Array.from({ length: 20_000 }, (_, i) => record(1, BigInt(i), 1));
    const wrong = record(1, 5n, 1);
    wrong.writeUInt32LE(1 << 25, 20);
    const itself = record(1, 5n, 1);
    itself.writeBigInt64LE(0n, 16);
    const cases: readonly (readonly [content: readonly Buffer[], message: RegExp])[] = [
      [[...good, wrong], /: byte 480000: record 20001 has a next access that is no number of a request/],
      [[...good, Buffer.alloc(7)], /: byte 480000: record 20001 is cut short: 7 bytes, expected 24$/],
      [[itself, ...good], /: byte 0: record 1 has itself as next access/],
    ];
    for (const [content, message] of cases) {
      const path = file('wrong.oracleGeneral', Buffer.concat(content));
      for (const backend of ['js', 'wasm'] as const)
        await expect(openedToItsEnd(path, { reader: 'oracleGeneral', backend })).rejects.toThrow(message);
    }
  });

  it('splits requests into pages of 4 KiB', async () => {
    // Sectors 0 to 7 are page 0; bytes 3584 to 8704 lie on pages 0, 1 and 2.
    const records = [record(1, 7n, 5120), record(1, 8n, 4096), record(2, 8n, 4097), record(3, 9n, 0)];
    const path = file('b.oracleGeneral', Buffer.concat(records));
    expect(await ids(path, { split: true })).toEqual([0, 1, 2, 1, 1, 2, 1]);
  });

  it('reads lists of pages, compressed or not, more than once', async () => {
    const text = '# pages\n5\n0x5\n18446744073709551615\n5';
    const reference = await openReference(file('a.pages.gz', gzipSync(text)));
    expect(reference.rereadable).toBe(true);
    for (let pass = 0; pass < 2; pass++)
      for await (const batch of reference.batches())
        expect([...batch.ids.subarray(0, batch.length)]).toEqual([0, 0, 1, 0]);
  });

  it('takes the touched pages of a trace', async () => {
    const trace = [
      'time_us,op,space,page,count,arg',
      '0,object,,,9,file:a',
      '0,spawn,1,,,',
      '0,map,1,10,9,anon',
      '1,read,1,12,-3,',
      '2,pread,1,11,2,a',
      '3,pwrite,,12,1,a =7',
      '4,write,1,10,2,=1+\n',
    ].join('\n');
    expect(await ids(file('a.csv', trace))).toEqual([0, 1, 2, 3, 4, 4, 2, 1]);
  });

  it('refuses what it cannot read, in one line with the place', async () => {
    const cases: readonly (readonly [path: string, options: ReferenceOptions, message: RegExp])[] = [
      [file('empty.pages', ''), {}, /empty\.pages: the input is empty, expected a log or requests$/],
      [
        file('x.bin', 'what\n'),
        {},
        /x\.bin: no known format fits: .*csv: line 1 has one field, expected at least 2.*; name it with --reader \(reclaim readers lists all\)$/,
      ],
      [
        file('y.pages', '1\n2x\n'),
        { reader: 'pages' },
        /y\.pages:2:2: "x" is wrong here, expected the end of the line$/,
      ],
      [
        file('z.bin', Buffer.concat([record(1, 1n, 1), Buffer.alloc(5)])),
        { reader: 'oracleGeneral' },
        /z\.bin: byte 24: record 2 is cut short: 5 bytes, expected 24$/,
      ],
      [
        file('t.txt', '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n'),
        { reader: 'oracleGeneral' },
        /byte 0: record 1 has a next access/,
      ],
      [
        file('l.strace', '1 10.000000 munmap(0x1000, 4096) = 0\n'),
        {},
        /l\.strace: reader strace reads events, expected requests or a trace; reclaim trace import makes a/,
      ],
      [
        file('t.csv', 'time_us,op,space,page,count,arg\n'),
        { split: true },
        /t\.csv: --split cuts requests into pages, and a trace has pages already$/,
      ],
      [file('p.pages', '1\n'), { reader: 'paegs' }, /unknown reader "paegs".*did you mean pages\?/],
    ];
    for (const [path, options, message] of cases) await expect(ids(path, options)).rejects.toThrow(message);
  });
});
