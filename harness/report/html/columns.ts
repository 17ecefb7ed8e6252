/** What turns CSV by columns into rows again, in the page: imports nothing. */

/** Between columns; not in the texts of results, which `columnsOf` (by-columns.ts) makes sure of. */
const BETWEEN = '\t';

/** The CSV that `columnsOf` was given. */
export function rowsOf(columns: string): string {
  const values = columns.split(BETWEEN).map((column) => column.split('\n'));
  return values[0]!.map((_, i) => `${values.map((column) => column[i]).join(',')}\n`).join('');
}
