import { randomUUID } from 'node:crypto';
import { accessSync, constants, lstatSync, readdirSync, rmSync } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { fileError, HostError, systemErrorCode } from '../../base/errors.js';
import { makeFolder } from '../../base/folders.js';

/** Compiled traces beyond this are removed, the longest unused first. */
const CACHE_LIMIT_BYTES = 8 * 1024 ** 3;
/** Only its user. */
const OWN_MODE = 0o700;
const OTHERS_WRITE = 0o022;

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
function whyNot(folder: string, mode?: number): string | undefined {
  try {
    makeFolder(folder, mode);
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    const cause = fileError(error, folder);
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/**
 * Why a folder within the one for temporary files cannot be used; undefined where it can. Others can make folders and links
 * there too, and could read or replace what is compiled.
 */
function whyNotOwn(folder: string): string | undefined {
  const failed = whyNot(folder, OWN_MODE);
  if (failed !== undefined) return failed;
  const info = lstatSync(folder);
  if (!info.isDirectory()) return `${folder}: is a link or a file, expected a folder`;
  if (process.getuid === undefined) return undefined;
  if (info.uid !== process.getuid()) return `${folder}: belongs to another user`;
  return (info.mode & OTHERS_WRITE) === 0 ? undefined : `${folder}: other users can write into it`;
}

/** Instead of the cache: a folder that each user has one of. */
function fallbackFolder(): string {
  return join(tmpdir(), `reclaim-bench-${process.getuid?.() ?? 'user'}`);
}

/** Instead of that: a folder of this process, removed with it. Threads find it by its name. */
function passingFolder(): string {
  return `${fallbackFolder()}-${process.pid}`;
}

let isTold = false;

/** Says once what is used instead of the cache. */
function tell(text: string): void {
  if (!isTold && isMainThread) process.emitWarning(text);
  isTold = true;
}

/**
 * The cache folder, made if need be. Where it cannot be written, one of this user in the system's folder for temporary files,
 * and where that is not safe one of this process, which is no cache. Either is said once as a warning of the process.
 *
 * @throws HostError where none can be written
 */
export function usableCacheFolder(): string {
  const folder = cacheFolder();
  const reason = folder === undefined ? 'there is no home for a cache' : whyNot(folder);
  if (folder !== undefined && reason === undefined) return folder;
  const fallback = fallbackFolder();
  const unsafe = whyNotOwn(fallback);
  if (unsafe === undefined) {
    tell(`${reason}; compiled traces are kept in ${fallback}`);
    return fallback;
  }
  const passing = passingFolder();
  const failed = whyNotOwn(passing);
  if (failed !== undefined)
    throw new HostError(
      `compiled traces can be written nowhere (${reason}; ${failed}); set XDG_CACHE_HOME to a folder that can be written`,
    );
  if (!isTold && isMainThread) process.once('exit', () => rmSync(passing, { recursive: true, force: true }));
  tell(`${reason}; ${unsafe}; compiled traces are kept only until this command ends`);
  return passing;
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

/** Removes what processes that were killed have left of traces that they were writing or fetching. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^(\d+)-.*\.part$/.exec(name)?.[1];
    if (pid === undefined ? !/^fetched-.*\.fetch$/.test(name) : isAlive(Number(pid))) continue;
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > ABANDONED_MS) await rm(join(folder, name), { force: true });
  }
}

/** Removes the longest unused compiled traces until the cache is within its limit; never `keep`. */
export async function trimCache(folder: string, keep: string, limitBytes = CACHE_LIMIT_BYTES): Promise<void> {
  await removeAbandoned(folder);
  const names = (await readdir(folder)).filter((name) => /\.(rtrace|decoded)$/.test(name));
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
