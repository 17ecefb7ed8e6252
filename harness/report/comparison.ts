import { AXES, AXIS_COLUMNS, AXIS_NAMES, type AxisColumn, isSize, SIZE_COLUMNS } from '../metrics/axes.js';
import type { RunRow } from '../metrics/files.js';
import type { TraceFacts } from './facts.js';
import { mib, numberIn, percent } from './format.js';

export type { TraceFacts } from './facts.js';

/**
 * What the rows of an experiment compare: ways to give memory back, ways to merge it, or both at once; where only one way to
 * give it back is compared with keep, ways to purge what it leaves to the kernel; where nothing else differs, ways to
 * reclaim.
 */
export type Axis = 'discard' | 'merge' | 'discard and merge' | 'purge' | 'reclaim';

/** What rows of several experiments, or of one, compare. */
export function comparedAxis(rows: readonly RunRow[]): Axis {
  const varies = (column: 'merge' | 'purge' | 'reclaim') => new Set(rows.map((row) => row[column])).size > 1;
  const discards = new Set(rows.map((row) => row.discard));
  if (varies('merge')) return discards.size > 1 ? 'discard and merge' : 'merge';
  const one = discards.size === 1;
  discards.delete('keep');
  if (discards.size === 1 && varies('purge')) return 'purge';
  return one && varies('reclaim') ? 'reclaim' : 'discard';
}

/** What a row is called among those it is compared with. */
export function rowName(row: RunRow, axis: Axis): string {
  if (axis === 'discard and merge')
    return row.merge === 'none' ? row.discard : `${row.discard} + ${row.merge}`;
  if (axis === 'purge' && row.discard === 'keep') return 'keep';
  return row[axis];
}

/** What saves nothing on an axis: the others are compared with it. */
export function baseName(axis: Axis): string {
  if (axis === 'reclaim') return 'the first policy';
  return axis === 'merge' ? 'none' : 'keep';
}

/** The columns whose values an axis compares. */
const COMPARED: Readonly<Record<Axis, readonly AxisColumn[]>> = {
  discard: ['discard'],
  merge: ['merge'],
  'discard and merge': ['discard', 'merge'],
  purge: ['purge', 'discard'],
  reclaim: ['reclaim'],
};

/**
 * What a trace is called, with the kind of its memory where that is not the recorded one.
 *
 * @param gap between the two
 */
export function traceName(row: Pick<RunRow, 'trace' | 'backing'>, gap = ' '): string {
  return row.backing === 'recorded' ? row.trace : `${row.trace}${gap}on ${row.backing}`;
}

/** What is the same in all rows that are compared with each other on one trace, on one kind of memory, under one limit. */
export function sameColumns(axis: Axis): AxisColumn[] {
  return AXIS_COLUMNS.filter(
    (column) => column !== 'backing' && column !== 'limit' && !COMPARED[axis].includes(column),
  );
}

/** Of some columns, by the label of a trace those that differ within it: a size in percent also differs from one trace to the next. */
export function varyingColumns(
  rows: readonly RunRow[],
  columns: readonly AxisColumn[],
): Map<string, AxisColumn[]> {
  const varies = (own: readonly RunRow[], column: AxisColumn) =>
    new Set(own.map((row) => row[column])).size > 1;
  const traces = groupBy(rows, ['trace']);
  return new Map(
    traces.map((own) => [own[0]!.trace, columns.filter((column) => varies(own, column))] as const),
  );
}

/** What a row has in the column of an axis, for titles: `swap zram`, `memory 16 MiB`. */
export function axisLabel(row: RunRow, column: AxisColumn, pageBytes: number): string {
  const name = AXIS_NAMES.find((axis) => AXES[axis].column === column)!;
  if (isSize(name) && row[name].endsWith('%')) return `${name} ${asked(row[name])}`;
  const pages = isSize(name) ? row[SIZE_COLUMNS[name]] : undefined;
  if (typeof pages === 'number') return `${name} ${mib(pages, pageBytes)} MiB`;
  return `${name} ${row[column]}`;
}

/** A size as it was asked for, with a space before its unit. */
function asked(size: string): string {
  return size.replace(/(\d)(%|[KMGT]?i?B)$/, '$1 $2');
}

/** What a limit is called: as it was asked for, and one in pages as a share of the peak. */
export function limitLabel(row: RunRow, { peakPages }: TraceFacts): string {
  if (row.limit_pages === null) return 'no limit';
  if (typeof row.limit_pages !== 'number') return 'as the trace says';
  if (/(%|B)$/.test(row.limit)) return `limit ${asked(row.limit)}`;
  const share = percent(row.limit_pages, peakPages);
  return `limit ${share === '0 %' ? `${row.limit_pages} pages` : share}`;
}

/** The rows that are compared: where ways to purge are, keep is the same under each of them and is shown once. */
export function comparedRows(rows: readonly RunRow[], axis: Axis): readonly RunRow[] {
  if (axis !== 'purge') return rows;
  const first = rows[0]?.purge;
  return rows.filter((row) => row.discard !== 'keep' || row.purge === first);
}

/** Savings this close to each other count as equal, as a share of the larger: below what a recording can tell. */
export const EQUAL_SAVING = 0.005;
/** Costs this close to each other count as equal, as a share of the larger: below the scatter of the measured prices. */
export const EQUAL_COST = 0.01;

/** Every call that should have given memory back was refused: such a cell is shown and not ranked. */
export function isRefused(row: RunRow): boolean {
  const calls = numberIn(row, 'discard_calls');
  return row.outcome === 'refused' || (calls > 0 && numberIn(row, 'discard_errors') === calls);
}

/** Whether memory of a cell could be short: it had a limit, or memory had a size. */
export function isShort(row: RunRow): boolean {
  return row.limit_pages !== null || row.memory_pages !== null;
}

/**
 * What the stalls of a cell are: as they would be; of faults that were inferred; or the least that they can be, where the
 * trace lacks the accesses that would find pages gone.
 */
export function stallsAre(row: RunRow, { touches }: TraceFacts): 'known' | 'inferred' | 'least' {
  if (touches === 'inferred') return touches;
  return touches === 'first-access' && isShort(row) ? 'least' : 'known';
}

/** Rows in groups of equal values of some columns, in the order of their first row. */
export function groupBy<R>(rows: readonly R[], columns: readonly (keyof R)[]): R[][] {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column) => row[column]));
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

/** The one discard policy that is compared with keep. */
function policyOf(runs: readonly RunRow[]): string | undefined {
  return runs.find((row) => row.discard !== 'keep')?.discard;
}

/** What every title names, or names where it is not the usual. */
const NAMED: readonly AxisColumn[] = ['swap', 'reclaim', 'discard', 'merge'];

/** What is above a table: what it is of, and what is the same in all its rows where other tables differ or it is not the usual. */
export function tableTitle(of: string, row: RunRow, runs: readonly RunRow[], pageBytes: number): string {
  const axis = comparedAxis(runs);
  const labels = [
    ...(axis === 'merge' ? [`discard ${row.discard}`] : []),
    ...(axis !== 'merge' && row.merge !== 'none' ? [`merge ${row.merge}`] : []),
    ...(axis === 'purge' ? [`discard ${policyOf(runs)}`] : []),
    ...varyingColumns(runs, sameColumns(axis))
      .get(row.trace)!
      .filter((column) => !NAMED.includes(column))
      .map((column) => axisLabel(row, column, pageBytes)),
  ];
  return [`${of}: reclaim ${row.reclaim}`, `swap ${row.swap}`, ...labels].join(', ');
}
