import { closeSync, open as openDescriptor, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileError, InputError } from '../../base/errors.js';
import { localPath } from './remote.js';

/** The name that stands for standard input. */
export const STDIN = '-';

/** Bytes of a read: enough that a turn of the event loop a read costs nothing, and what is read is still in a cache. */
const CHUNK_BYTES = 1 << 18;

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
  const { Socket } = await import('node:net');
  const fd = await promisify(openDescriptor)(path, 'r');
  return new Socket({ fd, readable: true, writable: false });
}

async function openRaw(path: string, reuse: boolean): Promise<AsyncIterable<Uint8Array>> {
  if (path === STDIN) return process.stdin;
  return (await inputKind(path)) === 'stream' ? openPipe(path) : readFile(await localPath(path), reuse);
}

/** Fills a buffer as far as the file goes. Returns how far. */
function fill(file: number, buffer: Uint8Array): number {
  let filled = 0;
  while (filled < buffer.length) {
    const read = readSync(file, buffer, filled, buffer.length - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/**
 * The bytes of a regular file, by reads that wait: with a stream's thread and a new buffer a read, most of the time went to
 * memory that had never been touched. Between two reads whatever else waits is done: signals, and the progress that is shown.
 */
async function* readFile(path: string, reuse: boolean): AsyncGenerator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const filled = fill(file, buffer);
      if (filled > 0) yield buffer.subarray(0, filled);
      if (filled < buffer.length) return;
      if (!reuse) buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      await nextTurn();
    }
  } finally {
    closeSync(file);
  }
}

/**
 * The bytes of a file, a pipe or standard input, `-`, as they are.
 *
 * @param reuse whether a chunk has meaning only until the next one is asked for
 * @throws InputError when it cannot be read
 */
export async function* rawBytes(path: string, reuse = false): AsyncGenerator<Uint8Array> {
  try {
    yield* await openRaw(path, reuse);
  } catch (error) {
    throw fileError(error, inputName(path));
  }
}
