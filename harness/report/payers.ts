import type { SpaceRow } from '../metrics/files.js';
import { numberIn } from './format.js';

/** What the spaces of one name pay in a cell. */
export interface Payer {
  readonly name: string;
  readonly stallNs: number;
  /** Of the stalls of all spaces; 0 where there are none. */
  readonly share: number;
  /** Pages that they held, times seconds. */
  readonly pageSeconds: number;
}

/**
 * Who pays for a cell: spaces of one name are one, those that pay most first; those that pay nothing are left out. Memory that
 * no space maps has a row as well, which pays no stalls.
 *
 * @param spaces rows of spaces.csv of the cell
 */
export function payersOf(spaces: readonly SpaceRow[]): Payer[] {
  const byName = new Map<string, { stallNs: number; pageSeconds: number }>();
  for (const space of spaces) {
    const name = space.name || `space ${space.space}`;
    const sum = byName.get(name) ?? { stallNs: 0, pageSeconds: 0 };
    sum.stallNs += numberIn(space, 'stall_ns');
    sum.pageSeconds += numberIn(space, 'page_seconds');
    byName.set(name, sum);
  }
  const total = [...byName.values()].reduce((sum, { stallNs }) => sum + stallNs, 0);
  return [...byName]
    .filter(([, { stallNs, pageSeconds }]) => stallNs > 0 || pageSeconds > 0)
    .map(([name, paid]) => ({ name, ...paid, share: total === 0 ? 0 : paid.stallNs / total }))
    .sort((a, b) => b.stallNs - a.stallNs);
}
