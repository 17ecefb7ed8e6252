import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileError, HostError, InputError } from '../base/errors.js';
import type { Pauses } from '../base/pauses.js';
import type { Disk } from './disk.js';

/** What a file holds: a text, bytes, or a long text in parts, in their order. */
export type Content = string | Uint8Array | readonly string[];

const TEMPORARY = /^\.reclaim-\d+-\d+\.tmp$/;
let written = 0;

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

/** Removes what a process that was killed had begun to write in a folder. */
export function removeTemporary(disk: Disk, folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter(isTemporary)) quietly(() => disk.remove(join(folder, name)));
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

function temporaryPath(path: string): string {
  return join(dirname(path), `.reclaim-${process.pid}-${++written}.tmp`);
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
