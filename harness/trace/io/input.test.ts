import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectReader } from '../readers/detect.js';
import { decompressed, limitExpansion, looksLikeBrotli } from './decompress.js';
import { decodedBytes, usingInput } from './input.js';
import { peekBytes } from './peek.js';
import { zstdDecompressor } from './zstd.js';

/** `0123456789abcdef\n`, 20 000 times, by zstd 1.5. */
const ZST = Buffer.from(
  'KLUv/QRYzAAAiDAxMjM0NTY3ODlhYmNkZWYKAQDZ/ymfS0wAAAgyAQD8/zkQAk0AAAg0AQAcMDkQAlhkNJQ=',
  'base64',
);
const PLAIN = Buffer.from('0123456789abcdef\n'.repeat(20_000));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reclaim-input-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `0123456789abcdef\n`, 3000 times, by bzip2 1.0 and xz 5.4. */
const BZ2 = Buffer.from(
  'QlpoOTFBWSZTWTyaIgQAC7fJAAAQf+A/ADAAsBQ00wACaqgTATBQ00wAe1CFhUIWNQhZVCFnUIWlQhfqhC1qELaoQt6hC4qELmoQuqhC7qEL/UIXlQhe1CF8LuSKcKEgeTRECA==',
  'base64',
);
const XZ = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Mc3AFtdABgMQpJqZ7wO0TMs5MxCKcCbUyPxvAghiQKZtRgjBdNcw7qFUk0vv/gh5fZr/qIEE2R+yxxHgmd1AY9fIugT2ZHePIwC0S1iCrTxwHmP7CtpAmbCzkdzCAcNdgAAALd4d0FQxDBXAAF3uI4DAAAg1QX6scRn+wIAAAAABFla',
  'base64',
);
/** `hi\n` by xz, with a SHA-256 of the data in place of a CRC. */
const XZ_SHA256 = Buffer.from(
  '/Td6WFoAAArh+wyhAgAhARYAAAB0L+WjAQACaGkKAACY6m5PIW8vtLaf/5s6RIQsOGhspoXz9V3EjF0/sRB75AABMwOhgeRNGJtLmgEAAAAACllaCg==',
  'base64',
);

describe('decompression', () => {
  it('is by content, of brotli by name', async () => {
    const paths = [
      file('a', PLAIN),
      file('a.zst', ZST),
      file('b', Buffer.concat([ZST, ZST])),
      file('a.gz', gzipSync(PLAIN)),
      file('a.br', brotliCompressSync(PLAIN)),
    ];
    for (const path of paths) {
      const bytes = await all(decodedBytes(path));
      expect(bytes.subarray(0, PLAIN.length).equals(PLAIN)).toBe(true);
    }
  });

  it('of a bzip2 file of one block', async () => {
    expect((await all(decodedBytes(file('a.bz2', BZ2)))).toString()).toBe('0123456789abcdef\n'.repeat(3000));
  });

  it.each([
    ['gzip', gzipSync(PLAIN), PLAIN],
    ['zstd', ZST, PLAIN],
    ['xz', XZ, PLAIN.subarray(0, 17 * 3000)],
    ['bzip2', BZ2, PLAIN.subarray(0, 17 * 3000)],
  ])(
    'of %s reads streams one after the other, in pieces of any size, and finds a cut end',
    async (_, one, plain) => {
      const two = Buffer.concat([one, one]);
      for (const size of [1, 100, two.length])
        expect((await all(decompressed(pieces(two, size), 'x'))).equals(Buffer.concat([plain, plain]))).toBe(
          true,
        );
      for (const length of [
        one.length - 1,
        one.length - 40,
        one.length + 10,
        one.length + 20,
        two.length - 5,
      ])
        await expect(
          all(decompressed(pieces(two.subarray(0, length), 50), 'x')),
          `${length}`,
        ).rejects.toThrow(/^x: the compressed data is damaged \([^()]*\), expected a whole file$/);
    },
  );

  it.each([
    ['xz', XZ],
    ['bzip2', BZ2],
  ])('of %s finds any damage', async (_, one) => {
    for (let at = 20; at < one.length - 12; at += 7) {
      const bytes = Buffer.from(one);
      bytes[at]! ^= 0x10;
      await expect(all(decompressed(pieces(bytes, 100), 'x')), `byte ${at}`).rejects.toThrow(
        /^x: the compressed data is damaged \([^()]*\), expected a whole file$/,
      );
    }
  });

  it('reads two files of xz side by side', async () => {
    const [a, b] = [decompressed(pieces(XZ, 50), 'a'), decompressed(pieces(XZ, 50), 'b')];
    const first = (await a.next()).value as Uint8Array;
    const other = await all(b);
    expect(Buffer.concat([first, await all(a)]).equals(other)).toBe(true);
  });

  it('names the command for a filter or check of xz that is not read', async () => {
    await expect(all(decompressed(pieces(XZ_SHA256, 50), 'x'))).rejects.toThrow(
      'x: this is xz-compressed with a filter or check that is not read here; use xz -dc FILE | reclaim … -',
    );
  });

  it('of brotli is by name, and is known where nothing else is', () => {
    const squares = Array.from({ length: 20_000 }, (_, i) => `${(i * i) % 65_537}\n`).join('');
    const br = brotliCompressSync(squares);
    expect(looksLikeBrotli(br)).toBe(true);
    expect(looksLikeBrotli(br.subarray(0, br.length >> 1))).toBe(true);
    for (const bytes of [PLAIN.subarray(0, 100), Buffer.alloc(100), Buffer.from('no brotli at all'), BZ2])
      expect(looksLikeBrotli(bytes)).toBe(false);
    expect(() => detectReader(br, 'x')).toThrow(
      /^x: this looks brotli-compressed, .* brotli -dc FILE \| reclaim … -$/,
    );
  });

  it('refuses archives and other compressions with the command that reads them', async () => {
    const tar = Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar'), Buffer.alloc(250)]);
    const refused: readonly (readonly [Buffer, string])[] = [
      [Buffer.from('04224d186440a7', 'hex'), 'this is lz4-compressed, .*; use lz4 -dc FILE \\| reclaim … -$'],
      [Buffer.from('PK\x03\x04\x14'), 'a zip archive, .*; use unzip -p FILE \\| reclaim … -$'],
      [tar, 'a tar archive, .*; use tar -xOf FILE MEMBER \\| reclaim … -$'],
      [gzipSync(tar), 'a tar archive, .*; use tar -xOf FILE MEMBER \\| reclaim … -$'],
      [Buffer.from('377abcaf271c0004', 'hex'), 'a 7z archive, .*; use 7z e -so FILE \\| reclaim … -$'],
    ];
    for (const [bytes, message] of refused)
      for (const size of [1, 1000])
        await expect(all(decompressed(pieces(bytes, size), 'x'))).rejects.toThrow(new RegExp(message));
  });

  it('of zstd is the same in JavaScript, in pieces of any size', async () => {
    for (const size of [1, 7, 50, ZST.length]) {
      const pieces = Array.from({ length: Math.ceil(ZST.length / size) }, (_, i) =>
        ZST.subarray(i * size, i * size + size),
      );
      const bytes = await all(Readable.from(pieces).pipe(zstdDecompressor(false)));
      expect(bytes.equals(PLAIN)).toBe(true);
    }
  });

  it('finds damage and missing ends', async () => {
    const damaged = Buffer.from(ZST);
    damaged[20] = 0xff;
    for (const bytes of [ZST.subarray(0, 40), ZST.subarray(0, -2), damaged.subarray(0, 30)])
      await expect(all(decodedBytes(file('bad.zst', bytes)))).rejects.toThrow(
        /bad\.zst: the compressed data is damaged \(.*\), expected a whole file$/,
      );
  });
});

describe('a small file that expands without end', () => {
  const bomb = (bytes: number) => {
    // The best compression takes seconds, and zeros shrink far enough without.
    const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
    const path = file('bomb.br', brotliCompressSync(Buffer.alloc(bytes), { params }));
    return { path, read: () => all(decodedBytes(path)) };
  };

  it('is refused, with the flag that allows it', async () => {
    const { read } = bomb(80 * 1024 ** 2);
    await expect(read()).rejects.toThrow(
      /bomb\.br: it expands to more than 1000 times its size \(\d+ bytes so far, of \d+\); if that is meant, raise --max-expansion$/,
    );
    limitExpansion(1e9);
    try {
      expect(await read()).toHaveLength(80 * 1024 ** 2);
    } finally {
      limitExpansion(1000);
    }
  });

  it('passes below 64 MiB', async () => {
    expect(await bomb(60 * 1024 ** 2).read()).toHaveLength(60 * 1024 ** 2);
  });
});

describe('the start of an input', () => {
  it('is read ahead, and all of it again', async () => {
    async function* bytes() {
      for (const text of ['ab', 'cd', 'ef', 'gh']) yield Buffer.from(text);
    }
    const { head, all: everything } = await peekBytes(bytes(), 5);
    expect(Buffer.from(head).toString()).toBe('abcde');
    expect((await all(everything)).toString()).toBe('abcdefgh');
    const empty = await usingInput(file('empty', new Uint8Array(0)), async (input) => input);
    expect(empty.head).toHaveLength(0);
    await empty.close();
  });
});
