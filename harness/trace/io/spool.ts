import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../base/errors.js';
import { usableCacheFolder } from './cache.js';
import { decodedBytes, inputName, type PeekedInput } from './input.js';

/** Bytes that can be read any number of times, until they are closed. */
export interface Rereadable {
  bytes(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Makes an input readable any number of times. A regular file is read again each time; what comes through a pipe is
 * written, decompressed, to a temporary file in the cache folder.
 *
 * @throws InputError where there is no room for it
 */
export async function rereadable(path: string, input: PeekedInput): Promise<Rereadable> {
  if (input.kind === 'stream') return spooled(input.all, inputName(path));
  await input.close();
  return { bytes: () => decodedBytes(path), close: async () => {} };
}

/** The temporary file loses its name before anything is written to it, so that no ending of the process leaves it. */
async function spooled(bytes: AsyncIterable<Uint8Array>, name: string): Promise<Rereadable> {
  const path = join(usableCacheFolder(), `${randomUUID()}.part`);
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx+');
    await rm(path);
    for await (const chunk of bytes) await file.writeFile(chunk);
  } catch (error) {
    await file?.close();
    throw fileError(error, name);
  }
  const { fd } = file;
  return {
    bytes: () => createReadStream('', { fd, start: 0, autoClose: false }),
    close: () => file.close(),
  };
}
