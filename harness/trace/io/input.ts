import { decompressed } from './decompress.js';
import { type PeekedBytes, peekBytes } from './peek.js';
import { type InputKind, inputKind, inputName, rawBytes } from './raw.js';

export { inputName, STDIN } from './raw.js';

/**
 * The bytes of a file, a pipe or standard input, `-`, decompressed as `decompressed` does.
 *
 * @param reuse whether a chunk has meaning only until the next one is asked for
 * @throws InputError when the file cannot be read or its compression is damaged
 */
export function decodedBytes(path: string, reuse = false): AsyncGenerator<Uint8Array> {
  return decompressed(rawBytes(path, reuse), inputName(path));
}

/** An input whose start is known. */
export interface PeekedInput extends PeekedBytes {
  readonly kind: InputKind;
}

/** Enough to distinguish formats. */
const HEAD_BYTES = 1 << 16;

/**
 * Reads the start of an input, so that its format can be detected before it is read, for what `use` makes of it. A stream
 * is opened here and never again: all of it is in `all`. Closed where `use` fails: an open pipe would keep the process.
 *
 * @throws InputError as `decodedBytes`
 */
export async function usingInput<T>(path: string, use: (input: PeekedInput) => Promise<T>): Promise<T> {
  const kind = await inputKind(path);
  const input = { ...(await peekBytes(decodedBytes(path), HEAD_BYTES)), kind };
  try {
    return await use(input);
  } catch (error) {
    await input.close();
    throw error;
  }
}
