import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, InputError } from '../base/errors.js';
import type { Results } from './read/results.js';

/**
 * Makes a candidate the baseline: its runs.csv, draws.csv and manifest.json, without what depends on the host, so that the same
 * results give the same files wherever they are made.
 *
 * @throws InputError where the candidate has no cells, or the folder cannot be written
 */
export function updateBaseline(folder: string, candidate: Results): void {
  if (!candidate.experiment)
    throw new InputError('no runs.csv, expected results of reclaim compare for a baseline', {
      file: candidate.folder,
    });
  try {
    mkdirSync(folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(candidate.folder, 'manifest.json'), 'utf8'));
    const { host: _host, command: _command, ...kept } = manifest;
    const { commit: _commit, ...program } = manifest.program;
    for (const name of ['runs.csv', 'draws.csv'])
      copyFileSync(join(candidate.folder, name), join(folder, name));
    writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify({ ...kept, program }, null, 2)}\n`);
  } catch (error) {
    throw fileError(error, folder);
  }
}
