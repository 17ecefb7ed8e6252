import { randomUUID } from 'node:crypto';
import { accessSync, constants, readdirSync, rmSync } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { fileError, HostError, systemErrorCode } from '../../base/errors.js';
import { makeFolder } from '../../base/folders.js';

/** Compiled traces beyond this are removed, the longest unused first. */
const CACHE_LIMIT_BYTES = 8 * 1024 ** 3;

/**
 * The folder of compiled traces: `$XDG_CACHE_HOME/reclaim-bench`, by default `~/.cache/reclaim-bench`. Undefined where there
 * is no home. A relative path counts as none (XDG Base Directory Specification).
 */
function cacheFolder(): string | undefined {
  const base = process.env.XDG_CACHE_HOME ?? '';
  if (isAbsolute(base)) return join(base, 'reclaim-bench');
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, '.cache', 'reclaim-bench') : undefined;
  } catch {
    // The user has no entry in the list of users either.
    return undefined;
  }
}

/** Makes a folder. Returns why it cannot be written, undefined where it can. */
function whyNot(folder: string): string | undefined {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    const cause = fileError(error, folder);
    return cause instanceof Error ? cause.message : String(cause);
  }
}

let isTold = false;

/**
 * The cache folder, made if need be. Where it cannot be written, the system's folder for temporary files, which is said once
 * as a warning of the process.
 *
 * @throws HostError where neither can be written
 */
export function usableCacheFolder(): string {
  const folder = cacheFolder();
  const reason = folder === undefined ? 'there is no home for a cache' : whyNot(folder);
  if (folder !== undefined && reason === undefined) return folder;
  const fallback = join(tmpdir(), 'reclaim-bench');
  const failed = whyNot(fallback);
  if (failed !== undefined)
    throw new HostError(
      `compiled traces can be written nowhere (${reason}; ${failed}); set XDG_CACHE_HOME to a folder that can be written`,
    );
  if (!isTold && isMainThread) process.emitWarning(`${reason}; compiled traces are kept in ${fallback}`);
  isTold = true;
  return fallback;
}

/** The path of a compiled trace that is being written. */
export function partPath(folder: string): string {
  return join(folder, `${process.pid}-${randomUUID()}.part`);
}

/** Removes compiled traces that threads of this process were writing when they were ended. */
export function removeParts(): void {
  const folder = usableCacheFolder();
  for (const name of readdirSync(folder))
    if (name.startsWith(`${process.pid}-`) && name.endsWith('.part'))
      rmSync(join(folder, name), { force: true });
}

/** Marks a compiled trace as used now. */
export async function markUsed(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** How old a part must be before it may be what a killed process has left: the cache may be shared with other hosts. */
const ABANDONED_MS = 24 * 3600 * 1000;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Removes what processes that were killed have left of traces that they were writing. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^(\d+)-.*\.part$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > ABANDONED_MS) await rm(join(folder, name), { force: true });
  }
}

/** Removes the longest unused compiled traces until the cache is within its limit; never `keep`. */
export async function trimCache(folder: string, keep: string, limitBytes = CACHE_LIMIT_BYTES): Promise<void> {
  await removeAbandoned(folder);
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
