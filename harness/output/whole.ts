import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileError, HostError, InputError, systemErrorCode } from '../base/errors.js';
import type { Pauses } from '../base/pauses.js';
import type { Disk } from './disk.js';

/** What a file holds: a text, bytes, or many of them in parts, in their order, which are the same each time they are taken. */
export type Content = string | Uint8Array | Iterable<string | Uint8Array>;

const TEMPORARY = /^\.reclaim-(\d+)-[0-9a-f-]+\.tmp$/;

/** Whether this is the name of a file that is being written, or was when its process ended. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Runs a change that may fail because there is nothing to change. */
export function quietly(change: () => void): void {
  try {
    change();
  } catch {
    // Not there, or not possible: the change was to clean up.
  }
}

/** Removes a folder if it is empty. */
export function removeIfEmpty(disk: Disk, folder: string): void {
  quietly(() => disk.removeFolder(folder));
}

/**
 * Removes what processes that were killed had begun to write in a folder.
 *
 * @param isOf which processes, where others may be writing there
 */
export function removeTemporary(
  disk: Disk,
  folder: string,
  isOf: (pid: number) => boolean = () => true,
): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const [, pid] = TEMPORARY.exec(name) ?? [];
    if (pid !== undefined && isOf(Number(pid))) quietly(() => disk.remove(join(folder, name)));
  }
}

/** A failed change of a file as one line: where its folder is gone, that is what is wrong. */
export function writeError(error: unknown, path: string): unknown {
  const folder = dirname(path);
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && !existsSync(folder))
    return new HostError(`${folder}: this folder was removed while it was in use`);
  return fileError(error, path);
}

/**
 * The error for a change that failed in a folder that could be written before: whatever it is, the user has named nothing
 * wrong.
 */
export function errorInUse(error: unknown): unknown {
  return error instanceof InputError && error.place ? new HostError(error.message) : error;
}

/** Processes on several hosts may write into one folder, and have the same number. */
function temporaryPath(path: string): string {
  return join(dirname(path), `.reclaim-${process.pid}-${randomUUID()}.tmp`);
}

/** Writes a file under a temporary name in its folder. Returns that name's path. @throws what names the file */
function writeTemporary(disk: Disk, path: string, content: string | Uint8Array, durable: boolean): string {
  const temporary = temporaryPath(path);
  try {
    disk.write(temporary, content);
    if (durable) disk.sync(temporary);
    return temporary;
  } catch (error) {
    quietly(() => disk.remove(temporary));
    throw writeError(error, path);
  }
}

function moveInPlace(disk: Disk, temporary: string, path: string): void {
  try {
    disk.rename(temporary, path);
  } catch (error) {
    quietly(() => disk.remove(temporary));
    throw writeError(error, path);
  }
}

/**
 * Writes a file whole or not at all.
 *
 * @param durable whether to wait until it is on the device
 * @throws InputError or HostError that names the file
 */
export function writeWhole(disk: Disk, path: string, content: string | Uint8Array, durable = false): void {
  moveInPlace(disk, writeTemporary(disk, path, content, durable), path);
}

/** What a file system without hard links answers. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Makes a second name for a file, or where the file system has no hard links does `instead`.
 *
 * @throws EEXIST where there is such a name
 */
export function linkOr(disk: Disk, from: string, to: string, instead: () => void): void {
  try {
    disk.link(from, to);
  } catch (error) {
    if (!NO_LINKS.includes(systemErrorCode(error) ?? '')) throw error;
    instead();
  }
}

/**
 * Writes a file whole, on the device, unless there is one of its name: of several processes that do, on whatever hosts of a
 * shared file system, one does. Without hard links that is not certain where two end at the same moment: the last one stays.
 *
 * @returns whether it was written
 * @throws as `writeWhole`
 */
export function writeOnce(disk: Disk, path: string, content: string): boolean {
  if (existsSync(path)) return false;
  const temporary = writeTemporary(disk, path, content, true);
  try {
    linkOr(disk, temporary, path, () => disk.rename(temporary, path));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw writeError(error, path);
  } finally {
    quietly(() => disk.remove(temporary));
  }
}

/**
 * Writes a file as `writeWhole`, a long text part by part.
 *
 * @param pauses lets events be handled between parts
 */
export async function writeContent(
  disk: Disk,
  path: string,
  content: Content,
  durable: boolean,
  pauses: Pauses,
): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) {
    writeWhole(disk, path, content, durable);
    await pauses.now();
    return;
  }
  const temporary = temporaryPath(path);
  try {
    disk.write(temporary, '');
    for (const part of content) {
      disk.append(temporary, part);
      await pauses.now();
    }
    if (durable) disk.sync(temporary);
  } catch (error) {
    quietly(() => disk.remove(temporary));
    throw writeError(error, path);
  }
  moveInPlace(disk, temporary, path);
}
