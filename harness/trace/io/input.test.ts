import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodedBytes, peekBytes, peekInput } from './input.js';
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

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

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

  it('of xz is left to xz', async () => {
    const xz = file('a.xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0));
    await expect(all(decodedBytes(xz))).rejects.toThrow(
      /a\.xz: this is xz-compressed, .* use xz -dc FILE \| reclaim … -$/,
    );
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
    const empty = await peekInput(file('empty', new Uint8Array(0)));
    expect(empty.head).toHaveLength(0);
    await empty.close();
  });
});
