import { isDeepStrictEqual } from 'node:util';
import { formatNumber } from '../metrics/csv.js';
import { RUN_COLUMNS, type RunRow } from '../metrics/files.js';
import { PolicyOffence } from '../policy/border/border.js';
import { discardPolicies } from '../policy/discard/registry.js';
import { mergePolicies } from '../policy/merge/registry.js';
import { purgePolicies } from '../policy/purge/registry.js';
import { reclaimPolicies } from '../policy/reclaim/registry.js';
import type { CellResult } from './cell.js';
import type { Cell } from './plan.js';

type Policies = Pick<Cell, 'discard' | 'reclaim' | 'merge' | 'purge'>;

/** The policies of a cell that are from outside, as messages name them, and their file. */
function foreignPolicies(cell: Policies): { file: string | undefined; names: string[] } {
  const chosen = [
    { kind: 'discard policy', info: discardPolicies.choose(cell.discard).info },
    { kind: 'reclaim policy', info: reclaimPolicies.choose(cell.reclaim).info },
    { kind: 'merge policy', info: mergePolicies.choose(cell.merge).info },
    { kind: 'purge policy', info: purgePolicies.choose(cell.purge).info },
  ].filter(({ info }) => info.module !== undefined);
  return {
    file: chosen[0]?.info.module?.file,
    names: chosen.map(({ kind, info }) => `${kind} ${info.name}`),
  };
}

/** Whether a cell has a policy from outside. */
export function isForeign(cell: Policies): boolean {
  return foreignPolicies(cell).names.length > 0;
}

function shown(value: RunRow[keyof RunRow]): string {
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

/**
 * Compares two runs of a cell with a policy from outside: it must be the same each time.
 *
 * @throws PolicyOffence naming what differs
 */
export function checkRepeats(cell: Cell, first: CellResult, second: CellResult): void {
  const column = RUN_COLUMNS.find((name) => first.run[name] !== second.run[name]);
  const same =
    column === undefined &&
    isDeepStrictEqual(first.draws, second.draws) &&
    isDeepStrictEqual(first.timeline, second.timeline);
  if (same && isDeepStrictEqual(first.spaces, second.spaces)) return;
  const what =
    column === undefined
      ? 'the timelines differ'
      : `${column} is ${shown(first.run[column])} and ${shown(second.run[column])}`;
  const { file, names } = foreignPolicies(cell);
  throw new PolicyOffence(
    `${names.join(' or ')}: two runs of the same cell differ (${what}): it looks at a clock, draws numbers of its own or keeps state between runs`,
    { file: file! },
  );
}

/**
 * Blames the policies from outside of a cell for the death of its worker, such as for memory that they have used up.
 * Undefined where it has none.
 */
export function deathByPolicy(cell: Cell, reason: string): string | undefined {
  const { file, names } = foreignPolicies(cell);
  if (file === undefined) return undefined;
  return new PolicyOffence(`${names.join(' or ')} ended the worker of its cell: ${reason}`, { file }).message;
}
