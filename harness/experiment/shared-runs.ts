import { purgePolicies } from '../policy/purge/registry.js';
import { parsePolicy } from '../policy/spec.js';
import type { CellResult } from './cell.js';
import type { Cell } from './plan.js';
import { renumbered } from './store.js';

/** The advice that makes memory volatile; a trace that gives it has this text among its strings. */
export const MARKING_ADVICE = 'MADV_VOLATILE';
/** The discard policy that gives it. */
const MARKING_POLICY = 'volatile';

/** A cell that runs, and those that have the same result but for their number and purge policy. */
export interface SharedRun {
  readonly cell: Cell;
  readonly others: readonly Cell[];
}

/**
 * Which cells share a run: those that differ only in purge while nothing can be volatile, in the order of their first
 * ones. A purge policy that has reclaim walk more memory (`aging`) changes a run without swap all the same.
 *
 * @param marks whether the trace with this index makes memory volatile itself
 * @param foreign whether discard policies may be from outside, which may give any advice
 */
export function sharedRuns(
  cells: readonly Cell[],
  marks: (trace: number) => boolean,
  foreign: boolean,
): SharedRun[] {
  const runs = new Map<string, { cell: Cell; others: Cell[] }>();
  for (const cell of cells) {
    const { cell: number, purge, ...rest } = cell;
    const mayMark = foreign || marks(cell.trace) || parsePolicy(cell.discard).name === MARKING_POLICY;
    const key = JSON.stringify(
      mayMark ? { number } : { ...rest, walks: cell.swap === 'none' && walksMore(purge) },
    );
    const run = runs.get(key);
    if (run) run.others.push(cell);
    else runs.set(key, { cell, others: [] });
  }
  return [...runs.values()];
}

function walksMore(purge: string): boolean {
  const { info, values } = purgePolicies.choose(purge);
  return info.rules(values).aging;
}

/** The result of a run as that of another cell that shares it; it took no time of its own. */
export function resultOf(result: CellResult, cell: Cell): CellResult {
  return { ...renumbered(result, cell), wallNs: 0 };
}
