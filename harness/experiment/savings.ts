import { AXIS_COLUMNS, BASE_VALUES } from '../metrics/axes.js';
import type { KeyColumn, RunRow } from '../metrics/files.js';
import type { CellResult } from './cell.js';

/** What a cell and its base have in common: all but the axes on which the base has values of its own. */
const COMMON: readonly KeyColumn[] = [
  'trace',
  'replicate',
  ...AXIS_COLUMNS.filter((column) => !(column in BASE_VALUES)),
];

function baseKey(run: RunRow): string {
  return JSON.stringify(COMMON.map((column) => run[column]));
}

function isBase(run: RunRow): boolean {
  return AXIS_COLUMNS.every((column) => (BASE_VALUES[column] ?? run[column]) === run[column]);
}

/** A result, as far as savings are computed from it. */
type ForSavings = Pick<CellResult, 'run' | 'outcome' | 'overheadPagesMean'>;

/**
 * Fills in what each cell saves against its base, the cell with discard `keep` and merge `none` and all else equal.
 * Empty without a base, or where one of the two did not run to its end: their times differ.
 */
export function withSavings(results: readonly ForSavings[]): RunRow[] {
  const bases = new Map<string, ForSavings>();
  for (const result of results) {
    if (isBase(result.run) && result.outcome === 'ok') bases.set(baseKey(result.run), result);
  }
  return results.map((result) => {
    const base = bases.get(baseKey(result.run));
    if (!base || result.outcome !== 'ok') return result.run;
    const saved = difference(base.run.footprint_pages_mean, result.run.footprint_pages_mean);
    const overhead = difference(result.overheadPagesMean, base.overheadPagesMean);
    return {
      ...result.run,
      saved_pages_mean: saved,
      saved_pages_net_mean: saved === null || overhead === null ? null : saved - overhead,
    };
  });
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}
