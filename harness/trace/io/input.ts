import { createReadStream } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { fileError, HostError, InputError } from '../../input/errors.js';

/** The name that stands for standard input. */
export const STDIN = '-';

const CHUNK_BYTES = 1 << 18;

/** What messages call an input. */
export function inputName(path: string): string {
  return path === STDIN ? '(standard input)' : path;
}

async function* rawChunks(path: string): AsyncGenerator<Uint8Array> {
  const stream: Readable =
    path === STDIN ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw fileError(error, inputName(path));
  }
}

function startsWith(bytes: Uint8Array, ...prefix: number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** The decompressor that content and name ask for; undefined for plain bytes. */
function decompressor(path: string, start: Uint8Array): Transform | undefined {
  const file = inputName(path);
  if (startsWith(start, 0x1f, 0x8b)) return zlib.createGunzip();
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) {
    if (!('createZstdDecompress' in zlib)) {
      throw new HostError(
        `${file}: this Node has no zstd, expected Node 22.15 or later; or use zstd -dc FILE | reclaim … -`,
      );
    }
    return (zlib.createZstdDecompress as () => Transform)();
  }
  if (startsWith(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a)) {
    throw new InputError(
      'this is xz-compressed, expected plain, .gz, .br or .zst; use xz -dc FILE | reclaim … -',
      { file },
    );
  }
  // Brotli has no magic number: the name has to say so.
  return path.endsWith('.br') ? zlib.createBrotliDecompress() : undefined;
}

async function* chain(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/**
 * The bytes of a file (or of standard input, `-`), decompressed: gzip, zstd (where Node has it) by content, brotli
 * by the ending `.br`.
 *
 * @throws InputError when the file cannot be read or its compression is damaged; HostError when Node lacks zstd
 */
export async function* decodedBytes(path: string): AsyncGenerator<Uint8Array> {
  const raw = rawChunks(path);
  const { value: first, done } = await raw.next();
  if (done || !first) return;
  const transform = decompressor(path, first);
  const bytes = chain(first, raw);
  if (!transform) {
    yield* bytes;
    return;
  }
  const source = Readable.from(bytes);
  source.on('error', (error) => transform.destroy(error));
  try {
    for await (const chunk of source.pipe(transform)) yield chunk as Uint8Array;
  } catch (error) {
    throw damaged(error, path);
  }
}

function damaged(error: unknown, path: string): unknown {
  if (error instanceof InputError || error instanceof HostError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new InputError(`the compressed data is damaged (${reason}), expected a whole file`, {
    file: inputName(path),
  });
}
