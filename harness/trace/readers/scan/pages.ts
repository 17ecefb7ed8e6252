import type { Place } from '../../../base/errors.js';
import { ORDINARY_PAGES } from '../../page-budget.js';
import type { RequestBatch } from '../../requests/batch.js';
import type { RequestPages } from '../reader.js';

/**
 * Takes what large requests touch out of the budget: those of a batch from row `from` on.
 *
 * @throws InputError where one of them is one too many
 */
export function takeLarge(
  { pageBytes, budget }: RequestPages,
  batch: RequestBatch,
  from: number,
  place: (row: number) => Place,
): void {
  const { size, length } = batch;
  const most = ORDINARY_PAGES * pageBytes;
  for (let row = from; row < length; row++)
    if (size[row]! > most) budget.take(Math.ceil(size[row]! / pageBytes), () => place(row));
}

/**
 * As `takeLarge`, of the requests of one line, which are many where it says so: each of them is of a page at least.
 *
 * @param line its number
 */
export function takeLine(
  pages: RequestPages,
  batch: RequestBatch,
  from: number,
  file: string,
  line: number,
): void {
  const place = () => ({ file, line });
  if (batch.length - from > ORDINARY_PAGES) pages.budget.take(batch.length - from, place);
  takeLarge(pages, batch, from, place);
}
