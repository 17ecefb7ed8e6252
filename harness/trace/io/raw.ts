import { createReadStream, open as openDescriptor } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { fileError, InputError } from '../../base/errors.js';
import { localPath } from './remote.js';

/** The name that stands for standard input. */
export const STDIN = '-';

/** Half the CPU time of reading that 256 KiB take. */
const CHUNK_BYTES = 1 << 20;

/** What messages call an input. */
export function inputName(path: string): string {
  return path === STDIN ? '(standard input)' : path;
}

/** A `regular` file can be opened and read again; what a `stream` (a pipe, standard input) has given is gone. */
export type InputKind = 'regular' | 'stream';

/**
 * What kind of input a path names. The file's type decides (S_ISREG), never its name: `/dev/stdin`, `/dev/fd/63` of
 * `<(…)` and a named pipe are streams. An address (http, https) is a file: its copy in the cache.
 *
 * @throws InputError for a file that does not exist, and for a directory, a device or a socket
 */
export async function inputKind(path: string): Promise<InputKind> {
  if (path === STDIN) return 'stream';
  const info = await stat(await localPath(path)).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (info.isFile()) return 'regular';
  if (info.isFIFO()) return 'stream';
  const what = info.isDirectory() ? 'directory' : info.isSocket() ? 'socket' : 'device';
  const hint = what === 'directory' ? 'a file' : 'a file, a pipe, or - for standard input';
  throw new InputError(`is a ${what}, expected ${hint}`, { file: path });
}

/**
 * Opens a named pipe, once it has a writer. As a socket, not as a file: closing it does not wait for a read that the
 * writer leaves unanswered.
 */
async function openPipe(path: string): Promise<Readable> {
  const fd = await promisify(openDescriptor)(path, 'r');
  return new Socket({ fd, readable: true, writable: false });
}

async function openRaw(path: string): Promise<Readable> {
  if (path === STDIN) return process.stdin;
  if ((await inputKind(path)) === 'stream') return openPipe(path);
  return createReadStream(await localPath(path), { highWaterMark: CHUNK_BYTES });
}

/**
 * The bytes of a file, a pipe or standard input, `-`, as they are.
 *
 * @throws InputError when it cannot be read
 */
export async function* rawBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of await openRaw(path)) yield chunk as Uint8Array;
  } catch (error) {
    throw fileError(error, inputName(path));
  }
}
