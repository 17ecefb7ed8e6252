import { InputError } from '../../base/errors.js';
import { type DrawsByCell, meanOfDraws } from '../../metrics/draws.js';
import type { DrawRow } from '../../metrics/files.js';
import { DRAWN_METRICS, STALL_PARTS } from '../../metrics/schema.js';
import type { CellRow } from './runs.js';

/** What is wrong with the draws of a cell, according to its row of runs.csv; undefined if nothing is. */
function wrongWith({ values }: CellRow, draws: readonly DrawRow[]): string | undefined {
  const count = values.stall_ns === null ? 0 : values.draws;
  if (draws.length !== count) return `has ${draws.length} draws, expected ${count} as runs.csv says`;
  if (draws.some(({ draw }, i) => draw !== i + 1)) return `has other draws than 1 to ${count} in their order`;
  for (const row of draws) {
    const sum = STALL_PARTS.reduce((all, part) => all + row[`stall_${part}_ns`], 0);
    if (sum !== row.stall_ns)
      return `has stall_ns ${row.stall_ns} in draw ${row.draw}, expected ${sum}, the sum of its parts`;
  }
  if (draws.length === 0) return undefined;
  const means = meanOfDraws(draws);
  const name = DRAWN_METRICS.find((column) => column in values && values[column] !== means[column]);
  return name && `has a mean ${name} of ${means[name]}, expected ${values[name]} as runs.csv says`;
}

/**
 * Draws must be those that the rows of runs.csv are means of.
 *
 * @throws InputError for a cell of which they are not
 */
export function checkDraws(cells: readonly CellRow[], draws: DrawsByCell, file: string): void {
  const numbers = new Set(cells.map(({ cell }) => Number(cell)));
  for (const cell of draws.keys())
    if (!numbers.has(cell)) throw new InputError(`cell ${cell} is not in runs.csv`, { file });
  for (const row of cells) {
    const wrong = wrongWith(row, draws.get(Number(row.cell)) ?? []);
    if (wrong !== undefined) throw new InputError(`cell ${row.cell} ${wrong}`, { file });
  }
}
