import { AXES } from '../metrics/axes.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import { parsePolicy } from '../policy/spec.js';
import type { CellResult } from './cell.js';
import type { Cell } from './plan.js';
import { renumbered } from './store.js';

/** Advice whose effect or price a purge policy decides; a trace that uses it has one of these texts among its strings. */
export const MARKING_ADVICE = ['MADV_VOLATILE', 'MADV_NONVOLATILE'] as const;
/** The discard policy that uses it. */
const MARKING_POLICY = 'volatile';

/** What a trace does that decides which of its cells share a run. */
export interface Sharing {
  /** Whether it makes memory volatile itself. */
  readonly marksVolatile: boolean;
  /** Whether it unpins memory. */
  readonly unpins: boolean;
}

/** A cell that runs, and the cells whose results differ from its result only in number, policies and the form of sizes. */
export interface SharedRun {
  readonly cell: Cell;
  readonly others: readonly Cell[];
}

/**
 * Groups the cells that share a run, in the order of their first ones. Known before it are two kinds of equal cells: those
 * that differ only in purge while nothing can be volatile, and those that differ only in what is done with unpinned memory
 * where nothing is unpinned.
 *
 * @param traceOf what the trace with this index does
 * @param foreign whether discard policies may come from a module of the user's: those may use any advice
 */
export function sharedRuns(
  cells: readonly Cell[],
  traceOf: (trace: number) => Sharing,
  foreign: boolean,
): SharedRun[] {
  const runs = new Map<string, { cell: Cell; others: Cell[] }>();
  for (const cell of cells) {
    const key = foreign ? String(cell.cell) : behaviourOf(cell, traceOf(cell.trace));
    const run = runs.get(key);
    if (run) run.others.push(cell);
    else runs.set(key, { cell, others: [] });
  }
  return [...runs.values()];
}

/**
 * Groups runs that one replay may have all results of: they differ in their discard policies alone, which do the same to memory
 * where the kernel refuses all of their calls, or these make the same holes. Whether they do is seen in the replay.
 *
 * @param foreign as in `sharedRuns`
 */
export function families<R extends Pick<SharedRun, 'cell'>>(runs: readonly R[], foreign: boolean): R[][] {
  const groups = new Map<string, R[]>();
  for (const run of runs) {
    const { cell: number, asked: _asked, discard: _discard, ...rest } = run.cell;
    const { info } = reclaimPolicies.choose(rest.reclaim);
    // What a reclaim policy foresees is what one discard policy does; a live kernel makes the calls of one; what calls cost delays
    // what comes after them, or is what a controller goes by; and what they wait for on other CPUs is not on the tab of another.
    const alone =
      foreign ||
      info.needsFuture ||
      rest.machine !== AXES.machine.default ||
      rest.clock === 'closed' ||
      rest.cpus > 1 ||
      rest.controller !== AXES.controller.default;
    const key = alone ? String(number) : JSON.stringify(rest);
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups.values()];
}

/** The same text for cells that do the same at the same prices. */
function behaviourOf(cell: Cell, { marksVolatile, unpins }: Sharing): string {
  const { cell: _number, asked: _asked, purge, discard, ...rest } = cell;
  const mayMark = marksVolatile || parsePolicy(discard).name === MARKING_POLICY;
  return JSON.stringify({
    ...rest,
    discard: unpins ? discard : withoutUnpins(discard),
    purge: mayMark ? purge : cell.swap === 'none' && walksMore(purge),
  });
}

/** The first policy that does the same while nothing is unpinned. */
function withoutUnpins(discard: string): string {
  const { info, values } = discardPolicies.choose(discard);
  return info.withoutUnpins?.(values) ?? discard;
}

/** A purge policy that makes reclaim scan more memory (`aging`) changes a run without swap although nothing is volatile. */
function walksMore(purge: string): boolean {
  const { info, values } = purgePolicies.choose(purge);
  return info.rules(values).aging;
}

/** The result of a run as that of another cell that shares it, which took no time of its own. */
export function resultOf(result: CellResult, cell: Cell): CellResult {
  return { ...renumbered(result, cell), wallNs: 0 };
}
