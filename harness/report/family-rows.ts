import type { NumberColumn } from '../metrics/columns.js';
import type { RunRow } from '../metrics/files.js';
import { EQUAL_COST, EQUAL_SAVING, groupBy, isRefused, traceName } from './comparison.js';
import { numberIn } from './format.js';

/** Whether two cells of one trace, on two kinds of memory, have the same results. */
function alike(a: RunRow, b: RunRow | undefined): boolean {
  if (!b || a.outcome !== b.outcome || isRefused(a) !== isRefused(b)) return false;
  const close = (column: NumberColumn<RunRow>, tolerance: number) =>
    Math.abs(numberIn(a, column) - numberIn(b, column)) <= tolerance * numberIn(a, column);
  return (
    close('saved_pages_mean', EQUAL_SAVING) &&
    close('footprint_pages_mean', EQUAL_SAVING) &&
    close('stall_ns', EQUAL_COST)
  );
}

/**
 * The rows to show; the traces on which no policy can run with that kind of memory; and the traces where it changes nothing,
 * since the memory that is given back cannot be of another kind.
 */
export function partition(rows: readonly RunRow[]): {
  shown: RunRow[];
  impossible: string[];
  same: string[];
} {
  const parts = { shown: [] as RunRow[], impossible: [] as string[], same: [] as string[] };
  const groups = groupBy(rows, ['trace', 'backing']);
  for (const group of groups) {
    const first = group[0]!;
    const name = traceName(first);
    const recorded = groups.find(([other]) => other?.trace === first.trace && other?.backing === 'recorded');
    if (group.every(({ outcome }) => outcome === 'refused')) parts.impossible.push(name);
    else if (recorded && recorded !== group && group.every((row, i) => alike(row, recorded[i])))
      parts.same.push(name);
    else parts.shown.push(...group);
  }
  return parts;
}
