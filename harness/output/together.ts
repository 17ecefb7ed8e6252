import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from './disk.js';
import { COMMIT, listText, readList, sha256, UNFINISHED } from './owned.js';
import { quietly, removeIfEmpty, removeTemporary, writeError, writeWhole } from './whole.js';

/** Moves files that are listed in `COMMIT` to their places; what has moved already is left. */
function moveListed(disk: Disk, folder: string): void {
  const staging = join(folder, UNFINISHED);
  for (const name of readList(join(folder, COMMIT))?.files.keys() ?? [])
    if (existsSync(join(staging, name))) disk.rename(join(staging, name), join(folder, name));
  disk.sync(folder);
  quietly(() => disk.remove(join(folder, COMMIT)));
  removeIfEmpty(disk, staging);
}

/**
 * Replaces files of a folder together: readers that find them by `resultPath` see all of before or all of the new ones, also
 * after a crash at any moment. The folder needs no list of files.
 *
 * @throws InputError or HostError that names the file
 */
export function replaceTogether(disk: Disk, folder: string, files: ReadonlyMap<string, string>): void {
  const staging = join(folder, UNFINISHED);
  const hashes = new Map([...files].map(([name, content]) => [name, sha256(content)]));
  try {
    if (existsSync(join(folder, COMMIT))) moveListed(disk, folder);
    if (!existsSync(staging)) disk.makeFolder(staging);
    removeTemporary(disk, staging);
    for (const [name, content] of files) writeWhole(disk, join(staging, name), content, true);
    writeWhole(disk, join(folder, COMMIT), listText(hashes), true);
    moveListed(disk, folder);
  } catch (error) {
    if (!existsSync(join(folder, COMMIT))) {
      for (const name of files.keys()) quietly(() => disk.remove(join(staging, name)));
      removeIfEmpty(disk, staging);
    }
    throw writeError(error, folder);
  }
}
