/**
 * CSV by columns: values of one column are alike, and compress to a fraction of what they do by rows. Imports nothing: the page
 * turns columns into rows again.
 */

/** Between columns; not in the texts of results, which `columnsOf` makes sure of. */
const BETWEEN = '\t';

/** The columns of CSV, one after the other; undefined where its rows are not all the same number of fields. */
export function columnsOf(csv: string): string | undefined {
  if (!csv.endsWith('\n') || csv.includes(BETWEEN)) return undefined;
  const rows = csv
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split(','));
  const width = rows[0]!.length;
  if (rows.some((row) => row.length !== width)) return undefined;
  return Array.from({ length: width }, (_, i) => rows.map((row) => row[i]).join('\n')).join(BETWEEN);
}

/** The CSV that `columnsOf` was given. */
export function rowsOf(columns: string): string {
  const values = columns.split(BETWEEN).map((column) => column.split('\n'));
  return values[0]!.map((_, i) => `${values.map((column) => column[i]).join(',')}\n`).join('');
}
