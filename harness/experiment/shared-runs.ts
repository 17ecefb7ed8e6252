import { purgePolicies } from '../policy/purge/registry.js';
import { parsePolicy } from '../policy/spec.js';
import type { CellResult } from './cell.js';
import type { Cell } from './plan.js';
import { renumbered } from './store.js';

/** Advice whose effect or price a purge policy decides; a trace that uses it has one of these texts among its strings. */
export const MARKING_ADVICE = ['MADV_VOLATILE', 'MADV_NONVOLATILE'] as const;
/** The discard policy that uses it. */
const MARKING_POLICY = 'volatile';

/** A cell that runs, and the cells whose results differ from its result only in number, purge policy and the form of sizes. */
export interface SharedRun {
  readonly cell: Cell;
  readonly others: readonly Cell[];
}

/**
 * Groups the cells that share a run, in the order of their first ones: those that differ only in purge while nothing can
 * be volatile. A purge policy that makes reclaim scan more memory (`aging`) still changes a run without swap.
 *
 * @param marks whether the trace with this index makes memory volatile itself
 * @param foreign whether discard policies may come from a module of the user's: those may use any advice
 */
export function sharedRuns(
  cells: readonly Cell[],
  marks: (trace: number) => boolean,
  foreign: boolean,
): SharedRun[] {
  const runs = new Map<string, { cell: Cell; others: Cell[] }>();
  for (const cell of cells) {
    const { cell: number, purge, asked: _asked, ...rest } = cell;
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

/** The result of a run as that of another cell that shares it, which took no time of its own. */
export function resultOf(result: CellResult, cell: Cell): CellResult {
  return { ...renumbered(result, cell), wallNs: 0 };
}
