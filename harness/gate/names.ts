import { IDENTITY_COLUMNS, type IdentityColumn } from '../metrics/files.js';
import type { CellRow } from './read/runs.js';

function columnsText(row: CellRow, columns: readonly IdentityColumn[]): string {
  const others = columns.filter((column) => column !== 'trace');
  const values = others.map((column) => `${column}=${row.identity[column]}`);
  return [row.identity.trace, ...values].join(' ');
}

/** The name of a cell: all that it is matched by, so that it stays the same whatever else is run. */
export function cellName(row: CellRow): string {
  return columnsText(row, IDENTITY_COLUMNS);
}

/** Returns short names: the trace, and what is not the same in all cells. @param without columns that are not named in any case */
export function cellLabels(
  rows: readonly CellRow[],
  without: readonly IdentityColumn[] = [],
): (row: CellRow) => string {
  const varying = IDENTITY_COLUMNS.filter(
    (column) => !without.includes(column) && new Set(rows.map(({ identity }) => identity[column])).size > 1,
  );
  return (row) => columnsText(row, varying);
}
