import type { Touches } from '../base/touches.js';
import { AXES, AXIS_COLUMNS, AXIS_NAMES, type AxisColumn, isSize, SIZE_COLUMNS } from '../metrics/axes.js';
import type { RunRow } from '../metrics/files.js';
import type { StallPart } from '../metrics/schema.js';
import { mib, numberIn } from './format.js';

/** What a report needs to know about a trace besides the rows. */
export interface TraceFacts {
  readonly label: string;
  /** The family it belongs to in its experiment, if any. */
  readonly family?: string | undefined;
  readonly pageBytes: number;
  /** Peak under `keep` without a limit, in pages. */
  readonly peakPages: number;
  /** What is known of its reads and writes: unless all were recorded, rates of faults say nothing. */
  readonly touches: Touches;
}

/**
 * What the rows of an experiment compare: ways to give memory back; where these are all the same, ways to merge it;
 * where only one of them is compared with keep, ways to purge what it leaves to the kernel.
 */
export type Axis = 'discard' | 'merge' | 'purge';

export function comparedAxis(rows: readonly RunRow[]): Axis {
  const values = (axis: Axis) => new Set(rows.map((row) => row[axis])).size;
  const discards = new Set(rows.map((row) => row.discard));
  if (discards.size === 1 && values('merge') > 1) return 'merge';
  discards.delete('keep');
  return discards.size === 1 && values('purge') > 1 ? 'purge' : 'discard';
}

/** What a row is called among those it is compared with. */
export function rowName(row: RunRow, axis: Axis): string {
  if (axis === 'purge' && row.discard === 'keep') return 'keep';
  return row[axis];
}

/**
 * What a trace is called, with the kind of its memory where that is not the recorded one.
 *
 * @param gap between the two
 */
export function traceName(row: RunRow, gap = ' '): string {
  return row.backing === 'recorded' ? row.trace : `${row.trace}${gap}on ${row.backing}`;
}

/** What is the same in all rows that are compared with each other on one trace, on one kind of memory, under one limit. */
export function sameColumns(axis: Axis): AxisColumn[] {
  const compared: readonly AxisColumn[] = axis === 'purge' ? ['purge', 'discard'] : [axis];
  return AXIS_COLUMNS.filter(
    (column) => column !== 'backing' && column !== 'limit' && !compared.includes(column),
  );
}

/** Of some columns, those that differ within a trace: a size in percent also differs from one trace to the next. */
export function varyingColumns(rows: readonly RunRow[], columns: readonly AxisColumn[]): AxisColumn[] {
  const traces = groupBy(rows, ['trace']);
  return columns.filter((column) => traces.some((own) => new Set(own.map((row) => row[column])).size > 1));
}

/** What a row has in the column of an axis, for titles: `swap zram`, `memory 16 MiB`. */
export function axisLabel(row: RunRow, column: AxisColumn, pageBytes: number): string {
  const name = AXIS_NAMES.find((axis) => AXES[axis].column === column)!;
  const pages = isSize(name) ? row[SIZE_COLUMNS[name]] : undefined;
  if (typeof pages === 'number') return `${name} ${mib(pages, pageBytes)} MiB`;
  return `${name} ${row[column]}`;
}

/** The rows that are compared: where ways to purge are, keep is the same under each of them and is shown once. */
export function comparedRows(rows: readonly RunRow[], axis: Axis): readonly RunRow[] {
  if (axis !== 'purge') return rows;
  const first = rows[0]?.purge;
  return rows.filter((row) => row.discard !== 'keep' || row.purge === first);
}

/** Savings this close to the most count as equal, as a share of it: below what a recording can tell. */
export const EQUAL_SAVING = 0.005;
/** Costs this close to the least count as equal, as a share of it: below the scatter of the measured prices. */
export const EQUAL_COST = 0.01;

/** Every call that should have given memory back was refused: such a cell is shown and not ranked. */
export function isRefused(row: RunRow): boolean {
  const calls = numberIn(row, 'discard_calls');
  return row.outcome === 'refused' || (calls > 0 && numberIn(row, 'discard_errors') === calls);
}

export function isRanked(row: RunRow): boolean {
  return row.outcome === 'ok' && !isRefused(row);
}

/** Whether memory of a cell could be short: it had a limit, or memory had a size. */
function isShort(row: RunRow): boolean {
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

/** One class of cost made cheaper or dearer by a factor. */
export interface Scaled {
  readonly part: StallPart;
  readonly factor: number;
}

/**
 * What a cell costs programs, in ns: all stalls. Where accesses are inferred so are the faults they take; leaving these
 * out would favour what swaps over what makes contents again, which is inferred as well.
 */
export function costNs(row: RunRow, scaled?: Scaled): number {
  const sum = numberIn(row, 'stall_ns');
  if (!scaled) return sum;
  return sum + (scaled.factor - 1) * numberIn(row, `stall_${scaled.part}_ns`);
}

/** The cells that save most and, among those, cost least; more than one where they are equal. Empty where none saves. */
export function bestOf(rows: readonly RunRow[]): RunRow[] {
  const ranked = rows.filter((row) => isRanked(row) && numberIn(row, 'saved_pages_mean') > 0);
  const most = Math.max(...ranked.map((row) => numberIn(row, 'saved_pages_mean')));
  const saving = ranked.filter((row) => numberIn(row, 'saved_pages_mean') >= most * (1 - EQUAL_SAVING));
  const least = Math.min(...saving.map((row) => costNs(row)));
  return saving.filter((row) => costNs(row) <= least * (1 + EQUAL_COST));
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
