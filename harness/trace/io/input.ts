import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileError } from '../../base/errors.js';
import { decompressed } from './decompress.js';
import { type PeekedBytes, peekBytes } from './peek.js';

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

/**
 * The bytes of a file (or of standard input, `-`), decompressed as `decompressed` does.
 *
 * @throws InputError when the file cannot be read or its compression is damaged
 */
export function decodedBytes(path: string): AsyncGenerator<Uint8Array> {
  return decompressed(rawChunks(path), inputName(path));
}

/** Enough to distinguish formats. */
const HEAD_BYTES = 1 << 16;

/**
 * Reads the start of an input, so that its format can be detected before it is read; standard input cannot be read twice.
 *
 * @throws InputError as `decodedBytes`
 */
export function peekInput(path: string): Promise<PeekedBytes> {
  return peekBytes(decodedBytes(path), HEAD_BYTES);
}
