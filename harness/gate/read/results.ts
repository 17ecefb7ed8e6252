import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import type { DrawsByCell } from '../../metrics/draws.js';
import { RESULT_COLUMNS } from '../../metrics/files.js';
import type { Manifest } from '../../metrics/manifest.js';
import { ResultsFolder } from '../../metrics/results.js';
import { checkDraws } from './draws.js';
import { type Perf, parsePerf } from './perf.js';
import { checkNumbers, parseRuns, type Runs } from './runs.js';

/** Deterministic results: runs.csv, and how they were made. */
export interface Experiment extends Runs {
  readonly manifest: Manifest;
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
  checkCells(runs, manifest, file);
  const { draws } = results;
  const path = results.path('draws.csv');
  if (results.has('draws.csv')) checkNumbers(results.text('draws.csv'), path, RESULT_COLUMNS['draws.csv']);
  checkDraws(runs.cells, draws, path);
  return { ...runs, manifest, draws };
}

/**
 * Cells must be those that the manifest speaks of: numbered from 1 to what was planned, and of its experiment.
 *
 * @throws InputError when one is not
 */
function checkCells({ cells }: Runs, { cells: { planned }, experiment }: Manifest, file: string): void {
  const seen = new Set<string>();
  for (const row of cells) {
    const number = Number(row.cell);
    if (!Number.isInteger(number) || number < 1 || number > planned || seen.has(row.cell))
      throw new InputError(
        `cell ${row.cell} is there twice or was not planned, expected each number from 1 to ${planned} once`,
        { file },
      );
    seen.add(row.cell);
    if (row.experiment !== experiment.name)
      throw new InputError(
        `cell ${row.cell} is of experiment ${row.experiment}, expected ${experiment.name} as in manifest.json`,
        { file },
      );
  }
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
