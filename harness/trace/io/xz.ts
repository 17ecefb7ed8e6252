import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { InputError } from '../../base/errors.js';

type Library = typeof import('xz-decompress');

/** An option that is not read. */
const OPTIONS_ERROR = 6;
/** More bytes are needed, and there are none. */
const END_ERROR = 8;
/** What its errors mean. Source: enum xz_ret of XZ Embedded, linux/include/linux/xz.h */
const REASONS: Readonly<Record<number, string>> = {
  5: 'the header is wrong',
  7: 'the checksums or the data are wrong',
  [END_ERROR]: 'unexpected end of file',
};

const require = createRequire(import.meta.url);

/**
 * A copy of the library of its own: one copy decompresses one stream at a time, and the next one waits until it has
 * ended, which never happens where two files are read side by side.
 */
function ownCopy(): Library {
  delete require.cache[require.resolve('xz-decompress')];
  return require('xz-decompress') as Library;
}

/**
 * Decompresses .xz, also several streams one after the other.
 *
 * @throws InputError for filters other than LZMA2 and checks other than CRCs
 */
export async function* xzDecompressed(source: Readable): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = ownCopy();
  const input = Readable.toWeb(source) as unknown as ReadableStream<Uint8Array>;
  try {
    yield* Readable.fromWeb(new XzReadableStream(input) as unknown as WebStream);
  } catch (error) {
    if (error instanceof Error && codeOf(error) === OPTIONS_ERROR)
      throw new InputError(
        'this is xz-compressed with a filter or check that is not read here; use xz -dc FILE | reclaim … -',
      );
    throw error;
  }
}

/** The code of an error of the library; of others, that of a stream that ends where more is needed. */
function codeOf({ message }: Error): number {
  return Number(/error code (\d+)$/.exec(message)?.[1] ?? END_ERROR);
}

/** What is wrong, in words, of an error that ended the decompression. */
export function xzReason(error: Error): string {
  const code = codeOf(error);
  return REASONS[code] ?? `error ${code}`;
}
