import { once } from 'node:events';
import { createWriteStream, statSync, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { fileError, InputError } from '../../base/errors.js';
import { removedAtSignal } from '../../base/temporary.js';

/** The name that stands for standard output. */
export const STDOUT = '-';

/** Where bytes go, in order. Either `commit` makes all of them visible or `abort` leaves nothing behind. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

async function put(stream: Writable, bytes: Uint8Array): Promise<void> {
  if (!stream.write(bytes)) await once(stream, 'drain');
}

class StdoutSink implements ByteSink {
  write(bytes: Uint8Array): Promise<void> {
    return put(process.stdout, bytes);
  }
  async commit(): Promise<void> {}
  async abort(): Promise<void> {}
}

/** Names of standard output that are no file to be replaced. */
const STDOUT_NAMES = [STDOUT, '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];

/** Whether a path is a pipe or a device: it is written to, and not replaced. @throws InputError for a directory */
function isStream(path: string): boolean {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info?.isDirectory())
    throw new InputError('is a directory, expected the name of a file', { file: path });
  return info !== undefined && !info.isFile();
}

function compressor(path: string): zlib.Gzip | zlib.BrotliCompress | undefined {
  if (path.endsWith('.gz')) return zlib.createGzip({ level: 9 });
  if (path.endsWith('.br'))
    return zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_LGWIN]: 24 } });
  if (path.endsWith('.zst') || path.endsWith('.xz')) {
    throw new InputError(
      'this compression cannot be written, expected a name that ends in .gz or .br, or a plain one',
      { file: path },
    );
  }
  return undefined;
}

/** Writes next to the target and renames at the end, so that the target is whole or absent; straight to a pipe or device. */
class FileSink implements ByteSink {
  private readonly temporary: string | undefined;
  private readonly file: WriteStream;
  private readonly entry: Writable;
  private readonly finished: Promise<void>;
  private failure: unknown;
  private readonly settled: () => void;

  constructor(private readonly path: string) {
    const transform = compressor(path);
    this.temporary = isStream(path) ? undefined : `${path}.${process.pid}.tmp`;
    this.settled = this.temporary === undefined ? () => undefined : removedAtSignal(this.temporary);
    this.file = createWriteStream(this.temporary ?? path);
    this.entry = transform ?? this.file;
    const done = transform ? pipeline(transform, this.file) : once(this.file, 'close').then(() => undefined);
    this.finished = done.catch((error) => {
      this.failure = error;
    });
    this.file.on('error', (error) => {
      this.failure ??= error;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.check();
    try {
      await put(this.entry, bytes);
    } catch (error) {
      this.failure ??= error;
    }
    this.check();
  }

  async commit(): Promise<void> {
    this.entry.end();
    await this.finished;
    this.check();
    if (this.temporary !== undefined) await rename(this.temporary, this.path);
    this.settled();
  }

  async abort(): Promise<void> {
    this.entry.destroy();
    this.file.destroy();
    await this.finished;
    if (this.temporary !== undefined) await rm(this.temporary, { force: true });
    this.settled();
  }

  private check(): void {
    if (this.failure !== undefined) throw fileError(this.failure, this.path);
  }
}

/**
 * Opens a file (or standard output, `-`) for writing; `.gz` and `.br` are compressed.
 *
 * @throws InputError when the ending names a compression that cannot be written
 */
export function openSink(path: string): ByteSink {
  return STDOUT_NAMES.includes(path) ? new StdoutSink() : new FileSink(path);
}

/** Runs `fill` on a sink; commits when it succeeds, aborts when it throws. */
export async function writeTo<T>(sink: ByteSink, fill: (sink: ByteSink) => Promise<T>): Promise<T> {
  try {
    const result = await fill(sink);
    await sink.commit();
    return result;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
