import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DrawsByCell } from '../../metrics/draws.js';
import { RESULT_COLUMNS } from '../../metrics/files.js';
import type { Manifest } from '../../metrics/manifest.js';
import { ResultsFolder } from '../../metrics/results.js';
import { checkDraws } from './draws.js';
import { checkManifest } from './manifest.js';
import { type Perf, parsePerf } from './perf.js';
import { checkNumbers, parseRuns, type Runs } from './runs.js';

/** Deterministic results: runs.csv, and how they were made. */
export interface Experiment extends Runs {
  readonly manifest: Manifest;
  /** All that manifest.json says, as it stands there. */
  readonly document: unknown;
  /** By the number of the cell. */
  readonly draws: DrawsByCell;
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

function readExperiment(results: ResultsFolder): Experiment | undefined {
  if (!results.has('runs.csv')) return undefined;
  const file = results.path('runs.csv');
  const text = results.text('runs.csv');
  const runs = parseRuns(text, file);
  const { manifest } = results;
  checkManifest(runs, manifest, file);
  const { draws } = results;
  const path = results.path('draws.csv');
  if (results.has('draws.csv')) checkNumbers(results.text('draws.csv'), path, RESULT_COLUMNS['draws.csv']);
  checkDraws(runs.cells, draws, path);
  return { ...runs, manifest, document: results.manifestDocument, draws };
}

function readPerf(results: ResultsFolder): Perf | undefined {
  return results.has('perf.csv') ? parsePerf(results.text('perf.csv'), results.path('perf.csv')) : undefined;
}

function readRerun(folder: string): Perf | undefined {
  return existsSync(folder) ? readPerf(ResultsFolder.open(folder, {}, ['perf.csv'])) : undefined;
}

/**
 * Reads a folder of results.
 *
 * @throws InputError when it is not one, or a file in it is not what it should be
 */
export function readResults(folder: string): Results {
  const results = ResultsFolder.open(folder, {}, ['runs.csv', 'perf.csv']);
  return {
    folder,
    experiment: readExperiment(results),
    perf: readPerf(results),
    rerun: readRerun(join(folder, RERUN_FOLDER)),
  };
}
