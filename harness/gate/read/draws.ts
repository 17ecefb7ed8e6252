import { InputError } from '../../base/errors.js';
import { type DrawsByCell, wrongWithDraws } from '../../metrics/draws.js';
import type { CellRow } from './runs.js';

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
    const wrong = wrongWithDraws(row.values, draws.get(Number(row.cell)) ?? []);
    if (wrong !== undefined) throw new InputError(`cell ${row.cell} ${wrong}`, { file });
  }
}
