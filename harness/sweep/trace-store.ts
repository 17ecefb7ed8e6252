import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, InputError, systemErrorCode } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { partPath, usableCacheFolder } from '../trace/io/cache.js';
import { isRemote } from '../trace/io/remote.js';
import { type TraceHandle, traceHandle } from '../trace/trace.js';

/** A compiled trace in a folder of a plan. */
export interface StoredTrace {
  readonly compiledBytes: number;
  readonly compiledSha256: string;
}

/** The name of a compiled trace in a folder: its content. */
function storedName(sha256: string): string {
  return `${sha256}.rtrace`;
}

/** SHA-256 of a compiled trace. */
async function hashOf({ shared, path }: Pick<TraceHandle, 'shared' | 'path'>): Promise<string> {
  const hash = createHash('sha256');
  if (shared) return hash.update(new Uint8Array(shared)).digest('hex');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * Puts a compiled trace into a folder under the hash of its content, for all shards: one copy, and where the folder is on the
 * file system of the cache a second name of the file there.
 *
 * @throws InputError or HostError where it cannot be written
 */
export async function storeTrace(handle: TraceHandle, folder: string): Promise<StoredTrace> {
  const compiledSha256 = await hashOf(handle);
  const target = join(folder, storedName(compiledSha256));
  const temporary = partPath(folder);
  try {
    makeFolder(folder);
    place(handle.path, temporary);
    renameSync(temporary, target);
    return { compiledSha256, compiledBytes: statSync(target).size };
  } catch (error) {
    throw fileError(error, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Files of the cache never change. Those of a user may: they are copied. */
function place(path: string, target: string): void {
  try {
    if (path.startsWith(usableCacheFolder())) {
      linkSync(path, target);
      return;
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  copyFileSync(path, target);
}

/**
 * Opens a compiled trace of a plan.
 *
 * @param folder where `storeTrace` put it, or the path or address of a copy of that
 * @throws InputError where it is not there, or not the trace that was planned
 */
export async function openStored(
  trace: StoredTrace & { readonly label: string },
  folder: string,
): Promise<TraceHandle> {
  const name = storedName(trace.compiledSha256);
  const path = isRemote(folder) ? `${folder.replace(/\/+$/, '')}/${name}` : join(folder, name);
  const handle = await traceHandle(path, trace.label).catch((error) => {
    throw error instanceof InputError ? error.namedAt({ file: path }) : error;
  });
  if ((await hashOf(handle)) !== trace.compiledSha256)
    throw new InputError(
      `this is not the trace ${trace.label} that was planned: its content has another hash; plan again, or copy it again`,
      { file: path },
    );
  return handle;
}
