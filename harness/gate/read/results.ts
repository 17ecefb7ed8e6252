import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, InputError } from '../../input/errors.js';
import { checkUnedited, type Manifest, parseManifest } from './manifest.js';
import { type Perf, parsePerf } from './perf.js';
import { parseRuns, type Runs } from './runs.js';

/** Deterministic results: runs.csv, and how they were made. */
export interface Experiment extends Runs {
  readonly manifest: Manifest;
}

/** A folder of results: of an experiment, of `reclaim bench`, or of both. */
export interface Results {
  readonly folder: string;
  readonly experiment: Experiment | undefined;
  readonly perf: Perf | undefined;
  /** A second run of what seemed slower, where there was one. */
  readonly rerun: Perf | undefined;
}

/** The folder below that of wall times in which those of a second run are. */
export const RERUN_FOLDER = 'rerun';

function read(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, file);
  }
}

function readExperiment(folder: string): Experiment | undefined {
  const file = join(folder, 'runs.csv');
  const text = read(file);
  if (text === undefined) return undefined;
  const runs = parseRuns(text, file);
  const manifestFile = join(folder, 'manifest.json');
  const json = read(manifestFile);
  if (json === undefined)
    throw new InputError('no such file, expected what reclaim compare writes beside runs.csv', {
      file: manifestFile,
    });
  const manifest = parseManifest(json, manifestFile);
  checkUnedited(text, manifest, file);
  return { ...runs, manifest };
}

function readPerf(folder: string): Perf | undefined {
  const file = join(folder, 'perf.csv');
  const text = read(file);
  return text === undefined ? undefined : parsePerf(text, file);
}

/**
 * Reads a folder of results.
 *
 * @throws InputError when it is not one, or a file in it is not what it should be
 */
export function readResults(folder: string): Results {
  if (!existsSync(folder)) throw new InputError('no such folder', { file: folder });
  if (!statSync(folder).isDirectory())
    throw new InputError('this is a file, expected a folder of results', { file: folder });
  const experiment = readExperiment(folder);
  const perf = readPerf(folder);
  if (!experiment && !perf)
    throw new InputError('not a folder of results, expected runs.csv or perf.csv in it', { file: folder });
  return { folder, experiment, perf, rerun: readPerf(join(folder, RERUN_FOLDER)) };
}
