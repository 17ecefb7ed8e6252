import { AXIS_COLUMNS, BASE_VALUES } from '../metrics/axes.js';
import type { KeyColumn, RunRow } from '../metrics/files.js';
import type { CellResult } from './cell.js';

/** What a cell and its base have in common: all but the axes on which the base has values of its own. */
const COMMON: readonly KeyColumn[] = [
  'trace',
  'replicate',
  ...AXIS_COLUMNS.filter((column) => !(column in BASE_VALUES)),
];

function isBase(run: RunRow): boolean {
  return AXIS_COLUMNS.every((column) => (BASE_VALUES[column] ?? run[column]) === run[column]);
}

/** What a cell and the base of its slowdown have in common: that base has no limit, and memory of no size, as well. */
const SLOWED: readonly KeyColumn[] = COMMON.filter((column) => column !== 'limit' && column !== 'memory');

/** Whether nothing is given back and memory is never short, with a closed clock: the base of slowdowns. */
function isUnhurried(run: RunRow): boolean {
  return isBase(run) && run.clock === 'closed' && run.limit === 'none' && run.memory === 'none';
}

function keyOf(run: RunRow, columns: readonly KeyColumn[]): string {
  return JSON.stringify(columns.map((column) => run[column]));
}

/** A result, as far as savings are computed from it. */
type ForSavings = Pick<CellResult, 'run' | 'outcome' | 'overheadPagesMean'>;

/** The results that ran to their end and are bases, by what others have in common with them. */
function basesOf(
  results: readonly ForSavings[],
  columns: readonly KeyColumn[],
  holds: (run: RunRow) => boolean,
): (result: ForSavings) => ForSavings | undefined {
  const bases = new Map<string, ForSavings>();
  for (const result of results)
    if (result.outcome === 'ok' && holds(result.run)) bases.set(keyOf(result.run, columns), result);
  return ({ run, outcome }) => (outcome === 'ok' ? bases.get(keyOf(run, columns)) : undefined);
}

/**
 * Fills in what each cell saves against its base, the cell with discard `keep` and merge `none` and all else equal, and with a
 * closed clock its slowdown against the same without a limit. Empty without a base, or where one of the two did not run to its
 * end: their times differ.
 */
export function withSavings(results: readonly ForSavings[]): RunRow[] {
  const baseOf = basesOf(results, COMMON, isBase);
  const unhurried = basesOf(results, SLOWED, isUnhurried);
  return results.map((result) => ({
    ...result.run,
    ...savedAgainst(baseOf(result), result),
    slowdown: ratio(result.run.run_time_ns, unhurried(result)?.run.run_time_ns ?? null),
  }));
}

function savedAgainst(base: ForSavings | undefined, result: ForSavings): Partial<RunRow> {
  if (!base) return {};
  const saved = difference(base.run.footprint_pages_mean, result.run.footprint_pages_mean);
  const overhead = difference(result.overheadPagesMean, base.overheadPagesMean);
  return {
    saved_pages_mean: saved,
    saved_pages_net_mean: saved === null || overhead === null ? null : saved - overhead,
  };
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}
