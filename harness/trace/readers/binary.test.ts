import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputOf, requestReader, requestsIn } from '../../testing/readers.js';
import { FIELDS, lcsHeader, oldLcsHeader, packed, requestsOf } from '../../testing/requests.js';
import { parseLayout } from './scan/layout.js';
import { NAMED_LAYOUTS } from './scan/named-layouts.js';

const binary = requestReader('binary');
const lcs = requestReader('lcs');

/** Packs records as Python's struct does, by a loop of its own over the letters. */
function pack(format: string, ...records: readonly (readonly (number | bigint)[])[]): Buffer {
  const big = format.startsWith('>');
  const sizes: Readonly<Record<string, number>> = { b: 1, B: 1, h: 2, H: 2, i: 4, I: 4, q: 8, Q: 8 };
  return Buffer.concat(
    records.flatMap((record) =>
      [...format.replace(/^[<>]/, '')].map((letter, i) => {
        const size = sizes[letter]!;
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(record[i]!)));
        const field = bytes.subarray(0, size);
        return big ? Buffer.from(field).reverse() : field;
      }),
    ),
  );
}

const u = (bits: number) => fc.bigInt(0n, 2n ** BigInt(bits) - 1n);
const record = fc.tuple(u(32), u(64), u(32));

describe('records of vscsi', () => {
  it('of commands that are no READ or WRITE are left out by their code', async () => {
    const codes = [0x08, 0x12, 0x28, 0xa8, 0x88, 0x0a, 0x2a, 0xaa, 0x8a, 0x00, 0x12];
    const bytes = packed(FIELDS.vscsi2, ...codes.map((code, i) => [code, 0x200, i, 512, 1, i, i, 3]));
    const input = inputOf(requestReader('vscsi'), bytes);
    const requests = [];
    for await (const batch of requestReader('vscsi').read(input)) requests.push(...requestsOf(batch));
    expect(requests.map(({ id, write }) => [Number(id), write])).toEqual(
      [0, 2, 3, 4, 5, 6, 7, 8].map((i) => [i, i > 4]),
    );
    expect(input.account.leftOut).toEqual([
      ['SCSI commands 0x12', 2],
      ['SCSI commands 0x00', 1],
    ]);
    expect(input.account.used).toBe(8);
  });
});

describe('binary records', () => {
  it('of any order of fields and bytes are read back', async () => {
    const order = fc.shuffledSubarray(['I', 'Q', 'H'], { minLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 40 }),
        order,
        fc.constantFrom('<', '>'),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (records, letters, endian, pieces) => {
          // I is the time, Q the id, H the size.
          const rows = records.map(([time, id, size]) =>
            letters.map((letter) => ({ I: time, Q: id, H: size % 65_536n })[letter]!),
          );
          const format = endian + letters.join('');
          const column = (letter: string) => String(letters.indexOf(letter) + 1);
          const given = { format, time: column('I'), id: column('Q'), size: column('H') };
          const first = Number(records[0]![0]);
          expect(await requestsIn(binary, pack(format, ...rows), { given, pieces })).toEqual(
            records.map(([time, id, size]) => ({
              id,
              size: Number(size % 65_536n),
              write: false,
              timeUs: (Number(time) - first) * 1e6,
              volume: 0,
            })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('have times since the first one, exact in nanoseconds since 1970', async () => {
    const start = 1_700_000_000_000_000_123n;
    const bytes = pack('<QI', [start, 1], [start + 1_999n, 2], [start + 86_400_000_000_000n, 3]);
    const requests = await requestsIn(binary, bytes, {
      given: { format: '<QI', time: '1', id: '2', unit: 'ns' },
    });
    expect(requests.map(({ timeUs }) => timeUs)).toEqual([0, 1, 86_400_000_000]);
  });

  it('have operations as libCacheSim numbers them, or as said, and volumes', async () => {
    const bytes = pack('<BHB', [3, 7, 1], [1, 7, 2], [0x2a, 8, 1]);
    const given = { format: '<BHB', op: '1', id: '2', volume: '3' };
    const own = await requestsIn(binary, bytes.subarray(0, 8), { given });
    expect(own.map(({ write, volume }) => [write, volume])).toEqual([
      [true, 1],
      [false, 2],
    ]);
    const said = await requestsIn(binary, bytes, { given: { ...given, writes: '0x2a+7' } });
    expect(said.map(({ write }) => write)).toEqual([false, false, true]);
  });

  it('of Java are big-endian arrays, as Caffeine has them', async () => {
    const ids = [5n, 2n ** 63n, 2n ** 64n - 1n];
    const bytes = pack('>Q', ...ids.map((id) => [id]));
    expect(
      (await requestsIn(binary, bytes, { given: { format: '>Q', id: '1' } })).map(({ id }) => id),
    ).toEqual(ids);
    for await (const { timed } of binary.read(inputOf(binary, bytes, { given: { format: '>Q', id: '1' } })))
      expect(timed).toBe(false);
    const ints = pack('>I', [7], [2 ** 32 - 1]);
    expect(
      (await requestsIn(binary, ints, { given: { format: '>I', id: '1' } })).map(({ id }) => id),
    ).toEqual([7n, 2n ** 32n - 1n]);
  });

  it('with a name are as libCacheSim describes them', async () => {
    const sizes = Object.fromEntries([...NAMED_LAYOUTS].map(([name, { bytes }]) => [name, bytes]));
    expect(sizes).toEqual({
      valpin: 8,
      standardIII: 12,
      standardIQI: 16,
      standardIQIBH: 19,
      twr: 20,
      twrNS: 22,
      cf1: 41,
      akamai: 22,
      wiki16u: 14,
      wiki19u: 18,
      wiki19t: 16,
      oracleGeneral: 24,
      oracleGeneralOpNS: 27,
      oracleSimTwrNS: 30,
      oracleSysTwrNS: 34,
      oracleCF1: 49,
      oracleAkamai: 30,
      oracleWiki16u: 22,
      oracleWiki19u: 26,
    });
    // Key size in the upper 10 bits, value size in the lower 22; operation in the upper 8, time to live in the lower 24.
    const twr = pack('<IQII', [9, 5, (33 << 22) + 1000, 3 * 2 ** 24 + 60], [10, 6, (1 << 22) + 1, 2 ** 24]);
    expect(await requestsIn(binary, twr, { given: { format: 'twr' } })).toMatchObject([
      { id: 5n, size: 1033, write: true, timeUs: 0 },
      { id: 6n, size: 2, write: false, timeUs: 1e6 },
    ]);
    const cf1 = pack('<IQQiIIHHHBBB', [9, 5, 2n ** 40n, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(await requestsIn(binary, cf1, { given: { format: 'cf1' } })).toMatchObject([
      { id: 5n, size: 2 ** 40 },
    ]);
  });

  it.each([...NAMED_LAYOUTS].filter(([name, { next }]) => next && name !== 'oracleGeneral'))(
    'of %s are found by content',
    (_, layout) => {
      const bytes = Buffer.alloc(layout.bytes * 4);
      for (let i = 0; i < 4; i++) {
        bytes.writeBigUInt64LE(BigInt(i % 2) + 2n ** 40n, i * layout.bytes + layout.id.offset);
        const next = i < 2 ? BigInt(i + 3) : -1n;
        bytes.writeBigInt64LE(next, i * layout.bytes + layout.next!.offset);
      }
      expect(binary.detect(bytes)).toEqual({ fit: 2 });
    },
  );

  it('that are not described, or wrongly, are refused', async () => {
    const refused = (given: Readonly<Record<string, string>>) =>
      requestsIn(binary, Buffer.alloc(100, 7), { given }).then(
        () => 'read',
        (error: Error) => error.message,
      );
    expect(await refused({ format: '<IQZ', id: '2' })).toMatch(
      /"Z" in the format <IQZ is not a type of a field/,
    );
    expect(await refused({ format: '<IQI' })).toMatch(/does not say which field is the id/);
    expect(await refused({ format: '<IQI', id: '4' })).toMatch(/binary:id=4, and the format has 3 fields/);
    expect(await refused({ format: '<Id', id: '2' })).toMatch(
      /binary:id=2 is a field of type d, expected a whole/,
    );
    expect(await refused({ format: 'twrNs' })).toMatch(
      /unknown format of binary "twrNs".* did you mean twrNS\?/,
    );
    expect(await refused({ format: 'twr', id: '1' })).toMatch(
      /binary:id=1, and format twr says which field that is/,
    );
    expect(await refused({ format: '<IQI', id: '2', time: '1', size: '3' })).toBe(
      'x: byte 96: record 7 is cut short: 4 bytes, expected 16',
    );
    expect(() => parseLayout('<')).toThrow(/has no field/);
  });
});

describe('lcs', () => {
  it.each([
    [1, [4, 8, 4, 8]],
    [2, [4, 8, 4, 4, 8]],
    [3, [4, 8, 8, 4, 4, 8]],
    [4, [4, 8, 8, 4, 4, 8, 4]],
    [5, [4, 8, 8, 4, 4, 8, 8]],
    [6, [4, 8, 8, 4, 4, 8, 8, 8]],
    [7, [4, 8, 8, 4, 4, 8, 8, 8, 8, 8]],
    [8, [4, 8, 8, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8]],
  ])('version %i is read', async (version, sizes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        // An operation of 13 is a write; a tenant lies above it.
        const rest = sizes.slice(3).map((_, i) => (i === 0 ? 13 + 77 * 256 : -1));
        const rows = packed(sizes, ...records.map(([time, id, size]) => [time, id, size, ...rest]));
        const bytes = Buffer.concat([lcsHeader(version, records.length), rows]);
        const first = Number(records[0]![0]);
        expect(await requestsIn(lcs, bytes, { pieces: [1000] })).toEqual(
          records.map(([time, id, size]) => ({
            id,
            size: Number(size),
            write: version > 1,
            timeUs: (Number(time) - first) * 1e6,
            volume: 0,
          })),
        );
      }),
      { numRuns: 10 },
    );
  });

  it('with a format string in the header is read', async () => {
    const rows = pack('<QBIH', [9, 13, 5, 100], [10, 1, 6, 200]);
    const bytes = Buffer.concat([oldLcsHeader('<QBIH', [1, 4, 3, 2], 2), rows]);
    expect(lcs.detect(bytes)).toEqual({ fit: 3 });
    expect(await requestsIn(lcs, bytes)).toEqual([
      { id: 9n, size: 100, write: true, timeUs: 0, volume: 0 },
      { id: 10n, size: 200, write: false, timeUs: 1e6, volume: 0 },
    ]);
    await expect(requestsIn(lcs, bytes.subarray(0, -1))).rejects.toThrow(
      'x: byte 1039: record 2 is cut short',
    );
    await expect(requestsIn(lcs, bytes.subarray(0, -15))).rejects.toThrow(
      'x: the file is cut short: 1 records, expected 2 as its header says',
    );
  });
});
