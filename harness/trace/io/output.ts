import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { fileError, InputError } from '../../base/errors.js';

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

/** Writes next to the target and renames at the end, so that the target is whole or absent. */
class FileSink implements ByteSink {
  private readonly temporary: string;
  private readonly file: WriteStream;
  private readonly entry: Writable;
  private readonly finished: Promise<void>;
  private failure: unknown;

  constructor(private readonly path: string) {
    const transform = compressor(path);
    this.temporary = `${path}.${process.pid}.tmp`;
    this.file = createWriteStream(this.temporary);
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
    await rename(this.temporary, this.path);
  }

  async abort(): Promise<void> {
    this.entry.destroy();
    this.file.destroy();
    await this.finished;
    await rm(this.temporary, { force: true });
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
  return path === STDOUT ? new StdoutSink() : new FileSink(path);
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
