import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../base/package-root.js';
import { FIELDS, packed, type Request, requestsOf, SAMPLES, type Sample } from '../../testing/requests.js';
import { BATCH_CAPACITY } from '../requests/batch.js';
import type { RequestReader } from './reader.js';
import { chooseReader, READERS, readerOf } from './registry.js';

const FOLDER = packageFile('harness', 'trace', 'readers');

/** Bytes in pieces of some sizes, in turn. */
async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(
  reader: RequestReader,
  bytes: Uint8Array,
  sizes: readonly number[] = [bytes.length],
): Promise<Request[]> {
  const requests: Request[] = [];
  for await (const batch of reader.read(pieces(bytes, sizes), 'x')) requests.push(...requestsOf(batch));
  return requests;
}

function sampleOf(reader: RequestReader): Sample {
  const sample = SAMPLES[reader.name];
  if (!sample) throw new Error(`harness/testing/requests.ts has no sample of ${reader.name}`);
  return sample;
}

describe.each(READERS.map((reader) => [reader.name, reader] as const))('the reader of %s', (name, reader) => {
  it('says what it reads and where that is described', () => {
    expect(name).toMatch(/^[A-Za-z][A-Za-z0-9-]*$/);
    expect(reader.summary.length).toBeGreaterThan(20);
    expect(reader.source.length).toBeGreaterThan(20);
    expect(Math.log2(reader.idBytes) % 1).toBe(0);
    expect(reader.idBytes).toBeLessThanOrEqual(4096);
    for (const extension of reader.extensions) expect(extension).toMatch(/^\.[a-z.]+$/);
    expect(readFileSync(`${FOLDER}/README.md`, 'utf8')).toContain(`| \`${name}\` |`);
  });

  it('reads its sample, whatever the pieces it comes in', async () => {
    const sample = sampleOf(reader);
    expect(await read(reader, sample.bytes)).toEqual(sample.requests);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), async (sizes) => {
        expect(await read(reader, sample.bytes, sizes)).toEqual(sample.requests);
      }),
      { numRuns: 20 },
    );
  });

  it('is found by content and name', () => {
    const sample = sampleOf(reader);
    expect(chooseReader(sample.bytes, sample.file).name).toBe(name);
    expect(chooseReader(sample.bytes, `${sample.file.toUpperCase()}.gz`).name).toBe(name);
  });

  it('refuses files of other formats in one line', async () => {
    for (const [bytes, message] of sampleOf(reader).wrong)
      await expect(read(reader, Buffer.from(bytes))).rejects.toThrow(message);
    await expect(read(reader, Buffer.alloc(0))).rejects.toThrow(/^x: (the input is empty|no requests)/);
    const others = READERS.filter((other) => reader.detect(sampleOf(other).bytes) === 0);
    for (const other of others) {
      const { bytes } = sampleOf(other);
      await expect(read(reader, bytes), other.name).rejects.toThrow(/^x(:\d+:\d+|: byte \d+)?: [^\n]+$/);
    }
  });
});

describe('the registry', () => {
  it('has every reader of the folder, and a sample of no other', () => {
    const files = readdirSync(FOLDER).filter((file) => /^[a-z-]+\.ts$/.test(file));
    const support = ['reader.ts', 'registry.ts', 'marks.ts'];
    expect(files.filter((file) => !support.includes(file))).toHaveLength(READERS.length);
    expect(Object.keys(SAMPLES).sort()).toEqual(READERS.map(({ name }) => name).sort());
    expect(existsSync(`${FOLDER}/README.md`)).toBe(true);
  });

  it('tells formats apart without a name that helps', () => {
    for (const reader of READERS) {
      const alike = ['txt', 'lirs'].includes(reader.name);
      const found = chooseReader(sampleOf(reader).bytes, 'x').name;
      if (!alike || reader.name === 'lirs') expect(found).toBe(reader.name);
      else expect(found).toBe('pages');
    }
  });

  it('takes parameters of a format', async () => {
    const csv = readerOf('csv:id=3,time=1');
    expect(await read(csv, Buffer.from('9|x|5\n'))).toMatchObject([{ id: 5n, timeUs: 9e6, size: 0 }]);
    expect(() => readerOf('csv:di=3')).toThrow(
      /unknown parameter of format csv "di", expected one of time, id/,
    );
    expect(() => readerOf('csv:id')).toThrow(/"id" in "csv:id" is not a parameter, expected key=value/);
    expect(() => readerOf('pages:id=1')).toThrow(/unknown parameter of format pages "id"/);
    await expect(read(readerOf('csv:id=4'), Buffer.from('9|x|5\n'))).rejects.toThrow(/expected 4 columns/);
    await expect(read(readerOf('csv:time=1'), Buffer.from('9|x|5\n'))).rejects.toThrow(/no column of ids/);
  });

  it('says which formats there are where none fits', () => {
    expect(() => chooseReader(Buffer.from('hello\n'), 'x')).toThrow(
      /^x: no known format fits, expected one of oracleGeneral/,
    );
    expect(() => chooseReader(Buffer.alloc(0), 'x')).toThrow(/^x: the input is empty/);
  });
});

describe('batches', () => {
  it('are of 64 Ki records, and errors find their byte in later ones', async () => {
    const records = Array.from({ length: BATCH_CAPACITY + 3 }, (_, i) => [i, i, 1, -1] as const);
    const bytes = packed(FIELDS.oracleGeneral, ...records);
    const lengths: number[] = [];
    for await (const batch of readerOf('oracleGeneral').read(pieces(bytes, [100_000]), 'x'))
      lengths.push(batch.length);
    expect(lengths).toEqual([BATCH_CAPACITY, 3]);
    await expect(read(readerOf('oracleGeneral'), bytes.subarray(0, -1), [100_000])).rejects.toThrow(
      `x: byte ${(BATCH_CAPACITY + 2) * 24}: record ${BATCH_CAPACITY + 3} is cut short: 23 bytes`,
    );
  });

  it('are of 64 Ki lines, and long runs go on in the next', async () => {
    const lengths: number[] = [];
    const lines = Buffer.from(`w1 ${BATCH_CAPACITY * 2 + 1}\r\nr2 1`);
    for await (const batch of readerOf('lackey-run').read(pieces(lines, [5]), 'x'))
      lengths.push(batch.length);
    expect(lengths).toEqual([BATCH_CAPACITY, BATCH_CAPACITY, 2]);
  });

  it('vscsi version 1 is read as well', async () => {
    const bytes = packed(
      FIELDS.vscsi1,
      [1, 512, 1, 0x8a, 0x100, 9, 100],
      [2, 1024, 1, 0x08, 0x100, 2n ** 33n, 2n ** 34n],
    );
    expect(await read(readerOf('vscsi'), bytes)).toMatchObject([
      { id: 9n, size: 512, write: true, timeUs: 100 },
      { id: 2n ** 33n, size: 1024, write: false, timeUs: 2 ** 34 },
    ]);
    expect(chooseReader(bytes, 'x').name).toBe('vscsi');
  });

  it('refuse a line that never ends', async () => {
    await expect(read(readerOf('pages'), Buffer.alloc(3 << 20, 0x31), [1 << 18])).rejects.toThrow(
      /^x: a line of more than/,
    );
  });
});

describe('numbers in text', () => {
  const id = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 10n ** 16n), fc.bigInt(0n, 2n ** 33n));
  it('are exact up to 2^64 - 1, decimal and hexadecimal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(id, { minLength: 1 }), fc.nat(), async (ids, zeros) => {
        const lines = ids
          .map((n, i) => (i % 2 ? `0x${n.toString(16)}` : `${'0'.repeat(zeros % 30)}${n}`))
          .join('\n');
        expect((await read(readerOf('pages'), Buffer.from(lines))).map((request) => request.id)).toEqual(ids);
      }),
    );
  });

  it('of 1 to 18 hexadecimal digits are exact, or refused with their place', async () => {
    const digits = fc.string({
      unit: fc.constantFrom(...'0123456789abcdefABCDEF'),
      minLength: 1,
      maxLength: 18,
    });
    const readers = { address: (hex: string) => `l 0x${hex} 3\n`, pages: (hex: string) => `0x${hex}\n` };
    await fc.assert(
      fc.asyncProperty(digits, fc.constantFrom('address', 'pages'), async (hex, name) => {
        const requests = read(readerOf(name), Buffer.from(readers[name](hex)));
        if (hex.length <= 16) expect((await requests)[0]!.id).toBe(BigInt(`0x${hex}`));
        else await expect(requests).rejects.toThrow(/:1:\d+: .*below 2\^64/);
      }),
    );
  });
});
