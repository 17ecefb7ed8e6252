import { readFileSync } from 'node:fs';
import { fileError, InputError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { jsonText } from '../base/json.js';
import { DISK, type Disk } from '../output/disk.js';
import { resultPath } from '../output/owned.js';
import { replaceTogether } from '../output/together.js';
import type { Results } from './read/results.js';

/**
 * Makes a candidate the baseline: its runs.csv, draws.csv and manifest.json, without what depends on the host, so that the same
 * results give the same files wherever they are made. What a crash leaves is the baseline of before, or the new one.
 *
 * @throws InputError where the candidate has no cells, or the folder cannot be written
 */
export function updateBaseline(folder: string, candidate: Results, disk: Disk = DISK): void {
  if (!candidate.experiment)
    throw new InputError('no runs.csv, expected results of reclaim compare for a baseline', {
      file: candidate.folder,
    });
  const read = (name: string) => readFileSync(resultPath(candidate.folder, name), 'utf8');
  try {
    const manifest = JSON.parse(read('manifest.json'));
    const { host: _host, command: _command, ...kept } = manifest;
    const { commit: _commit, ...program } = manifest.program;
    const files = new Map(['runs.csv', 'draws.csv'].map((name) => [name, read(name)]));
    files.set('manifest.json', jsonText({ ...kept, program }));
    makeFolder(folder);
    replaceTogether(disk, folder, files);
  } catch (error) {
    throw fileError(error, folder);
  }
}
