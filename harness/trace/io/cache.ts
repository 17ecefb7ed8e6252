import { accessSync, constants } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../base/folders.js';

/** Compiled traces beyond this are removed, the longest unused first. */
const CACHE_LIMIT_BYTES = 8 * 1024 ** 3;

/** The folder of compiled traces: `$XDG_CACHE_HOME/reclaim-bench`, by default `~/.cache/reclaim-bench`. */
function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base && base !== '' ? base : join(homedir(), '.cache'), 'reclaim-bench');
}

/** The cache folder, made if need be; the system's folder for temporary files where it cannot be. */
export function usableCacheFolder(): string {
  const folder = cacheFolder();
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    const fallback = join(tmpdir(), 'reclaim-bench');
    makeFolder(fallback);
    return fallback;
  }
}

/** Marks a compiled trace as used now. */
export async function markUsed(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Removes the longest unused compiled traces until the cache is within its limit; never `keep`. */
export async function trimCache(folder: string, keep: string, limitBytes = CACHE_LIMIT_BYTES): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.rtrace'));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const info = await stat(path).catch(() => undefined);
      return { path, bytes: info?.size ?? 0, used: info?.mtimeMs ?? 0 };
    }),
  );
  files.sort((a, b) => b.used - a.used);
  let total = 0;
  for (const file of files) {
    total += file.bytes;
    if (total > limitBytes && file.path !== keep) await rm(file.path, { force: true });
  }
}
