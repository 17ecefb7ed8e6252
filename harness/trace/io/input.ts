import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { InputError } from '../../base/errors.js';
import { type InputKind, inputKind, inputName, rawBytes } from './raw.js';
import { zstdDecompressor } from './zstd.js';

export { inputName, STDIN } from './raw.js';

function startsWith(bytes: Uint8Array, ...prefix: number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** The decompressor that content and name ask for; undefined for plain bytes. */
function decompressor(path: string, start: Uint8Array): Transform | undefined {
  const file = inputName(path);
  if (startsWith(start, 0x1f, 0x8b)) return zlib.createGunzip();
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) return zstdDecompressor();
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
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/**
 * The bytes of a file, a pipe or standard input, `-`, decompressed: gzip and zstd by content, brotli by the ending `.br`.
 *
 * @throws InputError when the file cannot be read or its compression is damaged
 */
export async function* decodedBytes(path: string): AsyncGenerator<Uint8Array> {
  const raw = rawBytes(path);
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
  } finally {
    source.destroy();
  }
}

function damaged(error: unknown, path: string): unknown {
  if (error instanceof InputError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new InputError(`the compressed data is damaged (${reason}), expected a whole file`, {
    file: inputName(path),
  });
}

/** The start of some bytes, and all of them. */
export interface PeekedBytes {
  /** The first bytes: `headBytes`, or all there are; none where the input is empty. */
  readonly head: Uint8Array;
  /** All bytes, the head included. To be taken once, to its end. */
  readonly all: AsyncIterable<Uint8Array>;
  /** Closes the file where `all` is not wanted. */
  close(): Promise<void>;
}

/** An input whose start is known. */
export interface PeekedInput extends PeekedBytes {
  readonly kind: InputKind;
}

/** Enough to distinguish formats. */
const HEAD_BYTES = 1 << 16;

/**
 * Reads the start of an input, so that its format can be detected before it is read. A stream is opened here and never
 * again: all of it is in `all`.
 *
 * @throws InputError as `decodedBytes`
 */
export async function peekInput(path: string): Promise<PeekedInput> {
  const kind = await inputKind(path);
  return { ...(await peekBytes(decodedBytes(path), HEAD_BYTES)), kind };
}

/** Peeks into an input for what `use` makes of it, and closes it where that fails: an open pipe would keep the process. */
export async function usingInput<T>(path: string, use: (input: PeekedInput) => Promise<T>): Promise<T> {
  const input = await peekInput(path);
  try {
    return await use(input);
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** Takes the first `headBytes` of some bytes, or all there are. */
export async function peekBytes(bytes: AsyncIterable<Uint8Array>, headBytes: number): Promise<PeekedBytes> {
  const rest = bytes[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < headBytes; length += chunks.at(-1)!.length) {
    const { value, done } = await rest.next();
    if (done) break;
    chunks.push(value);
  }
  const close = async () => {
    await rest.return?.();
  };
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      yield* { [Symbol.asyncIterator]: () => rest };
    } finally {
      await close();
    }
  }
  const head = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return { head: head.subarray(0, headBytes), all: all(), close };
}
