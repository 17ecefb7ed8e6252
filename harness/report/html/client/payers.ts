import type { ChartGroup, ChartPanel } from '../model.js';
import type { Bar } from './bars.js';
import type { View } from './view.js';

/** Names that are shown separately; the others are one. */
const NAMED = 6;

/** Which spaces pay in the panels of a group: the names that pay most, and bars in their order. */
export interface Payers {
  readonly names: readonly string[];
  readonly panels: readonly (readonly Bar[])[];
}

function barsOf({ cells }: ChartPanel, named: readonly number[], others: boolean, view: View): Bar[] {
  const shown = cells.filter(({ policy }) => view.shows(policy));
  return shown.map(({ policy, payers }) => {
    const values = new Array<number>(named.length + (others ? 1 : 0)).fill(0);
    for (const [space, stall, held] of payers) {
      const at = named.indexOf(space);
      // Without others, a space that is not named pays nothing.
      if (at < 0 && !others) continue;
      const part = at < 0 ? named.length : at;
      values[part] = values[part]! + (view.held ? held : stall);
    }
    return { policies: [policy], values };
  });
}

export function payersOf({ panels }: ChartGroup, view: View): Payers {
  const sums = new Map<number, number>();
  for (const [space, stall, held] of panels.flatMap(({ cells }) => cells.flatMap(({ payers }) => payers)))
    sums.set(space, (sums.get(space) ?? 0) + (view.held ? held : stall));
  const paying = [...sums].filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1]);
  const named = paying.slice(0, paying.length > NAMED + 1 ? NAMED : paying.length).map(([space]) => space);
  const others = paying.length > named.length;
  const names = named.map((space) => view.model.spaces[space]!);
  return {
    names: others ? [...names, `${paying.length - named.length} others`] : names,
    panels: panels.map((panel) => barsOf(panel, named, others, view)),
  };
}
