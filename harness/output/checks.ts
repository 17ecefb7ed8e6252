import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import type { Pauses } from '../base/pauses.js';
import type { Disk } from './disk.js';
import type { Owned } from './owned.js';
import { removeIfEmpty } from './whole.js';

/** The text of a file; empty where it cannot be read: for a finished cell, that is as if it were not there. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a folder holds nothing but empty folders. */
export function isEmpty(folder: string): boolean {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).every((entry) => entry.isDirectory());
}

/** Makes the folder. Returns the topmost one that was made. */
export function prepare(path: string): string | undefined {
  try {
    const made = makeFolder(path);
    if (!statSync(path).isDirectory()) throw new InputError('this is a file, expected a folder for results');
    return made;
  } catch (error) {
    throw cannotWrite(error, path);
  }
}

/** Says that results cannot be written, unless the error does. */
export function cannotWrite(error: unknown, path: string): unknown {
  const cause = fileError(error, path);
  if (!(cause instanceof InputError) || (cause.place && cause.place.file !== path)) return cause;
  return new InputError(`results cannot be written there: ${cause.what}`, { file: path });
}

/**
 * @param pauses lets events be handled between files
 * @throws InputError for a file of others, or of a version that kept no list, where one of its name is to be written
 */
export async function refuseTargets(
  path: string,
  names: Iterable<string>,
  owned: Owned,
  pauses: Pauses,
): Promise<void> {
  for (const name of names) {
    if (owned.isForeign(name))
      throw new InputError(
        'reclaim has not written this file (or an earlier version, which kept no list), or it was changed since, and one of this name is to be written; move it away, or choose another folder',
        { file: join(path, name) },
      );
    await pauses.now();
  }
}

/** @throws InputError that names the first file in the folder that is not ours */
export function refuseForeign(path: string, owned: Owned): void {
  const foreign = owned.firstForeign();
  if (foreign === undefined) return;
  throw new InputError(
    `reclaim has not written this file, or it was changed since; expected an empty folder, or results of reclaim compare; --force keeps the file and writes next to it`,
    { file: join(path, foreign) },
  );
}

/** Removes the folders that were made, from `path` up to `made`, as far as they are empty. */
export function removeMade(disk: Disk, path: string, made: string | undefined): void {
  if (made === undefined) return;
  for (let folder = resolve(path); lstatSync(folder, { throwIfNoEntry: false }); folder = dirname(folder)) {
    removeIfEmpty(disk, folder);
    if (folder === made || dirname(folder) === folder) return;
  }
}
